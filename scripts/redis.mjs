// @ts-check
import { find, installFromDebian } from './chromium.mjs';

/** Installs Debian's Redis, which some tests start, where we may. Without it those are skipped. */
export async function ensureRedis() {
  if (!find(['redis-server'])) await installFromDebian('redis-server', "Installing Debian's Redis");
}
