import type { Me } from '@confab/contract';
import { __ } from '@wordpress/i18n';
import type { ReactNode } from 'react';
import { nextOf } from '../next.ts';
import type { AuthPage } from '../routes.ts';
import { Invitation } from './invitation.tsx';
import { NewPassword, ResetRequest } from './reset.tsx';
import { SecondFactor, SignIn } from './sign-in.tsx';
import { SignUp, Verify } from './sign-up.tsx';

export type AuthProps = {
  page: AuthPage;
  /** Who is signed in already, where somebody is. */
  me?: Me;
  /** Called with where to go, once somebody is signed in. */
  signedIn: (next: string | null) => Promise<void>;
  /** The address of whoever was signed in until just now, whose work waits for them. */
  waitsFor?: string;
};

/** The pages for whoever is not signed in. */
export default function Auth({ page, me, signedIn, waitsFor }: AuthProps): ReactNode {
  const next = nextOf(location.search);
  const token = new URLSearchParams(location.search).get('token') ?? '';
  const done = () => signedIn(next);
  switch (page) {
    case 'sign-in':
      return <SignIn next={next} done={done} waitsFor={waitsFor} />;
    case 'second-factor':
      return <SecondFactor next={next} done={done} />;
    case 'sign-up':
      return <SignUp next={next} />;
    case 'verify':
      return <Verify token={token} done={done} />;
    case 'reset':
      return <ResetRequest next={next} />;
    case 'reset/new':
      return <NewPassword token={token} />;
    case 'invitation':
      return <Invitation token={token} me={me} done={() => signedIn(null)} />;
  }
}

/** What each of them is called, for the title of the page. */
export const authTitle = (page: AuthPage): string =>
  ({
    'sign-in': __('Sign in', 'confab'),
    'second-factor': __('Second step', 'confab'),
    'sign-up': __('Create an account', 'confab'),
    verify: __('Confirm your address', 'confab'),
    reset: __('Forgotten password', 'confab'),
    'reset/new': __('New password', 'confab'),
    invitation: __('Invitation', 'confab'),
  })[page];
