import { createHash } from 'node:crypto';
import type { Consent } from '../consent/index.ts';
import { linesOf } from '../consent/index.ts';
import type { Site, Sites } from '../sites/index.ts';
import { indexPage } from './index-page.ts';
import { accountKinds, type Kind, siteKinds } from './kinds.ts';
import type { Column, ExportStore, Key } from './store.ts';
import type { File } from './zip.ts';

/** Rows that are read and packed at once; nobody else of this process has their turn meanwhile. */
const PAGE = 250;
const SITES_PAGE = 100;
const TYPES: Readonly<Record<string, object>> = {
  uuid: { type: 'string', format: 'uuid' },
  text: { type: 'string' },
  bool: { type: 'boolean' },
  int4: { type: 'integer' },
  int8: { type: 'integer' },
  float4: { type: 'number' },
  float8: { type: 'number' },
  timestamptz: { type: 'string', format: 'date-time' },
  date: { type: 'string', format: 'date' },
  jsonb: {},
  _text: { type: 'array', items: { type: 'string' } },
  _uuid: { type: 'array', items: { type: 'string', format: 'uuid' } },
};

/** A file as `index.json` lists it. `site` is the name of the site that it is of. */
export type Listed = {
  path: string;
  about: string;
  site: { siteId: string; name: string } | null;
  rows: number;
  bytes: number;
  sha256: string;
  /** JSON Schema of each line. */
  schema: object;
};

type Page = { text: string; rows: number };

type Deps = { store: ExportStore; sites: Pick<Sites, 'byId'>; consent: Pick<Consent, 'log'>; now: () => Date };

/** Every file of the archive of an account, one after the other; the last two say what the others are. */
export async function* contentsOf(
  { store, sites, consent, now }: Deps,
  account: { accountId: string; name: string },
  signal: AbortSignal,
): AsyncGenerator<File> {
  const listed: Listed[] = [];
  const { accountId } = account;
  for (const kind of accountKinds) yield fileOf(kind, accountId, '', null, await columnsOf(kind));
  for await (const site of sitesOf(accountId)) {
    const folder = `sites/${site.key}/`;
    for (const kind of siteKinds) yield fileOf(kind, site.id, folder, site, await columnsOf(kind));
    yield consentsOf(site, folder);
  }
  const index = { format: 'confab-account', version: 1, account, exportedAt: now().toISOString(), files: listed };
  yield { path: 'index.json', texts: once(`${JSON.stringify(index, null, 2)}\n`) };
  yield { path: 'index.html', texts: once(indexPage(index)) };

  async function* sitesOf(owner: string): AsyncGenerator<Site> {
    for (let after: string | undefined; ; ) {
      const page = await store.sitesOf(owner, after, SITES_PAGE);
      for (const { id } of page) {
        // One that was erased since has no files.
        const site = await sites.byId(id);
        if (site) yield site;
      }
      after = page.at(-1)?.id;
      if (page.length < SITES_PAGE) return;
    }
  }

  async function columnsOf({ table, without = [] }: Kind): Promise<Column[]> {
    const all = await store.columnsOf(table);
    const unknown = all.filter(({ name, type }) => !without.includes(name) && !TYPES[type]);
    if (unknown.length > 0) throw new Error(`no type for ${table}: ${unknown.map(({ name }) => name).join(', ')}`);
    return all.filter(({ name }) => !without.includes(name));
  }

  function fileOf(kind: Kind, ownerId: string, folder: string, site: Site | null, columns: Column[]): File {
    const names = columns.map(({ name }) => name);
    const file = { path: `${folder}${kind.name}.jsonl`, about: kind.about, schema: schemaOf(kind, columns) };
    return list(file, site, rowsOf());

    async function* rowsOf(): AsyncGenerator<Page> {
      for (let after: Key | undefined; ; ) {
        signal.throwIfAborted();
        const { lines, last } = await store.rows(kind, names, ownerId, after, PAGE);
        if (lines.length > 0) yield { text: `${lines.join('\n')}\n`, rows: lines.length };
        if (lines.length < PAGE) return;
        after = last;
      }
    }
  }

  function consentsOf(site: Site, folder: string): File {
    const about = 'The consent log between signed checkpoints: `npm run confab -- consent verify` checks it';
    return list({ path: `${folder}consents.jsonl`, about, schema: {} }, site, pagesOf());

    async function* pagesOf(): AsyncGenerator<Page> {
      for (let [after, isFirst] = [0, true]; ; isFirst = false) {
        signal.throwIfAborted();
        const page = await consent.log(site, after, PAGE);
        if (!isFirst && page.first.sequence !== after) throw new Error('the log was pruned while it was exported');
        yield { text: linesOf(page), rows: page.records.length };
        if (!page.hasMore) return;
        after = page.last.sequence;
      }
    }
  }

  /** Counts and hashes the pages on their way. */
  function list(file: Pick<Listed, 'path' | 'about' | 'schema'>, site: Site | null, pages: AsyncIterable<Page>): File {
    return { path: file.path, texts: texts() };

    async function* texts(): AsyncGenerator<string> {
      const hash = createHash('sha256');
      const total = { rows: 0, bytes: 0 };
      for await (const { text, rows } of pages) {
        hash.update(text);
        total.rows += rows;
        total.bytes += Buffer.byteLength(text);
        yield text;
      }
      const of = site && { siteId: site.id, name: site.settings.name };
      const { path, about, schema } = file;
      listed.push({ path, about, site: of, ...total, sha256: hash.digest('hex'), schema });
    }
  }
}

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}

function schemaOf({ more = {}, ifRestricted }: Kind, columns: Column[]): object {
  const hidden = (name: string) => Array.isArray(ifRestricted) && !ifRestricted.includes(name);
  const properties = Object.fromEntries([
    ...columns.map(({ name, type, nullable }) => [name, orNull(TYPES[type] as object, nullable || hidden(name))]),
    ...Object.keys(more).map(name => [name, { type: 'string' }]),
  ]);
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

const orNull = (schema: object, isNullable: boolean): object =>
  isNullable && Object.keys(schema).length > 0 ? { anyOf: [schema, { type: 'null' }] } : schema;
