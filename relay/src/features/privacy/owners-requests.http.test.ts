import { personalDataDocument } from '@confab/contract';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { signUp, type User } from '../../../../e2e/console.ts';
import { call, pages, startTestRelay, type TestRelay, type TestSite } from '../../../../e2e/relay.ts';
import type { LiveEvent } from '../../live/live.ts';

describe('a conversation in the hands of its owner', () => {
  let relay: TestRelay;
  let site: TestSite;
  let user: User;
  beforeAll(async () => {
    relay = await startTestRelay();
    site = await relay.site({ documents: pages });
    user = await signUp(relay);
    const accountId = (await user.me()).accounts[0]?.accountId;
    const adopted = await user.request('POST', `/v1/accounts/${accountId}/sites/adopt`, { siteSecret: site.secret });
    expect(adopted.status).toBe(200);
  });
  afterAll(() => relay.stop());

  const path = (id: string, rest = '') => `/v1/sites/${site.id}/conversations/${id}${rest}`;
  async function begun() {
    const handle = await site.widget.begin('Where does the wool come from?');
    await site.widget.lead({ fields: { email: 'ann@shop.example' }, conversationId: handle });
    return { handle, id: (await site.plugin.conversations()).body.items[0]?.id ?? '' };
  }

  it('is erased as its visitor would have it erased, with a record, and everybody who shows it hears of it', async () => {
    const { id, handle } = await begun();
    const heard: LiveEvent[] = [];
    const stop = relay.services.live.on(`site ${site.id}`, event => heard.push(event));
    const erased = await user.request('DELETE', path(id));
    expect(erased.status).toBe(204);
    await vi.waitFor(() => expect(heard).toContainEqual({ type: 'ended', id }));
    stop();
    expect((await user.request('GET', path(id))).status).toBe(404);
    expect((await site.widget.conversation(handle)).status).toBe(404);
    // Which one somebody of the team erased is their doing; the id leads nowhere any more.
    expect(await relay.tablesWith(id)).toEqual(['public."AuditEntry"']);
    const { items } = (await site.plugin.dataRequests('?limit=1')).body;
    expect(items).toMatchObject([
      { type: 'erasure', source: 'console', status: 'completed', counts: { conversations: 1, messages: 2, leads: 1 } },
    ]);
    expect(await user.request('DELETE', path(id))).toMatchObject({
      status: 404,
      body: { code: 'conversation_not_found' },
    });
  });

  it('stays where a legal hold keeps it, and says so', async () => {
    const { id } = await begun();
    const hold = (await site.plugin.hold({ conversationId: id, reason: 'A dispute', author: 'Ann' })).body.legalHoldId;
    expect(await user.request('DELETE', path(id))).toMatchObject({ status: 409, body: { code: 'legal_hold' } });
    expect((await user.request('GET', path(id))).status).toBe(200);
    await site.plugin.endHold(hold);
    expect((await user.request('DELETE', path(id))).status).toBe(204);
  });

  it('is exported as its visitor would export it', async () => {
    const { id, handle } = await begun();
    const { status, body } = await user.request('GET', path(id, '/export'));
    expect(status).toBe(200);
    expect(personalDataDocument.parse(body)).toEqual(body);
    const { generatedAt: _, ...own } = (await site.widget.export(handle)).body;
    expect(body).toMatchObject(own);
    const page = await user.request('GET', path(id, '/export'), undefined, { Accept: 'text/html' });
    expect(page.headers.get('Content-Type')).toContain('text/html');
  });

  it('is not exported while its visitor has restricted it', async () => {
    const { id, handle } = await begun();
    const restrict = { type: 'restriction', changes: { restricted: true } };
    await call('POST', `${site.widget.base}/data-requests`, { bearer: handle, body: restrict });
    expect(await user.request('GET', path(id, '/export'))).toMatchObject({
      status: 403,
      body: { code: 'not_offered' },
    });
  });

  it('is known by its id alone: its visitor’s handle opens nothing here', async () => {
    const { handle } = await begun();
    for (const rest of ['', '/export']) expect((await user.request('GET', path(handle, rest))).status).toBe(404);
    expect((await user.request('DELETE', path(handle))).status).toBe(404);
  });

  it('is erased by the plugin, too, and by nobody of another site', async () => {
    const { id } = await begun();
    const erase = (of: TestSite) => call('DELETE', `${of.plugin.base}/conversations/${id}`, { bearer: of.secret });
    expect((await erase(await relay.site())).status).toBe(404);
    expect((await erase(site)).status).toBe(204);
    expect((await site.plugin.dataRequests('?limit=1')).body.items).toMatchObject([{ source: 'plugin' }]);
  });
});
