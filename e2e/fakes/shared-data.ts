import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/**
 * A file of the data that lies beside the repository and is not part of it; `undefined` where it is not there. Tests
 * that need it are then skipped, and say so.
 */
// biome-ignore lint/suspicious/noExplicitAny: each file has its own shape, and each test knows it
export function sharedData(name: string): any {
  const file = new URL(`../../../shared/data/${name}`, import.meta.url);
  if (!existsSync(file)) return undefined;
  const bytes = readFileSync(file);
  return JSON.parse((name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString());
}
