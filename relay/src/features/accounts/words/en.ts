type Said = { subject: string; lines: string[]; label?: string };

/** Something of weight happened: who did not do it has to know what to do. */
const notYou = 'If that was not you, set a new password now and look at your sessions.';
const security = 'Open your account';

/** Where plans, cards and invoices are. */
const billing = 'Open plans and payments';
/** What happens past the limit, and what happens without a plan: the same in each mail that speaks of it. */
const servedOn =
  'Your visitors are served on: conversations that begin after that are answered by quoting your pages, without a language model. Nothing is lost, and conversations that are under way are not touched.';
const freePlan =
  'The account then goes on with the free plan. Nothing is deleted: sites, conversations, leads and settings stay, and more than the free plan includes cannot be added.';

/** The words of the mails to users. Every value that comes from outside stands in them as text. */
export const en = {
  lang: 'en',
  when: 'When',
  address: 'IP address',
  browser: 'Browser',
  verify: {
    subject: 'Confirm your e-mail address',
    lines: [
      'Somebody signed up for Confab with this address. If that was you, confirm it: the link works for 24 hours.',
      'If it was not you, do nothing. Nothing is kept then.',
    ],
    label: 'Confirm this address',
  } as Said,
  exists: {
    subject: 'You have an account already',
    lines: [
      'Somebody, perhaps you, signed up for Confab with this address, or wanted to change theirs to it. It has an account already, and nothing has changed.',
      'Sign in as usual. If you do not know the password any more, ask for a new one there.',
    ],
    label: 'Sign in',
  } as Said,
  reset: {
    subject: 'Set a new password',
    lines: [
      'Somebody asked for a new password for the account of this address. The link works once, for an hour, and signs you out everywhere.',
      'If it was not you, do nothing: your password stays.',
    ],
    label: 'Set a new password',
  } as Said,
  confirm_email: {
    subject: 'Confirm your new e-mail address',
    lines: [
      'You asked to sign in with this address from now on. Confirm it in the browser in which you are signed in: the link works for 24 hours.',
      'If it was not you, do nothing.',
    ],
    label: 'Confirm this address',
  } as Said,
  email_change_asked: {
    subject: 'Your e-mail address is about to change',
    lines: ['Somebody who is signed in as you asked to change the e-mail address of your account.', notYou],
    label: security,
  } as Said,
  email_changed: {
    subject: 'Your e-mail address has changed',
    lines: [
      'You sign in with another e-mail address from now on. This one no longer belongs to an account.',
      'If that was not you, write to whoever runs this relay.',
    ],
  } as Said,
  password_changed: {
    subject: 'Your password has changed',
    lines: ['The password of your account has changed. All other sessions have ended.', notYou],
    label: security,
  } as Said,
  two_factor_on: {
    subject: 'Codes are on',
    lines: ['From now on a code of your app is asked for after your password.', notYou],
    label: security,
  } as Said,
  two_factor_off: {
    subject: 'Codes are off',
    lines: ['No code is asked for after your password any more.', notYou],
    label: security,
  } as Said,
  recovery_code_used: {
    subject: 'A recovery code was used',
    lines: ['Somebody signed in as you with one of your recovery codes. It does not work again.', notYou],
    label: security,
  } as Said,
  recovery_codes_new: {
    subject: 'You have new recovery codes',
    lines: ['New recovery codes were made for your account. The old ones no longer work.', notYou],
    label: security,
  } as Said,
  passkey_added: {
    subject: 'A passkey was added',
    lines: ['A passkey was added to your account. Whoever has it can sign in as you.', notYou],
    label: security,
  } as Said,
  passkey_removed: {
    subject: 'A passkey was removed',
    lines: ['A passkey of your account was removed.', notYou],
    label: security,
  } as Said,
  new_device: {
    subject: 'Somebody signed in on a new device',
    lines: ['Your account was used in a browser that we have not seen before.', notYou],
    label: security,
  } as Said,
  invitation: (accountName: string | null, inviter: string | null): Said => ({
    subject: accountName ? `You are invited to ${accountName}` : 'You are invited to Confab',
    lines: [
      accountName
        ? `${inviter ?? 'Somebody'} invites you to the team of ${accountName} at Confab.`
        : 'You may open an account at this relay.',
      'The link is for this address alone, and works for 7 days. If you did not expect it, do nothing.',
    ],
    label: 'Look at the invitation',
  }),
  deletion_planned: (accountName: string, day: string): Said => ({
    subject: `The account ${accountName} will be deleted`,
    lines: [
      `An owner asked to delete the account ${accountName} with all its sites and data. That happens on ${day}.`,
      'Until then each owner can stop it, and take the data along.',
    ],
    label: security,
  }),
  deletion_stopped: (accountName: string): Said => ({
    subject: `The account ${accountName} stays`,
    lines: [`The account ${accountName} will not be deleted.`],
    label: security,
  }),
  account_deleted: (accountName: string): Said => ({
    subject: `The account ${accountName} is deleted`,
    lines: [`The account ${accountName} has been deleted with all its sites and data.`],
  }),
  export_ready: (accountName: string): Said => ({
    subject: 'Your archive is ready',
    lines: [`The archive of everything of ${accountName} can be fetched for a day. You have to be signed in for that.`],
    label: 'Fetch the archive',
  }),
  limit_near: (accountName: string, used: string, most: string, day: string): Said => ({
    subject: `${accountName} has used ${used} of ${most} conversations`,
    lines: [
      `${accountName} has used ${used} of the ${most} conversations that its plan includes each month. Nothing stops when they are used up.`,
      servedOn,
      `The count begins anew on ${day} (UTC). If you expect more visitors until then, choose a larger plan.`,
    ],
    label: billing,
  }),
  limit_reached: (accountName: string, used: string, most: string, day: string): Said => ({
    subject: `${accountName} has used all conversations of this month`,
    lines: [
      `${accountName} has used ${used} of the ${most} conversations that its plan includes each month.`,
      servedOn,
      `The count begins anew on ${day} (UTC). If you do not want to wait, choose a larger plan.`,
    ],
    label: billing,
  }),
  payment_failed: (accountName: string, day: string): Said => ({
    subject: `A payment for ${accountName} did not go through`,
    lines: [
      `The last payment for the plan of ${accountName} did not go through. It is tried again, and until ${day} everything works as before.`,
      'Most often the card has expired, or the bank asks for a confirmation. Update the card, or enter another one.',
      `If nothing is paid by ${day}, the plan ends. ${freePlan}`,
    ],
    label: billing,
  }),
  trial_ends: (accountName: string, day: string): Said => ({
    subject: `The trial of ${accountName} ends on ${day}`,
    lines: [
      `Until ${day} the account ${accountName} can try its plan without paying. If a card is stored, the plan goes on, and the first invoice follows.`,
      `If none is stored, the plan ends. ${freePlan}`,
      'Enter a card to keep the plan, or cancel it if you do not want it.',
    ],
    label: billing,
  }),
  plan_ends: (accountName: string, day: string): Said => ({
    subject: `The plan of ${accountName} ends on ${day}`,
    lines: [
      `The plan of ${accountName} was cancelled. It works as before until ${day}, and nothing is charged any more.`,
      freePlan,
      'If you want to keep the plan, say so before that day.',
    ],
    label: billing,
  }),
};

export type AccountWords = typeof en;
