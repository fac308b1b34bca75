import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeWordpress, type SiteBehaviour, startFakeWordpress } from '../../../../e2e/fakes/wordpress-plugin.ts';
import { oneDatabase, ownerClient, SECRET_KEY, SHOP, startTestRelay, type TestRelay } from '../../../../e2e/relay.ts';

type Connected = Awaited<ReturnType<ReturnType<typeof ownerClient>['connect']>>;

const eventually = (what: () => unknown) => expect.poll(what, { timeout: 25_000, interval: 100 });

describe.each(oneDatabase)('a WordPress site on %s', database => {
  let relay: TestRelay;
  let wordpress: FakeWordpress;
  beforeAll(async () => {
    relay = await startTestRelay({ database });
  });
  afterAll(() => relay.stop());
  beforeEach(async () => {
    wordpress = await startFakeWordpress();
  });
  afterEach(() => wordpress.close());

  /** As the plugin does it: connect, and keep what the exchange gave. */
  async function connect(): Promise<Connected> {
    const site = await ownerClient(relay).connect(wordpress.url);
    wordpress.keep(site);
    return site;
  }

  /** What the relay found out about the connection of a site, without the moment that it gives the plugin. */
  async function found(site: Connected): Promise<unknown> {
    await hurry('connect.check');
    await eventually(() => stateOf(site)).not.toBe('pending');
    return stateOf(site);
  }

  const stateOf = async ({ plugin }: Connected) => (await plugin.site()).body.verification;

  async function verified(): Promise<Connected> {
    const site = await connect();
    expect(await found(site)).toBe('verified');
    return site;
  }

  // biome-ignore lint/suspicious/noExplicitAny: each table has its own columns
  const jobs = (queue: string, siteId: string): Promise<any[]> =>
    relay.db.$queryRaw`
      SELECT state::text, data, output::text, retry_limit AS retries FROM pgboss.job
      WHERE name = ${queue} AND data ->> 'siteId' = ${siteId} ORDER BY created_on`;
  /** Nobody waits here for the pause before a try. */
  async function hurry(queue: string): Promise<void> {
    await relay.db.$executeRaw`
      UPDATE pgboss.job SET start_after = now() WHERE name = ${queue} AND state IN ('created', 'retry')`;
    await relay.services.jobs.wake(queue);
  }
  // biome-ignore lint/suspicious/noExplicitAny: each table has its own columns
  const deliveries = async (siteId: string): Promise<any[]> =>
    (await relay.rows('Delivery', { id: siteId })).filter(({ target }) => target === 'wordpress');
  const states = async (siteId: string) => (await deliveries(siteId)).map(({ state }) => state);
  /** The end of each try so far, of all leads of the site. */
  const tries = async (siteId: string): Promise<string[]> =>
    (await deliveries(siteId)).flatMap(({ log }) => log.map((each: { outcome: string }) => each.outcome));
  async function hurryLeads(): Promise<void> {
    await relay.db.$executeRaw`UPDATE "Delivery" SET "nextAt" = now() WHERE "nextAt" IS NOT NULL`;
    relay.services.outbox.wake();
  }
  const alarms = () => relay.logLines.filter(line => /"level":"(warn|error|fatal)"/.test(line));

  describe('that was connected', () => {
    it('is asked by itself, signed, for the proof that it has the secret', async () => {
      const site = await connect();
      expect(await stateOf(site)).toBe('pending');
      await eventually(() => stateOf(site)).toBe('verified');
      const [asked] = wordpress.callsTo('verify');
      expect(asked).toMatchObject({
        path: '/?rest_route=/confab/v1/verify',
        isSigned: true,
        headers: { 'content-type': 'application/json', 'webhook-id': expect.any(String) },
        body: {
          type: 'site.verify',
          timestamp: expect.stringMatching(/Z$/),
          data: { siteId: site.id, challenge: expect.stringMatching(/^[\w-]{43}$/) },
        },
      });
      const [row] = (await relay.rows('Site')).filter(({ id }) => id === site.id);
      expect(row.verifiedAt).toEqual(expect.any(String));
      expect(await jobs('connect.check', site.id)).toMatchObject([{ data: { siteId: site.id } }]);
    });

    it('is asked again when its plugin wants it, each time with another challenge', async () => {
      const site = await verified();
      expect(await site.plugin.checkConnection()).toMatchObject({ status: 202, body: { verification: 'pending' } });
      await eventually(() => stateOf(site)).toBe('verified');
      const challenges = wordpress.callsTo('verify').map(({ body }) => body.data.challenge);
      expect(new Set(challenges).size).toBe(challenges.length);
      expect(challenges.length).toBe(2);
    });

    it.each<[string, SiteBehaviour]>([
      ['the proof of another secret', 'wrong_proof'],
      ['a page', 'garbage'],
      ['more than anybody reads', 'huge'],
      ['“not found”', { status: 404 }],
      ['“forbidden”', { status: 403 }],
      ['“no content”', { status: 204 }],
    ])('counts as failed where it answers with %s', async (_, behaviour) => {
      const site = await connect();
      wordpress.behave(behaviour);
      expect(await found(site)).toBe('failed');
      expect(wordpress.bytesSent()).toBeLessThan(16 * 1024 * 1024);
      await eventually(async () => (await jobs('connect.check', site.id)).map(({ state }) => state)).toEqual([
        'completed',
      ]);
    });

    it('counts as failed where it sends the relay elsewhere, and nobody is asked there', async () => {
      const elsewhere: string[] = [];
      const server = createServer((request, response) => {
        elsewhere.push(request.url ?? '');
        response.end('{}');
      });
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
      const location = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      for (const status of [301, 307]) {
        const site = await connect();
        wordpress.behave({ status, location });
        expect(await found(site)).toBe('failed');
      }
      server.close();
      expect(elsewhere).toEqual([]);
    });

    it.each<[string, SiteBehaviour]>([
      ['has a fault', { status: 500 }],
      ['is being updated', { status: 503 }],
      ['does not answer', 'hang'],
    ])('counts as unreachable while it %s, is tried again, and alarms nobody', async (_, behaviour) => {
      const before = alarms().length;
      const site = await connect();
      wordpress.behave(behaviour);
      expect(await found(site)).toBe('unreachable');
      await eventually(async () => (await jobs('connect.check', site.id))[0].state).toBe('retry');
      wordpress.behave('plugin');
      await hurry('connect.check');
      await eventually(() => stateOf(site)).toBe('verified');
      expect(alarms().length).toBe(before);
    });

    it('counts as unreachable where nobody listens', async () => {
      const site = await connect();
      await wordpress.close();
      expect(await found(site)).toBe('unreachable');
    });

    it('is not asked any more once it is disconnected', async () => {
      const site = await verified();
      await site.plugin.checkConnection();
      await site.plugin.disconnect({ erase: true });
      await eventually(async () =>
        (await jobs('connect.check', site.id)).every(({ state }) => state === 'completed'),
      ).toBe(true);
      expect(alarms().filter(line => line.includes('connect.check'))).toEqual([]);
    });
  });

  describe('and a lead that was left there', () => {
    const fields = {
      name: 'Ann Zanzi',
      email: 'zanzi@example.com',
      phone: '+353850123456',
      message: 'zanzi <b>&"\nÖ 💥',
      size: 'XL',
    };
    const callbackAt = new Date(Date.now() + 86_400_000).toISOString();
    const lead = {
      kind: 'callback',
      fields,
      page: { url: `${SHOP}/jumper?ann=1` },
      callbackAt,
      timezone: 'Europe/Dublin',
    };
    const told = () => wordpress.callsTo('events');

    it('is told to its plugin once, signed, and whole', async () => {
      const site = await verified();
      const conversationId = await site.widget.begin('Is it wool?');
      const { body } = await site.widget.lead({ ...lead, conversationId });
      expect((await site.widget.lead({ ...lead, conversationId })).body.leadId).toBe(body.leadId);
      await eventually(() => told().length).toBe(1);
      await eventually(() => states(site.id)).toEqual(['delivered']);
      const [item] = (await site.plugin.leads()).body.items;
      const { size, ...named } = fields;
      expect(told()).toMatchObject([{ isSigned: true, headers: { 'webhook-id': body.leadId } }]);
      expect(told()[0]?.body).toEqual({
        type: 'lead.created',
        timestamp: item?.createdAt,
        data: {
          siteId: site.id,
          leadId: body.leadId,
          kind: 'callback',
          createdAt: item?.createdAt,
          ...named,
          fields: { size },
          pageUrl: `${SHOP}/jumper`,
          callbackAt,
          timezone: 'Europe/Dublin',
          marketing: false,
          conversationId: item?.conversationId,
        },
      });
    });

    it('is told once, whatever the person says later', async () => {
      const site = await verified();
      const { body } = await site.widget.lead(lead);
      await eventually(() => states(site.id)).toEqual(['delivered']);
      const [before] = await deliveries(site.id);
      expect((await site.widget.lead({ ...lead, fields: { ...fields, message: 'More' } })).body.leadId).toBe(
        body.leadId,
      );
      await eventually(() => deliveries(site.id)).toEqual([{ ...before, revision: 2, since: expect.any(String) }]);
      await site.plugin.requestData({ type: 'erasure', subject: { email: fields.email } });
      await eventually(() => deliveries(site.id)).toEqual([]);
      expect(told()).toHaveLength(1);
    });

    it('stands in no job and no log line', async () => {
      const site = await verified();
      const { body } = await site.widget.lead(lead);
      await eventually(() => told().length).toBe(1);
      expect((await deliveries(site.id)).map(({ subjectId }) => subjectId)).toEqual([body.leadId]);
      expect(await relay.tablesWith('zanzi')).toEqual(['public."Lead"']);
      expect(relay.logLines.filter(line => /zanzi|353850123456/i.test(line))).toEqual([]);
    });

    it('is told again under the same id until it is taken, and alarms nobody', async () => {
      const before = alarms().length;
      const site = await verified();
      wordpress.behave({ status: 500 });
      const { body } = await site.widget.lead(lead);
      await eventually(() => tries(site.id)).toEqual(['later']);
      wordpress.behave({ status: 418 });
      await hurryLeads();
      await eventually(() => tries(site.id)).toEqual(['later', 'later']);
      wordpress.behave('plugin');
      await hurryLeads();
      await eventually(() => tries(site.id)).toEqual(['later', 'later', 'delivered']);
      expect(told().map(({ headers }) => headers['webhook-id'])).toEqual(Array(3).fill(body.leadId));
      expect(new Set(told().map(({ body: sent }) => JSON.stringify(sent))).size).toBe(1);
      expect(alarms().length).toBe(before);
    });

    it('waits while the connection is not verified yet, and is told then', async () => {
      const site = await connect();
      wordpress.behave({ status: 503 });
      expect(await found(site)).toBe('unreachable');
      await site.widget.lead(lead);
      await eventually(() => tries(site.id)).toEqual(['later']);
      expect(told()).toEqual([]);
      wordpress.behave('plugin');
      await site.plugin.checkConnection();
      await eventually(() => stateOf(site)).toBe('verified');
      await eventually(() => told().length).toBe(1);
    });

    it('is not told of a person whose data are restricted or erased meanwhile', async () => {
      const site = await verified();
      wordpress.behave({ status: 503 });
      await site.widget.lead({ fields: { email: 'restricted@example.com' } });
      await site.widget.lead({ fields: { email: 'erased@example.com' } });
      await eventually(() => tries(site.id)).toEqual(['later', 'later']);
      await site.plugin.requestData({
        type: 'restriction',
        subject: { email: 'restricted@example.com' },
        changes: { restricted: true },
      });
      await site.plugin.requestData({ type: 'erasure', subject: { email: 'erased@example.com' } });
      const before = told().length;
      wordpress.behave('plugin');
      await hurryLeads();
      await eventually(() => states(site.id)).toEqual(['held']);
      expect(told().length).toBe(before);
    });

    it.each([401, 404])('ends, and the connection is looked at again, where the answer is %i', async status => {
      const site = await verified();
      wordpress.behave({ status });
      await site.widget.lead(lead);
      await eventually(() => stateOf(site)).toBe('failed');
      await hurryLeads();
      await eventually(() => states(site.id)).toEqual(['failed']);
      await site.widget.lead({ fields: { email: 'later@example.com' } });
      await eventually(() => states(site.id)).toEqual(['failed', 'failed']);
      expect(told()).toHaveLength(1);
      wordpress.behave('plugin');
      await site.plugin.checkConnection();
      await eventually(() => states(site.id)).toEqual(['delivered', 'delivered']);
      expect(told()).toHaveLength(3);
    });

    it('is nobody’s news where no plugin connected the site', async () => {
      const plain = await relay.site();
      await plain.widget.lead(lead);
      expect(await deliveries(plain.id)).toEqual([]);
    });

    it.each([true, false])('ends quietly where the site was disconnected meanwhile, erased: %s', async erase => {
      const gone = await verified();
      wordpress.behave({ status: 503 });
      await gone.widget.lead(lead);
      await eventually(() => tries(gone.id)).toEqual(['later']);
      const before = told().length;
      await gone.plugin.disconnect({ erase });
      await hurryLeads();
      await eventually(() => states(gone.id)).toEqual(erase ? [] : ['failed']);
      expect(told().length).toBe(before);
    });
  });
});

it('reaches no address of the operator’s own network, where that is refused', async () => {
  const wordpress = await startFakeWordpress();
  const relay = await startTestRelay({ env: { CONFAB_PRIVATE_URLS: 'refuse' } });
  const homes = [wordpress.url, wordpress.url.replace('127.0.0.1', 'localhost')];
  const sites = await Promise.all(homes.map(home => ownerClient(relay).connect(home)));
  for (const { plugin } of sites) {
    await eventually(async () => (await plugin.site()).body.verification).toBe('unreachable');
  }
  await relay.stop();
  await wordpress.close();
  expect(wordpress.calls).toEqual([]);
});

it('is believed by a plugin that knows the older key only, while keys rotate', async () => {
  const wordpress = await startFakeWordpress();
  const newer = Buffer.alloc(32, 8).toString('base64');
  const [before, after] = [
    await startTestRelay(),
    await startTestRelay({ env: { CONFAB_SECRET_KEY: `${newer},${SECRET_KEY}` } }),
  ];
  const { relayPublicKeys: known } = await ownerClient(before).connect('https://shop.example');
  const site = await ownerClient(after).connect(wordpress.url);
  expect(site.relayPublicKeys).toEqual([expect.not.stringMatching(known[0] ?? ''), known[0]]);
  wordpress.keep({ ...site, relayPublicKeys: known });
  await eventually(async () => (await site.plugin.site()).body.verification).toBe('verified');
  await Promise.all([before.stop(), after.stop(), wordpress.close()]);
});

it('is not believed by a plugin whose clock is wrong, which then counts as failed', async () => {
  const wordpress = await startFakeWordpress();
  const relay = await startTestRelay();
  wordpress.setClock(() => new Date(Date.now() + 6 * 60_000));
  const site = await ownerClient(relay).connect(wordpress.url);
  wordpress.keep(site);
  await eventually(async () => (await site.plugin.site()).body.verification).toBe('failed');
  await Promise.all([relay.stop(), wordpress.close()]);
});
