import { parseArgs } from 'node:util';
import { dataMap } from '../features/privacy/index.ts';
import type { Command } from './command.ts';

export const dataMapCommand: Command = {
  usage: 'data-map',
  help: 'Prints which personal data is kept, why, where from, who receives it and for how long (Markdown).',
  examples: ['data-map --output docs/data-map.md'],
  needs: 'relay',
  async run(args, { out }, services) {
    parseArgs({ args });
    await out(dataMap((await services()).owners));
    return 0;
  },
};
