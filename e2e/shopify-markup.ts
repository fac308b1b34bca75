import manifest from '@shopify/polaris-types/custom-elements' with { type: 'json' };

type Declaration = {
  tagName?: string;
  attributes?: { name: string; type?: { text: string } }[];
  slots?: { name: string }[];
};

const declarations = manifest.modules.flatMap(({ declarations = [] }) => declarations as Declaration[]);

/** What Polaris knows of each of its tags: the values of its attributes, where they are listed, and its slots. */
const known = new Map(
  declarations.flatMap(({ tagName, attributes = [], slots = [] }) =>
    tagName
      ? [
          [
            tagName,
            {
              attributes: new Map(attributes.map(({ name, type }) => [name.toLowerCase(), type?.text ?? 'any'])),
              slots: new Set(slots.map(({ name }) => name)),
            },
          ] as const,
        ]
      : [],
  ),
);

/** Of App Bridge, which is not in the manifest: what each may have for attributes. */
const APP_BRIDGE: Readonly<Record<string, readonly string[]>> = {
  's-app-nav': [],
  'ui-save-bar': ['id', 'discardconfirmation'],
};

/** Plain HTML that a page may have, and of it the attributes. */
const PLAIN: Readonly<Record<string, readonly string[]>> = {
  html: ['lang'],
  head: [],
  meta: ['charset', 'name', 'content'],
  title: [],
  script: ['src', 'defer'],
  body: [],
  main: ['id'],
  form: [],
  template: [],
  input: ['type', 'name', 'value'],
  div: ['id', 'hidden', 'role', 'aria-label', 'aria-labelledby'],
  span: [],
  details: [],
  summary: [],
  p: ['id', 'hidden'],
};

const VOID = new Set(['meta', 'input']);
const GLOBAL = ['id', 'slot', 'hidden'];

const TAG = /<(\/?)([a-z][\w-]*)((?:\s+[^\s"'<>=/]+(?:="[^"<>]*")?)*)\s*>/gi;
const ATTRIBUTE = /([^\s"'<>=/]+)(?:="([^"]*)")?/g;

type Open = { tag: string; cells: number; columns: number };

/**
 * What is wrong with a page of the embedded admin: a tag, attribute, value or slot that Polaris does not have, which its
 * browser code would pass over in silence, and whatever may run or load what it should not.
 */
export function problemsOf(html: string): string[] {
  const problems: string[] = [];
  const open: Open[] = [];
  const ids = new Set<string>();
  const markup = html.replace(/^<!doctype html>/i, '');
  if (/[<>]/.test(markup.replace(TAG, ''))) problems.push('a < or > stands where no tag is');

  for (const [, isEnd, name = '', rest = ''] of markup.matchAll(TAG)) {
    const tag = name.toLowerCase();
    if (isEnd) {
      const last = open.pop();
      if (last?.tag !== tag) problems.push(`</${tag}> closes <${last?.tag ?? 'nothing'}>`);
      if (tag === 's-table-header-row') setColumns(open, last?.cells ?? 0);
      if (tag === 's-table-row') checkCells(open, last?.cells ?? 0, problems);
      continue;
    }
    const parent = open.at(-1);
    if (parent && (tag === 's-table-cell' || tag === 's-table-header')) parent.cells += 1;
    const attributes = new Map(
      [...rest.matchAll(ATTRIBUTE)].map(([, key = '', value]) => [key.toLowerCase(), value] as const),
    );
    for (const problem of tagProblems(tag, attributes, parent?.tag)) problems.push(`<${tag}> ${problem}`);
    const id = attributes.get('id');
    if (id !== undefined && ids.has(id)) problems.push(`the id ${id} stands twice`);
    if (id !== undefined) ids.add(id);
    if (!VOID.has(tag)) open.push({ tag, cells: 0, columns: 0 });
  }
  for (const { tag } of open) problems.push(`<${tag}> is not closed`);
  return problems;
}

function setColumns(open: Open[], columns: number): void {
  const table = open.findLast(({ tag }) => tag === 's-table');
  if (table) table.columns = columns;
}

function checkCells(open: Open[], cells: number, problems: string[]): void {
  const columns = open.findLast(({ tag }) => tag === 's-table')?.columns;
  if (cells !== columns) problems.push(`a row has ${cells} cells under ${columns} headers`);
}

function* tagProblems(
  tag: string,
  attributes: Map<string, string | undefined>,
  parent: string | undefined,
): Generator<string> {
  const polaris = known.get(tag);
  const isNav = parent === 's-app-nav' && tag === 's-link';
  const plain = PLAIN[tag] ?? APP_BRIDGE[tag];
  if (!polaris && !plain) {
    yield 'is no tag of Polaris';
    return;
  }
  for (const [name, value] of attributes) {
    if (name.startsWith('data-')) continue;
    const type = polaris?.attributes.get(name);
    const isKnown = type !== undefined || plain?.includes(name) || (polaris && GLOBAL.includes(name));
    if (!isKnown && !(isNav && name === 'rel')) yield `has no attribute ${name}`;
    if (type !== undefined && !fits(type, value)) yield `has ${name}="${value}", which is none of ${type}`;
    if (/^\s*(javascript|data|vbscript):/i.test(value ?? '')) yield `has an address that runs: ${name}`;
  }
  const slot = attributes.get('slot');
  if (slot !== undefined && !known.get(parent ?? '')?.slots.has(slot))
    yield `is in the slot ${slot} that <${parent}> has not`;
  if (tag === 'script' && !attributes.has('src')) yield 'is a script within the page';
  if (tag === 's-section' && attributes.get('heading') === '') yield 'has an empty heading';
}

/** Whether the value is one that the type lists; a type that lists none is only looked at for numbers and switches. */
function fits(type: string, value: string | undefined): boolean {
  if (type === 'boolean') return value === undefined || value === '';
  if (type === 'number') return value !== undefined && /^-?\d+(\.\d+)?$/.test(value);
  const choices = type.split('|').map(each => each.trim());
  const isList = choices.every(each => /^"[^"]*"$/.test(each));
  if (isList) return choices.includes(`"${value}"`);
  // What stands in the manifest by its name only: one or more keywords, or values for sizes of a container.
  return !/^(Maybe|Border)/.test(type) || /^[a-z]+(-\d+)?( [a-z]+(-\d+)?)*$|^@container /.test(value ?? '');
}
