import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** The metrics that these files of this folder ask for, each with the labels that it is chosen by, and their values. */
export async function metricsIn(files: string[]): Promise<Map<string, Map<string, Set<string>>>> {
  const found = new Map<string, Map<string, Set<string>>>();
  for (const file of files) {
    const text = (await readFile(path.join(import.meta.dirname, file), 'utf8')).replaceAll('\\"', '"');
    for (const [, name = '', chosen = ''] of text.matchAll(/\b(confab_[a-z_]+)(?:\{([^}]*)\})?/g)) {
      const labels = found.get(name) ?? new Map<string, Set<string>>();
      found.set(name, labels);
      for (const [, label = '', values = ''] of chosen.matchAll(/(\w+)(?:=~|!~|=|!=)"([^"]*)"/g)) {
        const known = labels.get(label) ?? new Set();
        labels.set(label, known);
        for (const value of values.split('|')) known.add(value);
      }
    }
  }
  return found;
}
