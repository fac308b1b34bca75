import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Mail, Mailer } from './email.ts';

const NAME = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.eml$/;

/** A mail of the folder, as a person looks at it. */
export type KeptMail = {
  id: string;
  at: Date;
  from: string;
  to: string;
  subject: string;
  headers: { name: string; value: string }[];
  html: string;
  text: string;
};

export type MailFolder = ReturnType<typeof mailFolder>;

/** E-mails as files of a folder, for a relay that has nobody to send them: each one an `.eml` that mail programs open. */
export function mailFolder(dir: string) {
  const fileOf = (id: string) => path.join(dir, `${id}.eml`);

  const mailer: Mailer = {
    async send({ id, from, to, subject, html, text, headers }: Mail) {
      const { default: MailComposer } = await import('nodemailer/lib/mail-composer');
      const messageId = `<${id}@${from.slice(from.lastIndexOf('@') + 1)}>`;
      const whole = { from, to, subject, html, text, headers, messageId };
      const bytes = await new MailComposer({ ...whole, disableFileAccess: true, disableUrlAccess: true })
        .compile()
        .build();
      await mkdir(dir, { recursive: true, mode: 0o700 });
      // Whole or not there, whoever reads and whatever happens.
      const half = path.join(dir, `${id}.${randomUUID()}.half`);
      await writeFile(half, bytes, { mode: 0o600 });
      await rename(half, fileOf(id));
      return { providerId: `${id}.eml` };
    },
  };

  return {
    mailer,

    /** The mails that are there, and when each was written; newest first. */
    async list(): Promise<{ id: string; at: Date }[]> {
      const names = await readdir(dir).catch(() => []);
      const all = await Promise.all(
        names.map(async name => {
          const id = NAME.exec(name)?.[1];
          const at = id && (await stat(fileOf(id)).catch(() => undefined))?.mtime;
          return id && at ? [{ id, at }] : [];
        }),
      );
      return all.flat().sort((a, b) => b.at.getTime() - a.at.getTime());
    },

    /** Nothing where it is not there (any more). */
    async read(id: string): Promise<KeptMail | undefined> {
      if (!NAME.test(`${id}.eml`)) return undefined;
      const bytes = await readFile(fileOf(id)).catch(() => undefined);
      const at = (await stat(fileOf(id)).catch(() => undefined))?.mtime;
      if (!bytes || !at) return undefined;
      const { default: PostalMime } = await import('postal-mime');
      const { from, to, subject, headers, html, text } = await PostalMime.parse(bytes);
      return {
        id,
        at,
        from: from?.address ?? '',
        to: (to ?? []).map(({ address }) => address ?? '').join(', '),
        subject: subject ?? '',
        headers: headers.map(({ originalKey, value }) => ({ name: originalKey, value })),
        html: html ?? '',
        text: text ?? '',
      };
    },

    async remove(ids: string[]): Promise<void> {
      for (const id of ids) await rm(fileOf(id), { force: true });
    },

    /** Takes away what a crash left half written. */
    async sweep(before: Date): Promise<void> {
      for (const name of await readdir(dir).catch(() => [])) {
        if (!name.endsWith('.half')) continue;
        const file = path.join(dir, name);
        const at = (await stat(file).catch(() => undefined))?.mtime;
        if (at && at < before) await rm(file, { force: true });
      }
    },
  };
}
