import { z } from 'zod';
import { leadContent } from './lead.ts';
import { isStorable, timestamp, uuid, webUrl } from './primitives.ts';

/** What a site is run by, where a plugin of ours connects it. */
export const platform = z.enum(['wordpress', 'shopify']);
export type Platform = z.infer<typeof platform>;

/** Whether the relay reaches the plugin: `failed` where something else answers at its address. */
export const verification = z.enum(['pending', 'verified', 'unreachable', 'failed']);
export type Verification = z.infer<typeof verification>;

const plain = (url: URL | null): boolean =>
  url !== null && url.username === '' && url.password === '' && url.hash === '' && !url.href.includes('#');

/** URL lets more through, such as ";" and ",", which mean something else in a header. */
const hasHostName = (value: string): boolean => /^(\[[\da-f:.]+]|[\w.-]+)$/.test(URL.parse(value)?.hostname ?? '');

const siteUrl = webUrl
  .refine(value => {
    const url = URL.parse(value);
    return plain(url) && url?.search === '' && !value.includes('?');
  }, 'has a user, a query or a fragment')
  .refine(hasHostName, 'has no host name');

const parameter = z.string('is missing, or given twice');

/** How a plugin begins to connect its site, in its owner's browser (RFC 6749, with the challenge of RFC 7636). */
export const connectRequest = z
  .object({
    // A Shopify shop is connected by installing the app there, and nowhere else.
    platform: platform.extract(['wordpress'], 'is not a platform that is connected here'),
    site_url: siteUrl.describe('the home address of the site'),
    redirect_uri: webUrl.refine(value => plain(URL.parse(value)), 'has a user or a fragment'),
    state: parameter.regex(/^[\x20-\x7e]{1,512}$/, 'has 1 to 512 visible ASCII characters'),
    code_challenge: parameter.regex(/^[A-Za-z0-9_-]{43,128}$/, 'has 43 to 128 characters of base64url'),
    code_challenge_method: z.literal('S256', 'must be S256'),
  })
  .refine(({ site_url, redirect_uri }) => URL.parse(site_url)?.origin === URL.parse(redirect_uri)?.origin, {
    path: ['redirect_uri'],
    message: 'is not on the origin of site_url',
  });
export type ConnectRequest = z.infer<typeof connectRequest>;

const secretText = z.string().min(1).max(512).refine(isStorable, 'has a broken character');

export const connectTokenRequest = z.strictObject({
  code: secretText.describe('of the redirect; good for ten minutes and for one call'),
  codeVerifier: secretText.describe('whose SHA-256 was the code_challenge'),
  siteUrl,
});

export const connectTokenResponse = z.object({
  siteId: uuid,
  siteKey: z.string(),
  siteSecret: z.string().describe('new with every exchange; the one before is void'),
  relayPublicKeys: z.array(z.string()).describe('`whpk_…`, Ed25519 (Standard Webhooks); the one that signs is first'),
});
export type ConnectTokenResponse = z.infer<typeof connectTokenResponse>;

export const verificationResponse = z.object({ verification: verification.nullable() });

export const disconnectRequest = z.strictObject({
  erase: z
    .boolean()
    .describe('true: the site and everything of it is deleted; false: its data stay until their window ends'),
});

/** What the relay asks a plugin, to see that it reaches the site that it gave the secret to. */
export const siteVerify = z.object({
  type: z.literal('site.verify'),
  timestamp,
  data: z.object({ siteId: uuid, challenge: z.string() }),
});
export type SiteVerify = z.infer<typeof siteVerify>;

/** `proof`: HMAC-SHA256 of the challenge, its key the hexadecimal SHA-256 of the site secret as text; hexadecimal. */
export const siteVerifyAnswer = z.object({ proof: z.string() });

/** What the relay tells a plugin when a visitor has left contact details. */
export const leadCreated = z.object({
  type: z.literal('lead.created'),
  timestamp,
  data: z.object({ siteId: uuid, leadId: uuid, ...leadContent }),
});
export type LeadCreated = z.infer<typeof leadCreated>;
