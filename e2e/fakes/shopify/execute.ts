import {
  execute,
  GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLResolveInfo,
  getNamedType,
  parse,
  validate,
} from 'graphql';
import { impliedBy, type SchemaName, shopifySchema } from './schemas.ts';

// biome-ignore lint/suspicious/noExplicitAny: what a field gives depends on the schema, which checks it
type Any = any;

/** What the fields of a type give, where it is not simply what stands in the object under that name. */
export type Resolvers<Context> = Record<
  string,
  Record<string, (source: Any, args: Any, context: Context, info: GraphQLResolveInfo) => unknown>
>;

export type Asked = { query: string; variables?: Record<string, unknown>; operationName?: string };

/** `isBulk`: connections give all they have, without `first`. `ignoresFilters`: `query` does nothing. */
type BaseContext = { scopes: readonly string[]; isBulk: boolean; ignoresFilters?: boolean };

export type Answer = { data?: Any; errors?: Any[] };

/**
 * Executes an operation on Shopify's own schema. Lists become connections where the schema has one, and what needs a
 * scope that the token lacks is refused as Shopify does it. A field that the fake has nothing for is an error.
 */
export async function executeOn<Context extends BaseContext>(
  name: SchemaName,
  asked: Asked,
  resolvers: Resolvers<Context>,
  context: Context,
): Promise<Answer> {
  const { schema, scopes } = shopifySchema(name);
  const granted = impliedBy(context.scopes);
  let document: ReturnType<typeof parse>;
  try {
    document = parse(asked.query);
  } catch (error) {
    return { errors: [{ message: (error as Error).message }] };
  }
  const faults = validate(schema, document);
  if (faults.length > 0) return { errors: faults.map(({ message, locations }) => ({ message, locations })) };

  const allow = (place: string, field: string) => {
    const needed = scopes.get(place);
    if (!needed || needed.some(scope => granted.has(scope))) return;
    const required = needed.map(scope => `\`${scope}\` access scope`).join(' or ');
    throw new GraphQLError(`Access denied for ${field} field. Required access: ${required}.`, {
      extensions: { code: 'ACCESS_DENIED', requiredAccess: required },
    });
  };
  const fieldResolver: GraphQLFieldResolver<Any, Context> = (source, args, context, info) => {
    const { fieldName, parentType, returnType } = info;
    allow(`${parentType.name}.${fieldName}`, fieldName);
    const named = getNamedType(returnType).name;
    allow(named.replace(/Connection$/, ''), fieldName);
    const resolve = resolvers[parentType.name]?.[fieldName];
    const value = resolve ? resolve(source, args, context, info) : source?.[fieldName];
    if (value === undefined) {
      throw new GraphQLError(`The fake Shopify has nothing for ${parentType.name}.${fieldName}: teach it in ${TEACH}.`);
    }
    const typename = (value as { __typename?: string } | null)?.__typename;
    if (typename) allow(typename, fieldName);
    return named.endsWith('Connection') && Array.isArray(value) ? connection(value, args, context) : value;
  };
  const result = await execute({
    schema,
    document,
    variableValues: asked.variables ?? {},
    operationName: asked.operationName ?? null,
    rootValue: {},
    contextValue: context,
    fieldResolver,
    typeResolver: value => value.__typename ?? /^gid:\/\/shopify\/(\w+)\//.exec(value.id)?.[1],
  });
  return JSON.parse(JSON.stringify(result));
}

const TEACH = 'e2e/fakes/shopify/';

type Node = Record<string, Any> & { id?: string };
type Page = { first?: number; last?: number; after?: string; before?: string };

function connection(
  all: Node[],
  args: Page & { query?: string; sortKey?: string; reverse?: boolean },
  { isBulk, ignoresFilters }: BaseContext,
) {
  const found = sorted(args.query && !ignoresFilters ? all.filter(filterOf(args.query)) : [...all], args);
  const nodes = isBulk ? found : page(found, args);
  const at = (node: Node | undefined) => (node ? found.indexOf(node) : -1);
  return {
    nodes,
    edges: nodes.map(node => ({ node, cursor: cursorOf(node) })),
    pageInfo: {
      hasNextPage: nodes.length > 0 && at(nodes.at(-1)) < found.length - 1,
      hasPreviousPage: at(nodes[0]) > 0,
      startCursor: nodes[0] ? cursorOf(nodes[0]) : null,
      endCursor: nodes.length > 0 ? cursorOf(nodes.at(-1) as Node) : null,
    },
  };
}

function page(found: Node[], { first, last, after, before }: Page): Node[] {
  const size = first ?? last;
  if (size === undefined) throw new GraphQLError('you must provide one of first or last');
  if (size < 0 || size > 250) throw new GraphQLError(`${size} is not within 0 and 250`);
  const place = (cursor: string) => {
    const at = found.findIndex(node => cursorOf(node) === cursor);
    if (at < 0) throw new GraphQLError(`Invalid cursor for current pagination sort.`);
    return at;
  };
  const rest = found.slice(after ? place(after) + 1 : 0, before ? place(before) : undefined);
  return first === undefined ? rest.slice(-size || rest.length) : rest.slice(0, first);
}

const cursorOf = (node: Node) => Buffer.from(JSON.stringify({ last_id: node.id })).toString('base64');

const sortFields: Record<string, string> = {
  UPDATED_AT: 'updatedAt',
  CREATED_AT: 'createdAt',
  PROCESSED_AT: 'processedAt',
  PUBLISHED_AT: 'publishedAt',
  TITLE: 'title',
};

function sorted(nodes: Node[], { sortKey, reverse }: { sortKey?: string; reverse?: boolean }): Node[] {
  const field = sortKey && sortFields[sortKey];
  const inOrder = field ? nodes.toSorted((a, b) => String(a[field]).localeCompare(String(b[field]))) : nodes;
  return reverse ? inOrder.toReversed() : inOrder;
}

/** Shopify's search syntax, as far as the relay uses it: terms, AND (also unsaid), OR, and brackets. */
function filterOf(query: string): (node: Node) => boolean {
  const tokens = query.match(/[()]|\w+:(?:>=|<=|>|<)?(?:"[^"]*"|'[^']*'|[^\s()]+)|\S+/g) ?? [];
  const any = (): ((node: Node) => boolean) => {
    const options = [every()];
    while (tokens[0] === 'OR' && tokens.shift()) options.push(every());
    return node => options.some(isTrue => isTrue(node));
  };
  const every = () => {
    const parts = [one()];
    while (tokens.length > 0 && tokens[0] !== 'OR' && tokens[0] !== ')') {
      if (tokens[0] === 'AND') tokens.shift();
      parts.push(one());
    }
    return (node: Node) => parts.every(isTrue => isTrue(node));
  };
  const one = () => {
    const token = tokens.shift() ?? '';
    if (token !== '(') return termOf(token);
    const inner = any();
    tokens.shift();
    return inner;
  };
  return any();
}

function termOf(term: string): (node: Node) => boolean {
  const [, name = '', comparison, given = ''] = /^(\w+):(>=|<=|>|<|)(.*)$/.exec(term) ?? [];
  const wanted = given.replaceAll(/^["']|["']$/g, '');
  const read = searchable[name];
  if (!read) throw new GraphQLError(`The fake Shopify cannot search for ${term}: teach it in ${TEACH}execute.ts.`);
  return node => {
    const value = read(node);
    if (comparison === '>') return value > wanted;
    if (comparison === '>=') return value >= wanted;
    if (comparison === '<') return value < wanted;
    if (comparison === '<=') return value <= wanted;
    return value.toLowerCase() === wanted.toLowerCase();
  };
}

const tail = (id: unknown) =>
  String(id ?? '')
    .split('/')
    .pop() ?? '';

const searchable: Record<string, (node: Node) => string> = {
  id: node => tail(node.id),
  updated_at: node => node.updatedAt,
  created_at: node => node.createdAt,
  processed_at: node => node.processedAt,
  customer_id: node => tail(node.customer),
  email: node => node.email ?? '',
  handle: node => node.handle,
  name: node => node.name,
  status: node => node.status,
  published_status: node => ((node.publishedAt ?? node.published) ? 'published' : 'unpublished'),
};
