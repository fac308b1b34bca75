import { randomUUID } from 'node:crypto';
import { conversationRow, daysAgo, messageRow } from './plant.ts';
import { clientsOf, type TestRelay } from './relay.ts';

/** What a hostile visitor, or a clumsy one, may write: it stays text wherever it is shown. */
export const HOSTILE = `"><script>alert('x')</script><img src=x onerror=alert(1)> &amp; {{x}} \${y}`;
export const RTL = 'שלום, האם זה צמר? مرحبا';
export const EMOJI = '👩‍👩‍👧‍👦 🧶 zażółć';
export const LONG = 'Averylongwordwithoutanyplacetobreak'.repeat(115).slice(0, 4_000);

/** The site of an installed shop, with the calls of its widget. */
export async function siteOf(relay: TestRelay, domain: string) {
  const shop = await relay.services.shopify?.shops.bySite(
    (await relay.db.shopifyShop.findUniqueOrThrow({ where: { domain } })).siteId,
  );
  const site = await relay.services.sites.byId(shop?.siteId ?? '');
  if (!site) throw new Error(`${domain} is not installed`);
  return { site, ...clientsOf(relay.url, site.key, '') };
}

/** Changes the settings of a site past every page. */
export async function changeSettings(relay: TestRelay, domain: string, changed: object): Promise<void> {
  const { site } = await siteOf(relay, domain);
  const { sites } = relay.services;
  await sites.updateSettings(site, site.settingsVersion, { ...sites.settingsOf(site), ...changed });
}

/** Fills every page of a shop with a little of everything, hostile words among it. Gives what a test looks for. */
export async function plantShop(relay: TestRelay, domain: string) {
  const { db } = relay;
  const { site, widget } = await siteOf(relay, domain);
  const siteId = site.id;
  const { features, consent } = site.settings;
  await changeSettings(relay, domain, {
    features: { ...features, leads: true, callback: true, orders: true },
    consent: { ...consent, policyUrl: `https://${domain}/policies/privacy-policy` },
  });

  const handle = await widget.begin('Is the jumper made of wool?', ['storage', 'analytics']);
  await widget.decide('declined');
  await widget.decide('withdrawn', { conversationId: handle });

  const [rich, restricted] = [randomUUID(), randomUUID()];
  await db.conversation.createMany({
    data: [
      {
        ...conversationRow(siteId, rich, daysAgo(2)),
        locale: 'he',
        pageUrl: `https://${domain}/products/%D7%A6%D7%9E%D7%A8`,
        prechat: { orderNumber: HOSTILE, topic: 'Delivery' },
      },
      { ...conversationRow(siteId, restricted, daysAgo(3)), restrictedAt: daysAgo(1) },
      { ...conversationRow(siteId, randomUUID(), daysAgo(200)), locale: 'en' },
    ],
  });
  const answer = {
    role: 'assistant',
    citations: [
      { index: 1, title: HOSTILE, url: `https://${domain}/products/jumper` },
      { index: 2, title: 'No address', url: 'javascript:alert(1)' },
    ],
    products: [
      {
        index: 1,
        title: `Kittiwake Jumper ${HOSTILE}`,
        url: `https://${domain}/products/jumper`,
        image: null,
        price: '€119.00',
        available: false,
        asOf: null,
        variants: [],
      },
    ],
  };
  const [asked, answerId] = [randomUUID(), randomUUID()];
  const passages = [
    {
      index: 1,
      documentId: randomUUID(),
      externalId: 'gid://shopify/Product/9001',
      title: `Kittiwake Jumper ${HOSTILE}`,
      url: `https://${domain}/products/jumper`,
      heading: RTL,
      text: `Spun from hostile wool.\n${LONG}`,
      score: 7,
    },
  ];
  const said = [
    { text: HOSTILE },
    { ...answer, id: answerId, text: `It is wool [1].\n\n${RTL}`, passages, outcome: 'answered' },
    { text: LONG, clientTurnId: asked },
    { role: 'assistant', text: 'I cannot say.', clientTurnId: asked, outcome: 'unanswered' },
    { text: HOSTILE },
    { role: 'assistant', text: '', status: 'failed' },
    { text: `${EMOJI}\n\nstill there?` },
    { role: 'assistant', text: 'Half an ans', status: 'interrupted' },
  ];
  await db.message.createMany({
    data: said.map((each, index) => ({
      ...messageRow(siteId, rich, new Date(daysAgo(2).getTime() + index * 60_000)),
      ...each,
    })),
  });
  const links = [{ title: '', url: `https://${domain}/pages/hostile-${'long'.repeat(40)}` }];
  await relay.services.entries.add(site, { question: `Is it hostile? ${HOSTILE}`, answer: LONG, links });
  await relay.services.entries.add(site, { question: RTL, answer: EMOJI, links: [] });
  await db.message.create({ data: { ...messageRow(siteId, restricted, daysAgo(3)), text: 'the restricted words' } });

  const [refused, waiting, taken] = [randomUUID(), randomUUID(), randomUUID()];
  const lead = (more: object, at: Date) => ({
    siteId,
    id: randomUUID(),
    kind: 'lead',
    fields: {},
    createdAt: at,
    ...more,
  });
  await db.lead.createMany({
    data: [
      lead({ name: HOSTILE, email: 'h"<b>@example.com', message: LONG, id: refused }, daysAgo(0.1)),
      lead({ name: RTL, phone: '+353 1 555 0100', message: EMOJI, fields: { size: HOSTILE } }, daysAgo(0.2)),
      lead(
        {
          id: taken,
          name: 'Maeve Kelly',
          email: 'maeve@example.com',
          message: 'Please call me about a large order.\nMornings are best.',
          kind: 'callback',
          callbackAt: daysAgo(-1),
          timezone: 'Pacific/Auckland',
          conversationId: rich,
          marketingAt: daysAgo(0.6),
          externalId: '7001',
          pageUrl: `https://${domain}/products/jumper`,
        },
        daysAgo(0.6),
      ),
      lead({ email: 'late@example.com', id: waiting }, daysAgo(1)),
      lead({ name: 'the restricted person', email: 'hidden@example.com', restrictedAt: daysAgo(1) }, daysAgo(4)),
    ],
  });

  const refusal = (fault: string, words: string) => [
    { at: daysAgo(0.1).toISOString(), outcome: 'refused', fault, words },
  ];
  const delivery = { siteId, target: 'shopify', state: 'failed', attempts: 1, since: daysAgo(1) };
  const invalid = refusal('invalid', 'Shopify does not take this e-mail address.');
  const misconfigured = refusal('misconfigured', 'The app may not add customers yet.');
  await db.delivery.createMany({
    data: [
      { ...delivery, subjectId: refused, log: invalid },
      { ...delivery, subjectId: waiting, log: misconfigured },
      { ...delivery, subjectId: taken, state: 'delivered', externalId: '7001', deliveredAt: daysAgo(0.5) },
      {
        ...delivery,
        target: 'hubspot',
        subjectId: taken,
        state: 'waiting',
        nextAt: daysAgo(-1),
        log: [{ at: daysAgo(0.4).toISOString(), outcome: 'later', fault: 'unavailable', words: HOSTILE }],
      },
      { ...delivery, target: 'zoho', subjectId: taken, state: 'delivered', deliveredAt: daysAgo(0.5) },
    ],
  });

  await relay.services.knowledge.sync(site, {
    upsert: [
      {
        externalId: 'gid://shopify/Product/9001',
        type: 'product',
        url: `https://${domain}/products/hostile`,
        title: `${HOSTILE} ${RTL}`,
        text: 'A product with a bad name.',
        updatedAt: '2026-01-01T00:00:00Z',
      },
    ],
    delete: [],
  });

  // Without what it is about nobody can bring it to its end, so that it stays as it is.
  await db.dataRequest.create({
    data: {
      siteId,
      id: randomUUID(),
      type: 'erasure',
      source: 'platform',
      status: 'processing',
      counts: {},
      retained: {},
      events: [],
      receivedAt: daysAgo(45),
      dueAt: daysAgo(15),
    },
  });
  await relay.services.privacy.request(site, {
    type: 'access',
    source: 'platform',
    identifiers: { email: 'maeve@example.com' },
  });
  await relay.services.retention.purgeSite(siteId, { trigger: 'manual' });
  await relay.services.legalHolds.place(siteId, { conversationId: rich, reason: HOSTILE, author: 'Counsel' });
  return { siteId, rich, restricted, answer: answerId };
}
