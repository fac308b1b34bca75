import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Prisma } from '../db/database.ts';
import { ProviderError } from '../providers/llm/llm.ts';
import { AppError } from './app-error.ts';
import { createLog } from './log.ts';

/** What a line of the log says of this error. */
function logged(err: unknown): { text: string; err: Record<string, unknown> } {
  let text = '';
  const stream = new Writable({
    write(chunk, _, done) {
      text += chunk;
      done();
    },
  });
  createLog('debug', stream).error({ err }, 'request failed');
  return { text, err: JSON.parse(text).err };
}

const WORDS = 'zanzibarine';

describe('the log', () => {
  it('keeps the message of a library to itself: it may repeat what a visitor wrote', () => {
    const { text, err } = logged(new TypeError(`cannot read ${WORDS}`));
    expect(text).not.toContain(WORDS);
    expect(err).toMatchObject({
      name: 'TypeError',
      frames: expect.arrayContaining([expect.stringContaining('log.test.ts')]),
    });
  });

  it.each([
    `two lines\n    at ${WORDS} (file.ts:1:1)`,
    `\n  at ${WORDS}\n  at ${WORDS}`,
    `$& $1 ${WORDS}\n    at ${WORDS}`,
  ])('takes no line of a message for a frame: %j', message => {
    const error = new Error(message);
    expect(logged(error).text).not.toContain(WORDS);
    expect(logged(new AppError('internal', 'ours', { cause: error })).text).not.toContain(WORDS);
  });

  it('tells the code of a database error, and nothing of its query', () => {
    const error = new Prisma.PrismaClientKnownRequestError(
      `Invalid \`prisma.$queryRaw()\` invocation:\n\nRaw query failed. Code: \`22021\`. Message: \`invalid byte ${WORDS}\``,
      { code: 'P2010', clientVersion: '7', meta: { message: WORDS } },
    );
    const { text, err } = logged(error);
    expect(text).not.toContain(WORDS);
    expect(err).toMatchObject({ code: 'P2010', sqlState: '22021' });
  });

  it('tells what a provider did, without its words', () => {
    const cause = Object.assign(new Error(`bad prompt: ${WORDS}`), { status: 400, code: WORDS });
    const { text, err } = logged(new ProviderError('openai', 'refused', { status: 400, cause }));
    expect(text).not.toContain(WORDS);
    expect(err).toMatchObject({ name: 'ProviderError', message: 'openai: refused (HTTP 400)' });
  });

  it('tells our own messages, which hold no words of others', () => {
    expect(logged(new AppError('unavailable', 'Please try again.')).err).toMatchObject({
      message: 'Please try again.',
    });
  });

  it.each([undefined, null, WORDS, { message: WORDS }, [WORDS]])('tells nothing of what is no error: %j', thrown => {
    expect(logged(thrown).text).not.toContain(WORDS);
  });
});
