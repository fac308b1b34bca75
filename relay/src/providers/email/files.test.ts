import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import PostalMime from 'postal-mime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedData } from '../../../../e2e/fakes/shared-data.ts';
import { type MailFolder, mailFolder } from './files.ts';

const never = new AbortController().signal;
let dir: string;
let folder: MailFolder;
beforeAll(async () => {
  dir = path.join(await mkdtemp(path.join(tmpdir(), 'confab-mail-')), 'mail');
  folder = mailFolder(dir);
});
afterAll(() => rm(path.dirname(dir), { recursive: true, force: true }));

const send = async (more: object = {}) => {
  const id = crypto.randomUUID();
  const mail = {
    id,
    from: 'chat@relay.example',
    to: 'ann@example.com',
    subject: 'Hello',
    html: '<p>Hi</p>',
    text: 'Hi',
  };
  await folder.mailer.send({ ...mail, headers: {}, ...more }, never);
  const bytes = await readFile(path.join(dir, `${id}.eml`));
  return { id, bytes, parsed: await PostalMime.parse(bytes) };
};

describe('e-mails as files', () => {
  it('are what mail programs open: headers, text and HTML in any script', async () => {
    const html = '<p dir="auto">שלום – Größe 🧶</p>';
    const headers = { 'List-Unsubscribe': '<https://relay.example/emails/unsubscribe?token=a.b>' };
    const { id, bytes, parsed } = await send({
      subject: 'Ihr Chat mit Größenwahn 🧶',
      html,
      text: 'שלום\nGröße',
      headers,
    });
    expect(parsed).toMatchObject({
      subject: 'Ihr Chat mit Größenwahn 🧶',
      from: { address: 'chat@relay.example' },
      to: [{ address: 'ann@example.com' }],
      messageId: `<${id}@relay.example>`,
    });
    expect(parsed.html?.trim()).toBe(html);
    expect(parsed.text?.trim()).toBe('שלום\nGröße');
    const raw = bytes.toString('latin1');
    expect(raw).toMatch(/^Content-Type: multipart\/alternative;/m);
    expect(raw).toMatch(/^Subject: =\?UTF-8\?/m);
    expect(raw).toContain('List-Unsubscribe: <https://relay.example/emails/unsubscribe?token=a.b>');
    expect(Math.max(...raw.split('\r\n').map(line => line.length))).toBeLessThan(999);
  });

  it('are for the owner of the process alone, whole or not there, and one for each id', async () => {
    const { id } = await send();
    await folder.mailer.send(
      { id, from: 'a@b.example', to: 'ann@example.com', subject: 'Again', html: 'x', text: 'x', headers: {} },
      never,
    );
    const names = (await readdir(dir)).filter(name => name.startsWith(id));
    expect(names).toEqual([`${id}.eml`]);
    expect((await stat(path.join(dir, `${id}.eml`))).mode & 0o777).toBe(0o600);
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    expect((await folder.read(id))?.subject).toBe('Again');
  });

  it('hold no header that a text brought along', async () => {
    const evil = 'Hello\r\nBcc: all@example.com\r\n\r\n<script>';
    const { parsed } = await send({ subject: evil, headers: { 'X-Site': evil } });
    expect(parsed.headers.filter(({ key }) => key === 'bcc')).toEqual([]);
    expect(parsed.bcc).toBeUndefined();
    expect(parsed.text?.trim()).toBe('Hi');
  });

  const strings: string[] = (sharedData('fetched/security/naughty_strings.json.gz') ?? []).slice(0, 500);
  it.skipIf(strings.length === 0)('say what they were given, whatever it is', async () => {
    const text = strings.map(each => each.replace(/[\r\0]/g, '').trimEnd()).join('\n');
    const { parsed } = await send({ text, subject: 'x' });
    expect(parsed.text?.trimEnd()).toBe(text.trimEnd());
  });

  it('are listed newest first, read, and taken away; of what is no mail nothing is told', async () => {
    const [old, young] = [await send({ subject: 'Old' }), await send({ subject: 'Young' })];
    const past = new Date(Date.now() - 60_000);
    await utimes(path.join(dir, `${old.id}.eml`), past, past);
    await writeFile(path.join(dir, `${crypto.randomUUID()}.x.half`), 'half');
    const ids = (await folder.list()).map(({ id }) => id);
    expect(ids.indexOf(young.id)).toBeLessThan(ids.indexOf(old.id));
    await folder.remove([old.id]);
    expect(await folder.read(old.id)).toBeUndefined();
    for (const id of ['../secret-key', 'x', '']) expect(await folder.read(id)).toBeUndefined();
    await folder.sweep(new Date(Date.now() + 60_000));
    expect((await readdir(dir)).filter(name => name.endsWith('.half'))).toEqual([]);
  });
});
