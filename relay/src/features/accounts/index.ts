export { type Accounts, createAccounts } from './accounts.ts';
export type { AccountMail, AccountMails, AccountNews, BillingNews, Notice } from './mails.ts';
export { askedBy, authRoutes, meRoutes } from './routes.ts';
