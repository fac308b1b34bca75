import { z } from 'zod';
import { platform } from './connect.ts';
import { periodQuery } from './page.ts';
import { text, timestamp, userEmail, uuid, webUrl } from './primitives.ts';
import { role } from './roles.ts';

/** More are no choice that somebody makes by hand. */
const SITES_MAX = 200;

const name = (max: number) => text(max, 1).refine(value => value.trim() !== '', 'is empty');
const secret = z.string().regex(/^[\x21-\x7e]{1,512}$/, 'has 1 to 512 visible ASCII characters');

/** What somebody of the team may do, and at which sites. */
const grant = { role, siteIds: z.array(uuid).max(SITES_MAX).nullable().describe('null: every site, also later ones') };
const ownersSeeAll = {
  test: (given: { role: string; siteIds: string[] | null }) => given.role !== 'owner' || given.siteIds === null,
  otherwise: { path: ['siteIds'], message: 'is null for an owner, who sees every site' },
};

export const accountRequest = z.strictObject({ name: name(120) });
export type AccountRequest = z.infer<typeof accountRequest>;

export const accountSchema = z.object({
  accountId: uuid,
  name: z.string(),
  createdAt: timestamp,
  deleteAt: timestamp.nullable().describe('when it is deleted, where an owner asked for that'),
});
export type Account = z.infer<typeof accountSchema>;

export const accountSite = z.object({
  siteId: uuid,
  siteKey: z.string(),
  name: z.string(),
  platform: platform.nullable().describe('null: its pages carry the snippet'),
  homeUrl: z.string().nullable().describe('where the site is'),
  connected: z.boolean().describe('whether anybody has a valid secret of it; its widget is not served else'),
});
export type AccountSite = z.infer<typeof accountSite>;
export const accountSitePage = z.object({ items: z.array(accountSite), nextCursor: z.string().nullable() });
export type AccountSitePage = z.infer<typeof accountSitePage>;

/** An account as one of its members sees it. */
export const accountOfUser = z.object({
  accountId: uuid,
  name: z.string(),
  role,
  deleteAt: timestamp.nullable(),
  sites: z.array(accountSite).describe('those that the user may see'),
});
export type AccountOfUser = z.infer<typeof accountOfUser>;

export const siteRequest = z.strictObject({
  name: name(120),
  origin: webUrl
    .refine(value => URL.parse(value)?.origin === value, 'is not an origin such as https://shop.example')
    .describe('whose pages may carry the widget'),
});
export type SiteRequest = z.infer<typeof siteRequest>;

export const snippetResponse = z.object({
  snippet: z.string().describe('HTML for the pages of the site; the widget’s files come from this relay'),
});
export type SnippetResponse = z.infer<typeof snippetResponse>;

export const siteCreated = z.object({
  siteId: uuid,
  siteKey: z.string(),
  siteSecret: z.string().describe('shown this once'),
  snippet: snippetResponse.shape.snippet,
});
export type SiteCreated = z.infer<typeof siteCreated>;

export const adoptRequest = z.strictObject({ siteSecret: secret.describe('of a site of no account') });
export const adoptResponse = z.object({ siteId: uuid });

export const siteSecretResponse = z.object({
  siteSecret: z.string().describe('shown this once'),
  previousUntil: timestamp.nullable().describe('until when the one before is valid too; null: there was none'),
});
export type SiteSecretResponse = z.infer<typeof siteSecretResponse>;

export const member = z.object({
  userId: uuid,
  name: z.string(),
  email: z.string(),
  ...grant,
  createdAt: timestamp.describe('since when they belong to the account'),
  twoFactor: z.boolean(),
});
export type Member = z.infer<typeof member>;
export const memberPage = z.object({ items: z.array(member), nextCursor: z.string().nullable() });
export type MemberPage = z.infer<typeof memberPage>;

export const memberUpdate = z.strictObject(grant).refine(ownersSeeAll.test, ownersSeeAll.otherwise);
export type MemberUpdate = z.infer<typeof memberUpdate>;

export const invitationRequest = z
  .strictObject({ email: userEmail, ...grant })
  .refine(ownersSeeAll.test, ownersSeeAll.otherwise);
export type InvitationRequest = z.infer<typeof invitationRequest>;

export const invitation = z.object({
  invitationId: uuid,
  email: z.string(),
  ...grant,
  createdAt: timestamp,
  expiresAt: timestamp,
});
export type Invitation = z.infer<typeof invitation>;
export const invitationPage = z.object({ items: z.array(invitation), nextCursor: z.string().nullable() });
export type InvitationPage = z.infer<typeof invitationPage>;

export const invitationToken = z.strictObject({ token: secret.describe('of the link in the mail') });

export const invitationLook = z.object({
  accountName: z.string().nullable().describe('null: it makes an account of one’s own'),
  email: z.string().describe('the only address that may accept it'),
  role,
  hasUser: z.boolean().describe('whether that address can sign in here already; else it signs up first'),
});
export type InvitationLook = z.infer<typeof invitationLook>;

export const invitationAccepted = z.object({ accountId: uuid });

export const transferRequest = z.strictObject({ userId: uuid.describe('of a member, who becomes an owner') });

export const auditQuery = periodQuery.extend({
  actorId: uuid.optional(),
  action: z
    .string()
    .regex(/^[A-Za-z]{1,64}$/, 'is not the name of an operation such as putSettings')
    .optional(),
});
export type AuditQuery = z.infer<typeof auditQuery>;

export const auditEntry = z.object({
  id: uuid,
  at: timestamp,
  actor: z.object({ userId: uuid.nullable(), name: z.string() }).describe('the name that they had then'),
  action: z.string().describe('the `operationId` of the call'),
  siteId: uuid.nullable(),
  details: z.looseObject({}).describe('ids, and names of settings; never a value'),
});
export type AuditEntry = z.infer<typeof auditEntry>;
export const auditPage = z.object({ items: z.array(auditEntry), nextCursor: z.string().nullable() });
export type AuditPage = z.infer<typeof auditPage>;
