import { createHash } from 'node:crypto';
import { hash as argon2Hash, verify as argon2Verify } from '@node-rs/argon2';
import { AppError } from '../../lib/app-error.ts';
import { COMMON_PARTS, COMMON_PASSWORDS } from './common-passwords.ts';

/** OWASP, Password Storage: argon2id with 19 MiB, two passes and one lane; argon2id is what the package takes by itself. */
const ARGON2ID = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** So much must be left of a password when its owner's name and address, and what everybody takes, are taken out of it. */
const OWN_MIN = 6;
const DIFFERENT_MIN = 5;
const PWNED_MS = 1_500;

export type Passwords = ReturnType<typeof createPasswords>;

type Deps = {
  /** The range API of Have I Been Pwned, or one that speaks as it does; nobody is asked without one. */
  pwnedUrl: string | undefined;
  fetch: typeof globalThis.fetch;
};

/** How passwords are kept, and which are refused. */
export function createPasswords({ pwnedUrl, fetch }: Deps) {
  return {
    hash: (password: string): Promise<string> => argon2Hash(password.normalize('NFKC'), ARGON2ID),

    verify: ({ hash, password }: { hash: string; password: string }): Promise<boolean> =>
      argon2Verify(hash, password.normalize('NFKC')),

    /** Throws `password_refused` for what is guessed first; its length is the schema's matter. */
    async check(password: string, owner: { email: string; name: string }): Promise<void> {
      const isRefused = isEasy(password, owner) || (await isBreached(password));
      if (!isRefused) return;
      throw new AppError(
        'password_refused',
        'This password is easy to guess, or it stands in a list of stolen ones. Choose another, such as a few words in a row.',
        { errors: [{ path: 'password', message: 'is too easy to guess' }] },
      );
    },
  };

  /** By the first five hexadecimal digits of its SHA-1, which thousands share. Whoever cannot be asked refuses nothing. */
  async function isBreached(password: string): Promise<boolean> {
    if (!pwnedUrl) return false;
    const hash = createHash('sha1').update(password).digest('hex').toUpperCase();
    try {
      const reply = await fetch(`${pwnedUrl.replace(/\/$/, '')}/range/${hash.slice(0, 5)}`, {
        // Answers of one length tell nobody on the way which of them it was.
        headers: { 'Add-Padding': 'true' },
        signal: AbortSignal.timeout(PWNED_MS),
      });
      if (!reply.ok) return false;
      const lines = (await reply.text()).split(/\r?\n/).map(line => line.split(':'));
      return lines.some(([suffix, count]) => suffix?.toUpperCase() === hash.slice(5) && Number(count) > 0);
    } catch {
      return false;
    }
  }
}

/** Whether the password is one of those that are tried first, or says little more than who its owner is. */
export function isEasy(password: string, { email, name }: { email: string; name: string }): boolean {
  const plain = withoutDisguise(password);
  if (new Set(plain).size < DIFFERENT_MIN || isRun(plain)) return true;
  if (COMMON_PASSWORDS.has(password.toLowerCase()) || COMMON_PASSWORDS.has(plain)) return true;
  const [local = '', domain = ''] = email.toLowerCase().split('@');
  const own = [email, local, ...local.split(/[^\p{L}\p{N}]+/u), domain.split('.')[0] ?? '', ...name.split(/\s+/), name]
    .map(withoutDisguise)
    .filter(part => part.length >= 4);
  const parts = [...own, ...COMMON_PARTS].sort((a, b) => b.length - a.length);
  const left = parts.reduce((text, part) => text.replaceAll(part, ' '), plain);
  // Years and a few signs behind a word are what everybody adds.
  const rest = left === plain ? plain : left.replace(/\d{1,4}(?=\D|$)/g, ' ');
  return rest.replace(/[^\p{L}\p{N}]/gu, '').length < OWN_MIN && left !== plain;
}

const DISGUISES: Record<string, string> = {
  '@': 'a',
  '4': 'a',
  '3': 'e',
  '1': 'i',
  '!': 'i',
  '0': 'o',
  $: 's',
  '5': 's',
};

/** In small letters and without the signs that stand for letters, where it has letters at all. */
function withoutDisguise(text: string): string {
  const lower = text.normalize('NFKC').toLowerCase();
  return /\p{L}/u.test(lower)
    ? lower.replace(/(?<=\p{L})[@4310!$5](?=\p{L})/gu, sign => DISGUISES[sign] ?? sign)
    : lower;
}

/** `1234567890`, `abcdefghij` and the like, either way. */
function isRun(text: string): boolean {
  const codes = [...text].map(sign => sign.codePointAt(0) as number);
  const steps = codes.slice(1).map((code, at) => code - (codes[at] as number));
  return steps.every(step => step === 1) || steps.every(step => step === -1);
}
