import { __ } from '@wordpress/i18n';
import type { ApiError, Role } from '../client.ts';

/** What a refusal means, in the reader's language; what has no words here is told in the relay's. */
export function wordsOf(error: ApiError): string {
  return refusals()[error.code] ?? error.message;
}

const refusals = (): Record<string, string> => ({
  sign_in_refused: __('The e-mail address or the password is wrong.', 'confab'),
  second_factor_refused: __('That code is wrong or too old. Take the one that is shown now.', 'confab'),
  link_invalid: __('This link is wrong, was used before, or is too old. Ask for a new one.', 'confab'),
  password_refused: __(
    'This password is too easy to guess, or has been found in a data breach. Please choose another.',
    'confab',
  ),
  forbidden: __('Your role does not allow this. An owner of the account can change that.', 'confab'),
  last_owner: __('An account needs an owner. Make somebody else an owner first.', 'confab'),
  payment_declined: __(
    'The card could not be charged, so nothing has changed. Update it at Stripe, and try again.',
    'confab',
  ),
  billing_changed: __('What you pay for has changed meanwhile. Please look again.', 'confab'),
  cross_site: __('The request came from another site, so it was refused. Load this page again.', 'confab'),
  confirmation_required: __('The password is wrong.', 'confab'),
  internal: __('Something went wrong on our side. Please try again in a moment.', 'confab'),
  unavailable: __('The relay is not available at the moment. Please try again soon.', 'confab'),
});

export const roleName = (role: Role): string =>
  ({
    reader: __('Read-only', 'confab'),
    agent: __('Agent', 'confab'),
    manager: __('Manager', 'confab'),
    owner: __('Owner', 'confab'),
  })[role];

/** What somebody of that role may do. */
export const roleMeans = (role: Role): string =>
  ({
    reader: __('Sees everything of their sites, and changes nothing.', 'confab'),
    agent: __('Also talks with visitors, corrects answers and works on leads.', 'confab'),
    manager: __('Also changes settings and knowledge, and handles personal data.', 'confab'),
    owner: __('Everything, for every site: team, sites, security and the end of the account.', 'confab'),
  })[role];
