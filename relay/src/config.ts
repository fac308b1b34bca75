import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { z } from 'zod';

const origin = z
  .url({ protocol: /^https?$/ })
  .transform(value => new URL(value).origin)
  .describe('an address such as https://relay.example');
const onOff = z.enum(['on', 'off']);
const baseUrl = (fallback: string) => z.url({ protocol: /^https?$/ }).default(fallback);
const token = z.string().regex(/^[\x21-\x7e]{1,512}$/, 'expected up to 512 visible ASCII characters');
const mailbox = z
  .string()
  .regex(/^[^\s@<>,"]+@[^\s@<>,"]+\.[^\s@<>,"]+$/, 'expected an address such as chat@relay.example');
const secretKeys = z.string().transform((value, context) => {
  const keys = value.split(',').map(key => new Uint8Array(Buffer.from(key.trim(), 'base64')));
  if (keys.some(key => key.length !== 32)) {
    context.addIssue('expected 32 random bytes in base64 (openssl rand -base64 32), older keys behind a comma');
  }
  return keys;
});
const signingSecrets = z.string().transform((value, context) => {
  const secrets = value.split(',').map(secret => secret.trim());
  if (secrets.some(secret => !/^whsec_[\x21-\x7e]{8,500}$/.test(secret))) {
    context.addIssue('expected the signing secret of the webhook, such as whsec_…, older ones behind a comma');
  }
  return secrets;
});

/** Every variable that the relay reads, each with a line in `.env.example`. */
export const variables = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(8787),
  HOST: z.string().default('127.0.0.1'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'expected an address such as postgresql://user:password@host:5432/confab')
    .optional(),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\/[^\s/]/, 'expected an address such as rediss://user:password@host:6379')
    .refine(
      value => URL.canParse(value),
      'expected an address; what is special in a password is written as %40 and so on',
    )
    .optional(),
  CONFAB_PROCESSES: z
    .union([z.literal('auto'), z.coerce.number().int().min(1).max(64)], 'expected a number from 1 to 64, or auto')
    .optional(),
  CONFAB_MAX_STREAMS: z.coerce.number().int().min(1).max(100_000).default(500),
  CONFAB_DATA_DIR: z.string().default('.data'),
  CONFAB_SECRET_KEY: secretKeys.optional(),
  CONFAB_PUBLIC_URL: origin.optional(),
  CONFAB_TRUST_PROXY: z.coerce.number().int().min(0).max(10).default(0),
  CONFAB_RATE_LIMIT: onOff.default('on'),
  CONFAB_DEMO: onOff.optional(),
  CONFAB_DEMO_SECRET: z
    .string()
    .regex(/^[\x21-\x7e]{1,512}$/, 'expected up to 512 visible ASCII characters, as it travels in a header')
    .optional(),
  CONFAB_SIGN_UP: z.enum(['open', 'invited']).optional(),
  CONFAB_SUPPORT_EMAIL: mailbox.optional(),
  CONFAB_PWNED_PASSWORDS_URL: z
    .union([z.literal('off'), z.url({ protocol: /^https?$/ })], 'expected an address such as https://host, or off')
    .optional(),
  CONFAB_PRIVATE_URLS: z.enum(['allow', 'refuse']).optional(),
  CONFAB_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  CONFAB_METRICS_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{16,512}$/, 'expected 16 to 512 visible ASCII characters (openssl rand -hex 32)')
    .optional(),
  SENTRY_DSN: z
    .string()
    .regex(
      /^https?:\/\/\w+@(?:\[[\da-f:]+\]|[\w.-]+)(?::\d+)?\/(?:[\w-]+\/)*\d+$/,
      'expected such as https://key@host/1',
    )
    .optional(),
  OPENAI_API_KEY: z.string().optional(),
  OPENAI_BASE_URL: baseUrl('https://api.openai.com/v1'),
  OPENAI_MODEL: z.string().default('gpt-4.1-mini'),
  OPENAI_API: z.enum(['responses', 'chat_completions']).default('responses'),
  ANTHROPIC_API_KEY: z.string().optional(),
  ANTHROPIC_BASE_URL: baseUrl('https://api.anthropic.com'),
  ANTHROPIC_MODEL: z.string().default('claude-haiku-4-5'),
  AWS_BEARER_TOKEN_BEDROCK: z.string().optional(),
  BEDROCK_BASE_URL: z.url({ protocol: /^https?$/ }).optional(),
  BEDROCK_REGION: z.string().default('us-east-1'),
  BEDROCK_MODEL: z.string().default('us.anthropic.claude-haiku-4-5-20251001-v1:0'),
  OPENAI_EMBEDDING_MODEL: z.string().default('text-embedding-3-small'),
  HUBSPOT_BASE_URL: baseUrl('https://api.hubapi.com'),
  SALESFORCE_LOGIN_URL: baseUrl('https://login.salesforce.com'),
  PIPEDRIVE_BASE_URL: baseUrl('https://api.pipedrive.com'),
  KLAVIYO_BASE_URL: baseUrl('https://a.klaviyo.com'),
  ZOHO_BASE_URL: z.url({ protocol: /^https?$/ }).optional(),
  RESEND_API_KEY: token.optional(),
  RESEND_BASE_URL: baseUrl('https://api.resend.com'),
  RESEND_WEBHOOK_SECRET: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/=]{24,}$/, 'expected the signing secret of the webhook, such as whsec_…')
    .optional(),
  CONFAB_EMAIL_FROM: mailbox.optional(),
  SHOPIFY_API_KEY: token.optional(),
  SHOPIFY_API_SECRET: token.optional(),
  SHOPIFY_APP_HANDLE: z
    .string()
    .regex(/^[a-z\d]+(?:-[a-z\d]+)*$/, 'expected a handle such as confab')
    .default('confab'),
  SHOPIFY_PARTNER_ORGANIZATION_ID: z.string().regex(/^\d+$/, 'expected a number').optional(),
  SHOPIFY_PARTNER_TOKEN: token.optional(),
  SHOPIFY_APP_ID: z.string().regex(/^\d+$/, 'expected a number').optional(),
  STRIPE_SECRET_KEY: token.optional(),
  STRIPE_WEBHOOK_SECRET: signingSecrets.optional(),
  STRIPE_BASE_URL: baseUrl('https://api.stripe.com'),
});

/** What only works together: all of a row, or none of it. */
const TOGETHER = [
  ['SHOPIFY_API_KEY', 'SHOPIFY_API_SECRET'],
  ['RESEND_API_KEY', 'CONFAB_EMAIL_FROM'],
  ['SHOPIFY_PARTNER_ORGANIZATION_ID', 'SHOPIFY_PARTNER_TOKEN', 'SHOPIFY_APP_ID'],
  ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET'],
];

export type Config = ReturnType<typeof readConfig>;

/** The configuration is wrong; the message names every variable that is, and what is expected of it. */
export class ConfigError extends Error {}

/**
 * Reads the environment, the only code that does. An empty variable counts as absent. Throws `ConfigError`.
 * Outside production a missing secret key is made once and kept in the data folder.
 */
export function readConfig(environment: NodeJS.ProcessEnv) {
  const present = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = variables.safeParse(present);
  const wrong = parsed.success ? [] : parsed.error.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`);
  for (const names of TOGETHER) {
    const given = names.filter(name => name in present);
    if (given.length === 0) continue;
    for (const name of names) if (!(name in present)) wrong.push(`${name}: missing; it belongs to ${given.join(', ')}`);
  }
  if (Number(present.CONFAB_PROCESSES) > 1 && !present.DATABASE_URL) {
    wrong.push('DATABASE_URL: missing; the embedded database is of one process, so CONFAB_PROCESSES cannot be more');
  }
  if (present.REDIS_URL && !present.DATABASE_URL) {
    wrong.push('DATABASE_URL: missing; the embedded database is of one process, which needs no Redis');
  }
  if (present.SHOPIFY_PARTNER_TOKEN && !present.SHOPIFY_API_KEY) {
    wrong.push('SHOPIFY_API_KEY: missing; without the app there is nothing to ask the Partner API about');
  }
  if (present.NODE_ENV === 'production') {
    if (present.SHOPIFY_API_KEY && !present.CONFAB_PUBLIC_URL) {
      wrong.push('CONFAB_PUBLIC_URL: missing; storefronts on Shopify are told where the relay is');
    }
    if (present.RESEND_API_KEY && !present.CONFAB_PUBLIC_URL) {
      wrong.push('CONFAB_PUBLIC_URL: missing; e-mails have links that lead to the relay');
    }
    if (present.STRIPE_SECRET_KEY && !present.CONFAB_PUBLIC_URL) {
      wrong.push('CONFAB_PUBLIC_URL: missing; Stripe sends owners back to the relay');
    }
    if (present.CONFAB_RATE_LIMIT === 'off') {
      wrong.push('CONFAB_RATE_LIMIT: "off" is for tests and benchmarks only, and refused in production');
    }
    if (!present.CONFAB_SECRET_KEY) {
      wrong.push('CONFAB_SECRET_KEY: missing; production needs 32 random bytes in base64 (openssl rand -base64 32)');
    }
  }
  if (!parsed.success || wrong.length > 0) {
    throw new ConfigError(`Confab cannot start with this configuration:\n${wrong.map(line => `  ${line}`).join('\n')}`);
  }

  const env = parsed.data;
  const production = env.NODE_ENV === 'production';
  const dataDir = path.resolve(env.CONFAB_DATA_DIR);
  return {
    production,
    port: env.PORT,
    host: env.HOST,
    publicUrl: env.CONFAB_PUBLIC_URL,
    trustProxy: env.CONFAB_TRUST_PROXY,
    rateLimit: env.CONFAB_RATE_LIMIT === 'on',
    logLevel: env.CONFAB_LOG_LEVEL,
    dataDir,
    databaseUrl: env.DATABASE_URL,
    redisUrl: env.REDIS_URL,
    processes: processesOf(env),
    maxStreams: env.CONFAB_MAX_STREAMS,
    secretKeys: env.CONFAB_SECRET_KEY ?? [ownSecretKey(dataDir)],
    privateUrls: env.CONFAB_PRIVATE_URLS ?? (production ? 'refuse' : 'allow'),
    demo: (env.CONFAB_DEMO ?? (production ? 'off' : 'on')) === 'on' ? { secret: env.CONFAB_DEMO_SECRET } : undefined,
    signUp: env.CONFAB_SIGN_UP ?? (production ? ('invited' as const) : ('open' as const)),
    // In development its mails are files as all others.
    supportEmail: env.CONFAB_SUPPORT_EMAIL ?? (production ? undefined : 'support@localhost.localdomain'),
    pwnedPasswordsUrl: pwnedPasswordsOf(env.CONFAB_PWNED_PASSWORDS_URL, production),
    metricsToken: env.CONFAB_METRICS_TOKEN,
    sentry: env.SENTRY_DSN ? { dsn: env.SENTRY_DSN, environment: env.NODE_ENV } : undefined,
    openai: {
      apiKey: env.OPENAI_API_KEY,
      baseUrl: env.OPENAI_BASE_URL,
      model: env.OPENAI_MODEL,
      api: env.OPENAI_API,
    },
    anthropic: { apiKey: env.ANTHROPIC_API_KEY, baseUrl: env.ANTHROPIC_BASE_URL, model: env.ANTHROPIC_MODEL },
    bedrock: {
      apiKey: env.AWS_BEARER_TOKEN_BEDROCK,
      baseUrl: env.BEDROCK_BASE_URL,
      region: env.BEDROCK_REGION,
      model: env.BEDROCK_MODEL,
    },
    embeddings: { model: env.OPENAI_EMBEDDING_MODEL },
    crm: {
      hubspot: { baseUrl: env.HUBSPOT_BASE_URL },
      salesforce: { loginUrl: env.SALESFORCE_LOGIN_URL },
      pipedrive: { baseUrl: env.PIPEDRIVE_BASE_URL },
      klaviyo: { baseUrl: env.KLAVIYO_BASE_URL },
      zoho: { baseUrl: env.ZOHO_BASE_URL },
    },
    email: {
      from: env.CONFAB_EMAIL_FROM,
      resend: env.RESEND_API_KEY
        ? { apiKey: env.RESEND_API_KEY, baseUrl: env.RESEND_BASE_URL, webhookSecret: env.RESEND_WEBHOOK_SECRET }
        : undefined,
    },
    shopify: shopifyOf(env),
    /** Nothing where this relay sells no plans. */
    stripe:
      env.STRIPE_SECRET_KEY && env.STRIPE_WEBHOOK_SECRET
        ? { secretKey: env.STRIPE_SECRET_KEY, webhookSecrets: env.STRIPE_WEBHOOK_SECRET, baseUrl: env.STRIPE_BASE_URL }
        : undefined,
  };
}

/** The connections of more would not fit into the 100 that PostgreSQL allows by itself. */
const PROCESSES_AUTO_MAX = 8;

/** How many processes share the work: all cores in production, one in development, and one on the embedded database. */
function processesOf(env: z.infer<typeof variables>): number {
  const { CONFAB_PROCESSES: given = env.NODE_ENV === 'production' ? 'auto' : 1 } = env;
  if (!env.DATABASE_URL) return 1;
  return given === 'auto' ? Math.min(availableParallelism(), PROCESSES_AUTO_MAX) : given;
}

/** Where it is asked whether a password was stolen; nowhere outside production, unless that is wanted. */
function pwnedPasswordsOf(given: string | undefined, production: boolean): string | undefined {
  if (given === 'off') return undefined;
  return given ?? (production ? 'https://api.pwnedpasswords.com' : undefined);
}

/** The app of this relay on Shopify; nothing where it has none. `partner` is what tells the plan that a shop has. */
function shopifyOf(env: z.infer<typeof variables>) {
  const { SHOPIFY_API_KEY: apiKey, SHOPIFY_API_SECRET: apiSecret, SHOPIFY_PARTNER_TOKEN: token } = env;
  const { SHOPIFY_PARTNER_ORGANIZATION_ID: organizationId, SHOPIFY_APP_ID: appId } = env;
  if (!apiKey || !apiSecret) return undefined;
  const partner = token && organizationId && appId ? { organizationId, token, appId } : undefined;
  return { apiKey, apiSecret, appHandle: env.SHOPIFY_APP_HANDLE, partner };
}

function ownSecretKey(dataDir: string): Uint8Array {
  const file = path.join(dataDir, 'secret-key');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  try {
    // "wx" fails where the file exists: two processes that start at once end up with one key.
    writeFileSync(file, randomBytes(32).toString('base64'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const key = Buffer.from(readFileSync(file, 'utf8'), 'base64');
  if (key.length !== 32) throw new ConfigError(`${file} does not hold 32 bytes in base64; restore it from a backup.`);
  return new Uint8Array(key);
}
