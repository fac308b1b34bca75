import { readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { parse as parseTypescript } from '@babel/parser';
import { Engine } from 'php-parser';
import { FAULT_WORDS } from '../../../shared/contract/src/delivery-words.ts';
import { receiverWords } from '../../../shared/contract/src/privacy-register.ts';
import { settingsSections } from '../../../shared/contract/src/settings-fields.ts';
import { crawlReasons } from '../../../shared/contract/src/sources.ts';
import { uploadFaults } from '../../../shared/contract/src/uploads.ts';

/** One text to translate, with where it stands and what its translators should know. */
export type Message = { msgid: string; plural?: string; context?: string; comments: Set<string>; files: Set<string> };

/** By context and text, so that the same text is asked for once. */
export type Messages = Map<string, Message>;

const here = join(import.meta.dirname, '..');
const root = join(here, '../..');
const consoleFolder = join(root, 'shared/console/src');

/** Which argument of a function is what; `domain` must be the literal `confab`. */
const FUNCTIONS: Record<string, { context?: number; plural?: number; domain: number }> = {
  __: { domain: 1 },
  _e: { domain: 1 },
  esc_html__: { domain: 1 },
  esc_html_e: { domain: 1 },
  esc_attr__: { domain: 1 },
  esc_attr_e: { domain: 1 },
  _x: { context: 1, domain: 2 },
  esc_html_x: { context: 1, domain: 2 },
  esc_attr_x: { context: 1, domain: 2 },
  _n: { plural: 1, domain: 3 },
  _nx: { plural: 1, context: 3, domain: 4 },
  _n_noop: { plural: 1, domain: 2 },
};

/** A call of one of them, as both parsers tell it: its arguments, null where one is no literal. */
type Call = { name: string; args: (string | null)[]; line: number; comment: string | undefined };

/** Every text of the plugin: its own, and those of the console that its screens show. */
export function allMessages(): Messages {
  const messages = ownMessages();
  for (const [key, message] of adminMessages()) merge(messages, key, message);
  return messages;
}

/** What only the plugin says: in its PHP, in its blocks, and on the screens about WordPress and the connection. */
export function ownMessages(): Messages {
  const messages: Messages = new Map();
  for (const file of filesIn(join(here, 'plugin'))) {
    if (extname(file) === '.php') addCalls(messages, file, phpCalls(file));
    if (extname(file) === '.js') addCalls(messages, file, scriptCalls(file));
    if (file.endsWith('block.json')) addBlock(messages, file);
  }
  addHeader(messages);
  addScreens(messages, ownScreens());
  return messages;
}

/** Every text of the console, wherever it runs. */
export function consoleMessages(): Messages {
  const messages: Messages = new Map();
  addScreens(messages, sourcesIn(consoleFolder));
  addContract(messages);
  return messages;
}

/** The texts that the admin screens ask for in the browser: those of the plugin, and of what they show of the console. */
export function adminMessages(): Messages {
  const messages: Messages = new Map();
  addScreens(messages, withImports(ownScreens()));
  addContract(messages);
  return messages;
}

const sourcesIn = (folder: string) =>
  filesIn(folder).filter(each => /\.tsx?$/.test(each) && !each.includes('.test.') && !each.endsWith('.d.ts'));

const ownScreens = () => sourcesIn(join(here, 'src'));

/** The files, and every file of the console that they import, by whatever way. */
function withImports(files: string[]): string[] {
  const found = new Set(files);
  for (const file of found) {
    for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+\.tsx?)'/g)) {
      const imported = join(dirname(file), path);
      if (imported.startsWith(consoleFolder)) found.add(imported);
    }
  }
  return [...found].sort();
}

function addScreens(messages: Messages, files: string[]) {
  for (const file of files) addCalls(messages, file, scriptCalls(file));
}

/** What the contract holds as plain data, and the screens translate as they show it. */
function addContract(messages: Messages) {
  const fields = 'shared/contract/src/settings-fields.ts';
  const addField = (text: string | undefined) => text && add(messages, { msgid: text, file: fields });
  for (const { title, description, fields: all } of settingsSections) {
    addField(title);
    addField(description);
    for (const { label, help, unit, options = [] } of all) {
      for (const text of [label, help, unit, ...options.map(option => option.label)]) addField(text);
    }
  }
  const faults = 'shared/contract/src/delivery-words.ts';
  for (const text of Object.values(FAULT_WORDS)) add(messages, { msgid: text, file: faults });
  const others: [string, string[]][] = [
    ['sources.ts', Object.values(crawlReasons)],
    ['uploads.ts', Object.values(uploadFaults)],
    ['privacy-register.ts', Object.values(receiverWords).flatMap(({ purpose, data }) => [purpose, data])],
  ];
  for (const [file, texts] of others) {
    for (const text of texts) add(messages, { msgid: text, file: `shared/contract/src/${file}` });
  }
}

/** The texts of one script of the plugin's sources, such as a block's. */
export function scriptMessages(file: string): Messages {
  const messages: Messages = new Map();
  addCalls(messages, file, scriptCalls(file));
  return messages;
}

function addCalls(messages: Messages, file: string, calls: Call[]) {
  for (const { name, args, line, comment } of calls) {
    const spec = FUNCTIONS[name];
    if (!spec || (args.length === 1 && file.includes('/src/'))) continue;
    const where = `${relative(here, file)}:${line}`;
    const domain = args[spec.domain];
    if (domain !== 'confab') throw new Error(`${where}: the text domain of ${name}() is not the literal 'confab'`);
    const msgid = args[0];
    const [context, plural] = [spec.context, spec.plural].map(index => (index === undefined ? undefined : args[index]));
    // `translated()` hands on what the descriptions of the settings hold, which are added one by one.
    if (msgid === null && file.endsWith('translated.ts')) continue;
    if (!msgid || context === null || plural === null) {
      throw new Error(`${where}: ${name}() is given something else than a literal, which nobody could translate`);
    }
    if (/%\d?\$?s|%d/.test(msgid) && !comment) {
      throw new Error(`${where}: ${name}() has a placeholder, and no "translators:" comment says what it stands for`);
    }
    add(messages, { msgid, plural, context, comment, file: relative(file.startsWith(here) ? here : root, file) });
  }
}

function add(
  messages: Messages,
  text: {
    msgid: string;
    plural?: string | undefined;
    context?: string | undefined;
    comment?: string | undefined;
    file: string;
  },
) {
  const { msgid, plural, context, comment, file } = text;
  const message: Message = { msgid, comments: new Set(comment ? [comment] : []), files: new Set([file]) };
  if (plural) message.plural = plural;
  if (context) message.context = context;
  merge(messages, keyOf(msgid, context), message);
}

export const keyOf = (msgid: string, context = '') => `${context}\u0004${msgid}`;

function merge(messages: Messages, key: string, message: Message) {
  const known = messages.get(key);
  if (!known) {
    messages.set(key, message);
    return;
  }
  if (message.plural) known.plural = message.plural;
  for (const comment of message.comments) known.comments.add(comment);
  for (const file of message.files) known.files.add(file);
}

function addBlock(messages: Messages, file: string) {
  const block = JSON.parse(readFileSync(file, 'utf8'));
  const where = relative(here, file);
  // The contexts that WordPress itself asks by (wp-includes/block-i18n.json).
  if (block.title) add(messages, { msgid: block.title, context: 'block title', file: where });
  if (block.description) add(messages, { msgid: block.description, context: 'block description', file: where });
  for (const word of block.keywords ?? []) add(messages, { msgid: word, context: 'block keyword', file: where });
}

function addHeader(messages: Messages) {
  const header = readFileSync(join(here, 'plugin/confab.php'), 'utf8');
  const description = /^ \* Description: +(.+)$/m.exec(header)?.[1];
  if (description)
    add(messages, { msgid: description, comment: 'Description of the plugin', file: 'plugin/confab.php' });
}

// biome-ignore lint/suspicious/noExplicitAny: nodes of two parsers, read by their `kind` or `type`
type Node = any;

function phpCalls(file: string): Call[] {
  const parser = new Engine({ parser: { extractDoc: true }, ast: { withPositions: true } });
  const tree: Node = parser.parseCode(readFileSync(file, 'utf8'), file);
  const comments: { text: string; line: number }[] = (tree.comments ?? []).map((each: Node) => ({
    text: each.value,
    line: each.loc.end.line,
  }));
  const calls: Call[] = [];
  walk(tree, node => {
    if (node.kind !== 'call' || node.what?.kind !== 'name') return;
    const name = node.what.name.replace(/^\\/, '');
    if (!(name in FUNCTIONS)) return;
    calls.push({
      name,
      args: node.arguments.map(phpText),
      line: node.loc.start.line,
      comment: translatorsComment(comments, node.loc.start.line),
    });
  });
  return calls;
}

function phpText(node: Node): string | null {
  return node.kind === 'string' ? node.value : null;
}

function scriptCalls(file: string): Call[] {
  const isTypescript = /\.tsx?$/.test(file);
  const tree: Node = parseTypescript(readFileSync(file, 'utf8'), {
    sourceType: 'unambiguous',
    plugins: isTypescript ? ['typescript', 'jsx'] : ['jsx'],
  });
  const comments = (tree.comments ?? []).map((each: Node) => ({ text: each.value, line: each.loc.end.line }));
  const calls: Call[] = [];
  walk(tree.program, node => {
    if (node.type !== 'CallExpression') return;
    const name = node.callee.name ?? node.callee.property?.name;
    if (!Object.hasOwn(FUNCTIONS, name ?? '')) return;
    calls.push({
      name,
      args: node.arguments.map((each: Node) => scriptText(each)),
      line: node.loc.start.line,
      comment: translatorsComment(comments, node.loc.start.line),
    });
  });
  return calls;
}

function scriptText(node: Node): string | null {
  if (node.type === 'StringLiteral') return node.value;
  if (node.type === 'TemplateLiteral' && node.expressions.length === 0) return node.quasis[0].value.cooked;
  return null;
}

/** What is said to translators on the line of the call, or on the one before. */
function translatorsComment(comments: { text: string; line: number }[], line: number): string | undefined {
  const found = comments.findLast(
    ({ text, line: at }) => /translators:/i.test(text) && (at === line || at === line - 1),
  );
  return found?.text.replace(/^[\s/*]+|[\s*/]+$/g, '').replace(/\s+/g, ' ');
}

function walk(node: Node, visit: (node: Node) => void) {
  if (!node || typeof node !== 'object') return;
  if (node.kind || node.type) visit(node);
  for (const [key, value] of Object.entries(node)) {
    if (['loc', 'comments', 'leadingComments', 'trailingComments', 'innerComments', 'tokens'].includes(key)) continue;
    if (Array.isArray(value)) for (const each of value) walk(each, visit);
    else if (value && typeof value === 'object') walk(value, visit);
  }
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .sort();
