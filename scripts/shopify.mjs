// @ts-check
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { npmCommand } from './install.mjs';
import { onceAtATime } from './one-at-a-time.mjs';
import { root, run, ScriptError } from './run.mjs';

// Not a dependency: it would bring Shopify's whole command line with it.
const PACKAGE = '@shopify/dev-mcp@1.16.0';
const TARBALL = 'shopify-dev-mcp-1.16.0.tgz';
const SHA512 = 'tqgRnK7sQhjew+htxtleTH23nXB5fZcsrhWgEkomsorGXvLOB2mh2upwZm8uzuTDNTZnqtLMe64yIwh6s2awtw==';

const schemas = [
  'admin_2026-10',
  'admin_unstable',
  'storefront-graphql_2026-10',
  'storefront-graphql_unstable',
  'partner_2026-07',
];
const wanted = ['package/LICENSE', ...schemas.map(name => `package/dist/data/${name}.json.gz`)];

const folder = join(root, 'e2e/.shopify');
const note = join(folder, '.made-from');

/** Fetches Shopify's GraphQL schemas, which the fake Shopify of the tests runs on. Quick when they are there. */
export async function prepareShopify() {
  const isThere = () => existsSync(note) && readFileSync(note, 'utf8') === SHA512;
  await onceAtATime(isThere, fetchSchemas);
}

async function fetchSchemas() {
  const download = mkdtempSync(join(tmpdir(), 'confab-shopify-'));
  try {
    const [npm, ...args] = npmCommand();
    const fetched = await run(npm, [...args, 'pack', PACKAGE, '--silent', '--pack-destination', download], {
      label: "Fetching Shopify's GraphQL schemas, 14 MB",
    });
    const tarball = join(download, TARBALL);
    if (fetched.code !== 0 || !existsSync(tarball)) {
      throw new ScriptError(
        `${fetched.output.trim()}\nnpm could not fetch ${PACKAGE}. Check the network, and the address that \`npm config get registry\` prints.`,
      );
    }
    if (createHash('sha512').update(readFileSync(tarball)).digest('base64') !== SHA512) {
      throw new ScriptError(`${PACKAGE} is not what it was when its checksum was noted in scripts/shopify.mjs.`);
    }
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const unpacked = await run('tar', ['-xzf', tarball, '-C', download, ...wanted], { label: 'Unpacking the schemas' });
    if (unpacked.code !== 0) throw new ScriptError(`${unpacked.output.trim()}\ntar could not unpack ${PACKAGE}.`);
    for (const path of wanted) {
      writeFileSync(join(folder, path.split('/').pop() ?? ''), readFileSync(join(download, path)));
    }
    writeFileSync(note, SHA512);
  } finally {
    rmSync(download, { recursive: true, force: true });
  }
}
