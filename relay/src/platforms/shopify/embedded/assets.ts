import { readFileSync } from 'node:fs';
import path from 'node:path';
import { sha256 } from '../../../lib/sha256.ts';

const text = readFileSync(path.join(import.meta.dirname, 'client.js'), 'utf8');

/**
 * The script of the embedded admin. Its version is in its address, so that a browser may keep it for good. What a page
 * may ask of it:
 * - `form[data-action="…"]` is posted there as JSON, each field under its path; with `data-guard` it has a save bar, and
 *   what is not saved is not left unasked; with `data-to` it leads there once
 *   it is saved; with a `[data-conflict]` in it, what the form was when shown is sent as `base`.
 * - `[data-error="path"]` says what is wrong with a setting that has no single field.
 * - `[data-list]`, `[data-row]`, `[data-add]`, `[data-remove]`, `[data-move]`: lists, as settings/parts.ts draws them.
 * - `[data-unless="name"]` is hidden while that box is ticked.
 * - `[data-post="…"]` posts when it is pressed; `[data-download="name"]` saves what its `href` leads to;
 *   `[data-request-scopes="a,b"]` asks the merchant for permissions.
 * - `[data-extension-status]` says whether the theme shows the chat; `[data-poll="5"]` has the page read again in seconds.
 */
export const clientScript = { text, path: '/assets/client.js', version: sha256(text).slice(0, 16) };
