import { z } from 'zod';
import { validate } from '../../../http/validate.ts';
import { AppError } from '../../../lib/app-error.ts';

/** Longer ones are no e-mail address and no telephone number. */
const CONTACT_MAX = 320;

/** Shopify's number of a thing, in the payload a JSON number that may be greater than JavaScript's. */
const numericId = z.union([z.int().positive(), z.string().regex(/^\d{1,20}$/)]).transform(String);
/** What is there and no contact detail must not keep the rest of a request from being done. */
const contact = z.string().min(1).max(CONTACT_MAX).nullish().catch(null);

const changed = (type: 'Product' | 'Collection') =>
  z.object({ id: numericId }).transform(({ id }) => ({ gid: `gid://shopify/${type}/${id}` }));

const finished = z
  .object({ admin_graphql_api_id: z.string().regex(/^gid:\/\/shopify\/BulkOperation\/\d{1,20}$/) })
  .transform(({ admin_graphql_api_id: gid }) => ({ gid }));

const scopes = z
  .object({ current: z.array(z.string().max(100)).max(500) })
  .transform(({ current }) => ({ scopes: current }));

const customer = z
  .object({
    shop_domain: z.string(),
    customer: z
      .object({ id: numericId.nullish().catch(null), email: contact, phone: contact })
      .nullish()
      .catch(null),
  })
  .transform(({ customer: of }) => ({
    customer: { id: of?.id ?? undefined, email: of?.email ?? undefined, phone: of?.phone ?? undefined },
  }));

const nothing = z.looseObject({}).transform(() => ({}));

/** What we need of each topic; the rest of its payload is forgotten at once. */
const needed = {
  'app/uninstalled': nothing,
  'app/scopes_update': scopes,
  'app_subscriptions/update': nothing,
  'shop/update': nothing,
  'products/create': changed('Product'),
  'products/update': changed('Product'),
  'products/delete': changed('Product'),
  'collections/create': changed('Collection'),
  'collections/update': changed('Collection'),
  'collections/delete': changed('Collection'),
  'bulk_operations/finish': finished,
  'customers/data_request': customer,
  'customers/redact': customer,
  'shop/redact': nothing,
} as const;

export type Topic = keyof typeof needed;

/** Whom a compliance topic is about, as Shopify knows them. */
export type Customer = { id?: string | undefined; email?: string | undefined; phone?: string | undefined };

/** What is kept of a webhook until it is worked off. */
export type Kept = { gid?: string; scopes?: string[]; customer?: Customer };

/** Every shop that ever had the app must be answered about these, with a record that it was. */
export const COMPLIANCE_TOPICS = [
  'customers/data_request',
  'customers/redact',
  'shop/redact',
] as const satisfies Topic[];

export const isCompliance = (topic: Topic): boolean => (COMPLIANCE_TOPICS as readonly Topic[]).includes(topic);

/** From how Shopify's SDK spells a topic (`CUSTOMERS_REDACT`) to how Shopify does. Nothing for one that we do not take. */
export function topicOf(stored: string): Topic | undefined {
  return (Object.keys(needed) as Topic[]).find(topic => topic.toUpperCase().replace('/', '_') === stored);
}

/**
 * What we need of a payload. Throws 400 where it is no JSON or lacks that, and 401 where it names another shop than the
 * header: that one is not signed.
 */
export function keptOf(topic: Topic, domain: string, body: string): Kept {
  const payload = parsed(body);
  const { shop_domain: named, myshopify_domain: own } = shopNames.parse(payload);
  if ([named, own].some(name => name !== undefined && name.toLowerCase() !== domain)) {
    throw new AppError('unauthorized', 'The body is about another shop.');
  }
  return validate(needed[topic] as z.ZodType<Kept>, payload);
}

/** By what a payload says which shop it is of, where it does: the compliance topics, and those that are about the shop. */
const shopNames = z
  .object({
    shop_domain: z.string().optional().catch(undefined),
    myshopify_domain: z.string().optional().catch(undefined),
  })
  .catch({});

function parsed(body: string): unknown {
  try {
    // Only where there is such a number: it takes several times as long.
    return /\d{16}/.test(body) ? JSON.parse(body, exactly) : JSON.parse(body);
  } catch {
    throw new AppError('malformed_json', 'The body is not JSON in UTF-8.');
  }
}

/** A whole number that JavaScript would round stays the text that it was. */
function exactly(_key: string, value: unknown, { source = '' }: { source?: string } = {}): unknown {
  return typeof value === 'number' && !Number.isSafeInteger(value) && /^\d+$/.test(source) ? source : value;
}
