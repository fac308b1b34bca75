import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/browser';
import { __ } from '@wordpress/i18n';
import type { ApiError } from '../client.ts';

// Few need it, so its code comes when it is asked for.
const browser = () => import(/* webpackChunkName: "passkeys" */ '@simplewebauthn/browser');

/** Whether this browser knows passkeys. */
export const knowsPasskeys = (): boolean => 'PublicKeyCredential' in window;

/** Has the browser sign in by a passkey that it holds. Throws an `ApiError` where somebody chose none. */
export async function provePasskey(optionsJSON: PublicKeyCredentialRequestOptionsJSON): Promise<unknown> {
  return (await browser()).startAuthentication({ optionsJSON }).catch(notChosen);
}

/** Has the browser make a passkey. Throws an `ApiError` where that was broken off. */
export async function makePasskey(optionsJSON: PublicKeyCredentialCreationOptionsJSON): Promise<unknown> {
  return (await browser()).startRegistration({ optionsJSON }).catch(notChosen);
}

function notChosen(): never {
  const refusal: ApiError = {
    code: 'passkey_not_chosen',
    status: 0,
    message: __('No passkey was used. Try again, or take another way.', 'confab'),
  };
  throw refusal;
}
