import { createHash, randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { AccountExport, AccountExportList } from '@confab/contract';
import { strFromU8, unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { mailsTo, signUp, type User } from '../../../../e2e/console.ts';
import { listeningIo, oneDatabase, ownerClient, pages, startTestRelay, type TestRelay } from '../../../../e2e/relay.ts';
import { runCommand } from '../../cli/commands.ts';

const HOUR_MS = 60 * 60 * 1_000;
type Site = Awaited<ReturnType<ReturnType<typeof ownerClient>['connect']>>;

describe.each(oneDatabase)('the archive of an account on %s', database => {
  let relay: TestRelay;
  let owner: User;
  let accountId: string;
  let site: Site;
  let restricted: { conversationId: string; words: string };
  beforeAll(async () => {
    relay = await startTestRelay({ database });
    owner = await signUp(relay, { name: 'Ada <b>Owner</b>' });
    accountId = (await owner.me()).accounts[0]?.accountId as string;
    site = await ownerClient(relay, owner).connect('https://shop.example');
    await fill(site);
  });
  afterAll(() => relay.stop());

  /** Something of every kind that visitors and owners bring. */
  async function fill({ widget, plugin, siteSecret }: Site): Promise<void> {
    await plugin.sync({ upsert: pages });
    await plugin.change(({ answers, ...settings }) => ({
      ...settings,
      answers: { ...answers, openai: { ...answers.openai, apiKey: 'key-of-the-site' } },
    }));
    const handle = await widget.begin('Is the zanzibarine wool warm?', ['storage', 'analytics']);
    await widget.pageview({ conversationId: handle });
    await widget.lead({ fields: { email: 'zoe@people.example' }, conversationId: handle });
    await widget.decide('declined');
    restricted = { words: 'Do not show quaggas', conversationId: '' };
    const quiet = await widget.begin(restricted.words);
    const known = await relay.services.sites.byKey(site.siteKey);
    restricted.conversationId = (await relay.services.conversations.look(known, quiet))?.id as string;
    const subject = { conversationId: restricted.conversationId };
    await plugin.requestData({ type: 'restriction', subject });
    await plugin.hold({ conversationId: restricted.conversationId, reason: 'A dispute', author: 'Ann' });
    await fetch(`${plugin.base}/webhooks`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${siteSecret}` },
      body: JSON.stringify({ url: 'https://shop.example/hook', events: ['lead.created'] }),
    });
  }

  const address = (more = '') => `/v1/accounts/${accountId}/exports${more}`;
  const list = async (who = owner) => (await who.request<AccountExportList>('GET', address())).body.items;
  const ready = async () =>
    vi.waitFor(
      async () => {
        const [made] = await list();
        expect(made?.status).toBe('ready');
        return made as AccountExport;
      },
      { timeout: 15_000 },
    );
  const download = (id: string, headers: Record<string, string> = { Cookie: owner.cookie }) =>
    fetch(`${relay.url}${address(`/${id}/archive`)}`, { headers });

  async function archive() {
    const asked = await owner.request<AccountExport>('POST', address());
    expect(asked).toMatchObject({ status: 202, body: { status: 'making', bytes: null } });
    const made = await ready();
    expect(made.exportId).toBe(asked.body.exportId);
    const answer = await download(made.exportId);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    return { made, answer, bytes, files: unzipSync(bytes) };
  }

  it('is made once, has everything of the account, and says of it what it is', async () => {
    const { made, answer, bytes, files } = await archive();
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/zip',
      'content-length': String(made.bytes),
      'content-disposition': expect.stringMatching(/^attachment; filename="confab-\d{4}-\d\d-\d\d\.zip"$/),
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    expect(bytes.length).toBe(made.bytes);

    const text = (name: string) => strFromU8(files[name] as Uint8Array);
    // biome-ignore lint/suspicious/noExplicitAny: each file has its own columns
    const rows = (name: string): any[] =>
      text(name)
        .split('\n')
        .filter(Boolean)
        .map(line => JSON.parse(line));
    const of = (name: string) => rows(`sites/${site.siteKey}/${name}.jsonl`);
    expect(rows('account.jsonl')).toMatchObject([{ id: accountId, name: 'Ada <b>Owner</b>' }]);
    expect(rows('members.jsonl')).toMatchObject([{ role: 'owner', name: 'Ada <b>Owner</b>', email: owner.email }]);
    expect(rows('audit.jsonl').map(({ action }) => action)).toContain('connectSite');
    expect(of('site')).toMatchObject([{ id: site.siteId, settings: { name: 'shop.example' } }]);
    expect(of('messages').map(({ text: said }) => said)).toContain('Is the zanzibarine wool warm?');
    expect(of('leads')).toMatchObject([{ email: 'zoe@people.example' }]);
    expect(of('page-views')).toHaveLength(1);
    expect(of('documents')).toHaveLength(pages.length);
    expect(
      of('passages')
        .map(({ text: said }) => said)
        .join(),
    ).toContain('Shetland');
    expect(of('webhooks')).toMatchObject([{ url: 'https://shop.example/hook' }]);
    expect(of('legal-holds')).toHaveLength(1);
    expect(of('data-requests')).toMatchObject([{ type: 'restriction' }]);

    const index = JSON.parse(text('index.json'));
    expect(index).toMatchObject({ format: 'confab-account', version: 1, account: { accountId } });
    const listed = index.files as { path: string; rows: number; bytes: number; sha256: string; schema: object }[];
    expect(
      listed
        .map(({ path: name }) => name)
        .concat('index.json', 'index.html')
        .sort(),
    ).toEqual(Object.keys(files).sort());
    for (const { path: name, rows: many, bytes: size, sha256 } of listed) {
      const content = files[name] as Uint8Array;
      expect([name, content.length, createHash('sha256').update(content).digest('hex')]).toEqual([name, size, sha256]);
      if (!name.endsWith('consents.jsonl')) expect([name, rows(name).length]).toEqual([name, many]);
    }
    const schema = listed.find(({ path: name }) => name.endsWith('/leads.jsonl'))?.schema as { required: string[] };
    expect(Object.keys(of('leads')[0]).sort()).toEqual(schema.required.toSorted());

    const page = text('index.html');
    expect(page).toContain('Everything of Ada &#60;b&#62;Owner');
    for (const name of Object.keys(files).filter(each => each.endsWith('.jsonl'))) expect(page).toContain(`"${name}"`);
    expect(page).not.toMatch(/<script|src=/);
  });

  it('has a consent log that verifies, alone', async () => {
    const { files } = await archive();
    const log = strFromU8(files[`sites/${site.siteKey}/consents.jsonl`] as Uint8Array);
    const file = path.join(relay.dataDir, 'consents.jsonl');
    await writeFile(file, log);
    const { said, io } = listeningIo();
    const argv = ['consent', 'verify', file, '--key', relay.services.keyring.logKeys[0]?.id as string];
    const code = await runCommand(argv, io, async () => relay.services, new AbortController().signal);
    expect([code, said.err]).toEqual([0, '']);
  });

  it('has no secret, no hash of one, and nothing that people had restricted', async () => {
    const { files } = await archive();
    const all = Object.values(files)
      .map(bytes => strFromU8(bytes))
      .join('\n');
    const { secretHash } = (await relay.rows('Site')).find(({ id }) => id === site.siteId);
    const [{ handleHash }] = await relay.rows('Conversation', { id: site.siteId });
    const [{ token }] = await relay.rows('Session');
    const [{ password }] = await relay.rows('Credential');
    for (const secret of [site.siteSecret, 'key-of-the-site', secretHash, handleHash, token, password]) {
      expect(all.includes(secret), secret).toBe(false);
    }
    expect(all).not.toMatch(/ciphertext|whsec|secretHash|tokenHash|subjectKey/);
    expect(all).not.toContain(restricted.words);
    const conversations = strFromU8(files[`sites/${site.siteKey}/conversations.jsonl`] as Uint8Array);
    const kept = conversations
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line));
    expect(kept.find(({ id }) => id === restricted.conversationId)).toMatchObject({
      pageUrl: null,
      restrictedAt: expect.any(String),
    });
  });

  it('is one at a time, and the newest takes the place of the one before', async () => {
    const [one, two] = await Promise.all([owner.request('POST', address()), owner.request('POST', address())]);
    expect(one.body.exportId).toBe(two.body.exportId);
    const first = await ready();
    const { made } = await archive();
    expect((await list()).map(({ exportId }) => exportId)).toEqual([made.exportId]);
    expect((await download(first.exportId)).status).toBe(404);
  });

  it('is an owner’s: nobody else asks for it, sees it, or fetches it', async () => {
    const { made } = await archive();
    const stranger = await signUp(relay);
    expect((await download(made.exportId, {})).status).toBe(401);
    expect((await download(made.exportId, { Cookie: stranger.cookie })).status).toBe(404);
    const { user } = await stranger.me();
    for (const role of ['reader', 'agent', 'manager']) {
      const grant = { role, allSites: true, siteIds: [], createdAt: new Date() };
      const key = { accountId, userId: user.id };
      await relay.db.member.upsert({
        where: { accountId_userId: key },
        create: { ...key, ...grant },
        update: { role },
      });
      for (const call of [stranger.request('POST', address()), stranger.request('GET', address())]) {
        expect((await call).status).toBe(403);
      }
      expect((await download(made.exportId, { Cookie: stranger.cookie })).status).toBe(403);
    }
    await relay.db.member.delete({ where: { accountId_userId: { accountId, userId: user.id } } });
    // Nor by the id of another account’s.
    const own = (await stranger.me()).accounts[0]?.accountId;
    const theirs = await stranger.request('GET', `/v1/accounts/${own}/exports/${made.exportId}/archive`);
    expect(theirs.status).toBe(404);
  });

  it('tells who asked for it, and the audit log who fetched it', async () => {
    const { made } = await archive();
    await vi.waitFor(
      async () => {
        const subjects = (await mailsTo(relay, owner.email)).map(({ text }) => text);
        expect(subjects.some(words => words.includes('/console/account'))).toBe(true);
      },
      { timeout: 10_000 },
    );
    const actions = (await relay.rows('AuditEntry')).filter(({ details }) => details.id === made.exportId);
    expect(actions).toMatchObject([
      { action: 'downloadAccountExport', accountId, actorId: (await owner.me()).user.id },
    ]);
  });

  it('is there for a day, and then its bytes are gone', async () => {
    const { made } = await archive();
    const left = Date.parse(made.expiresAt) - Date.parse(made.completedAt as string);
    expect(left).toBe(24 * HOUR_MS);
    await relay.db.accountExport.updateMany({ data: { expiresAt: new Date() } });
    expect((await download(made.exportId)).status).toBe(404);
    await relay.services.exports.purge();
    expect([await list(), await relay.rows('AccountExportPiece')]).toEqual([[], []]);
  });

  it('begins anew where a relay was stopped in the middle', async () => {
    const { body } = await owner.request<AccountExport>('POST', address());
    await ready();
    await relay.db.accountExport.updateMany({ data: { status: 'making' } });
    const stopped = new AbortController();
    stopped.abort();
    await expect(relay.services.exports.make(accountId, body.exportId, stopped.signal)).rejects.toThrow();
    await relay.services.exports.make(accountId, body.exportId, new AbortController().signal);
    const made = await ready();
    const files = unzipSync(new Uint8Array(await (await download(made.exportId)).arrayBuffer()));
    expect(Object.keys(files)).toContain('index.html');
  });

  it('has every page of a long table', async () => {
    const conversation = (await relay.rows('Conversation', { id: site.siteId })).find(row => row.restrictedAt === null);
    const at = new Date();
    await relay.db.message.createMany({
      data: Array.from({ length: 2_500 }, (_, index) => ({
        siteId: site.siteId,
        conversationId: conversation.id,
        id: randomUUID(),
        turnId: randomUUID(),
        clientTurnId: randomUUID(),
        role: 'visitor',
        text: `message ${index}`,
        citations: [],
        status: 'complete',
        createdAt: at,
      })),
    });
    const { files } = await archive();
    const lines = strFromU8(files[`sites/${site.siteKey}/messages.jsonl`] as Uint8Array)
      .split('\n')
      .filter(Boolean);
    const said = new Set(lines.map(line => JSON.parse(line).text).filter(words => words.startsWith('message ')));
    expect(said.size).toBe(2_500);
  });
});
