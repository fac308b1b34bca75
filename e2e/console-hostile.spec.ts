import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { eventually, useConfab } from './browser.ts';
import { signUp, storageOf, tokenFrom, type User } from './console.ts';
import { sharedData } from './fakes/shared-data.ts';
import { conversationRow, messageRow } from './plant.ts';

const { here, arrive } = useConfab();

/** What would run if any screen took a text for HTML, an address for a link, or a name for a style. */
const LIST: string[] = sharedData('fetched/security/xss_html.json.gz') ?? [];
const OWN = [
  '"><img src=x onerror="window.hacked=1">',
  '<script>window.hacked=1</script>',
  "';window.hacked=1;//",
  '<svg/onload=window.hacked=1>',
  '{{constructor.constructor("window.hacked=1")()}}',
  '<style>body{display:none}</style>',
  '<iframe srcdoc="<script>parent.hacked=1</script>">',
];
const TEXTS = [...OWN, ...LIST].map(text => text.replace(/\p{Cc}/gu, ' ').trim());

/** As much of the list as a field takes, another part of it each time. */
let at = 0;
function hostile(max: number, beginning = ''): string {
  let text = beginning + OWN[at++ % OWN.length];
  for (
    let next = TEXTS[at++ % TEXTS.length] ?? '';
    text.length + next.length < max;
    next = TEXTS[at++ % TEXTS.length] ?? ''
  )
    text += ` ${next}`;
  return text.slice(0, max);
}

const must = async (asked: Promise<{ status: number; body: unknown }>, status: number) => {
  const { body, ...reply } = await asked;
  if (reply.status !== status) throw new Error(`${reply.status}: ${JSON.stringify(body)}`);
  // biome-ignore lint/suspicious/noExplicitAny: whoever asks knows what comes back
  return body as any;
};

/** An account in which every text that anybody may write is hostile. */
async function plant(owner: User): Promise<{ siteId: string; conversationId: string }> {
  const { relay } = here;
  const accountId = (await owner.me()).accounts[0]?.accountId;
  const account = `/v1/accounts/${accountId}`;
  await must(owner.request('PUT', account, { name: hostile(80) }), 200);
  await must(owner.request('PUT', '/v1/me', { name: hostile(100), locale: 'en' }), 200);
  const origin = 'https://shop.example';
  const { siteId } = await must(owner.request('POST', `${account}/sites`, { name: hostile(100), origin }), 201);
  const invitation = { email: 'agent@people.example', role: 'agent', siteIds: null };
  await must(owner.request('POST', `${account}/invitations`, invitation), 201);
  const agent = await signUp(relay, { email: invitation.email, name: hostile(100) });
  const token = await tokenFrom(relay, invitation.email, 'invitation');
  await must(agent.request('POST', '/v1/invitations/accept', { token }), 200);
  await must(owner.request('POST', `${account}/invitations`, { ...invitation, email: 'other@people.example' }), 201);

  const site = `/v1/sites/${siteId}`;
  const { body: settings, headers } = await owner.request('GET', `${site}/settings`);
  const label = { en: hostile(80) };
  const changed = {
    ...settings,
    texts: { ...settings.texts, en: { title: hostile(100), greeting: hostile(300) } },
    consent: {
      ...settings.consent,
      notices: { en: { title: hostile(80), body: hostile(400), acceptLabel: hostile(40), declineLabel: hostile(40) } },
    },
    prechat: {
      enabled: true,
      fields: [{ name: 'shoe', type: 'text', label, required: false, purpose: { en: hostile(200) } }],
    },
  };
  await must(owner.request('PUT', `${site}/settings`, changed, { 'If-Match': headers.get('ETag') ?? '' }), 200);
  for (let time = 0; time < 3; time += 1) {
    const entry = { question: hostile(400), answer: hostile(2_000), links: [] };
    await must(owner.request('POST', `${site}/entries`, entry), 201);
  }
  const hook = { url: `https://hooks.example/${encodeURIComponent(hostile(60))}`, events: ['lead.created'] };
  await must(owner.request('POST', `${site}/webhooks`, { ...hook, ...(await describing(owner, site)) }), 201);

  const { db } = relay;
  const conversationId = randomUUID();
  const row = conversationRow(siteId, conversationId, new Date());
  await db.conversation.create({
    data: { ...row, pageUrl: 'javascript:window.hacked=1', pageTitle: hostile(200), prechat: { shoe: hostile(100) } },
  });
  const message = (role: string) => ({ ...messageRow(siteId, conversationId, new Date()), role, text: hostile(1_500) });
  const link = { index: 1, title: hostile(100), url: 'javascript:window.hacked=1' };
  const passage = { index: 1, title: hostile(100), url: link.url, heading: hostile(60), text: hostile(500) };
  await db.message.createMany({
    data: [
      message('visitor'),
      { ...message('assistant'), citations: [link], passages: [passage], outcome: 'unanswered' },
      { ...message('agent'), authorName: hostile(100) },
    ],
  });
  const now = { updatedAt: new Date(), syncedAt: new Date() };
  const document = { externalId: hostile(50), type: 'page', url: link.url, title: hostile(200), attributes: {} };
  await db.document.create({ data: { siteId, id: randomUUID(), contentHash: randomUUID(), ...document, ...now } });
  const widget = { key: (await relay.services.sites.byId(siteId))?.key ?? '' };
  const fields = { email: 'v@people.example', name: hostile(100), message: hostile(1_000), shoe: hostile(100) };
  await must(
    fetch(`${relay.url}/v1/widget/${widget.key}/leads`, {
      method: 'POST',
      headers: { Origin: origin, 'Content-Type': 'text/plain' },
      body: JSON.stringify({ kind: 'lead', fields, page: { url: `${origin}/?${encodeURIComponent(OWN[0] ?? '')}` } }),
    }).then(async reply => ({ status: reply.status, body: await reply.json() })),
    201,
  );
  const hold = { conversationId, reason: hostile(300), author: hostile(80) };
  await must(owner.request('POST', `${site}/legal-holds`, hold), 201);
  const request = { type: 'access', subject: { email: 'v@people.example' }, reference: 'ticket-17' };
  await must(owner.request('POST', `${site}/data-requests`, request), 200);
  return { siteId, conversationId };
}

/** A webhook may be described, where the contract knows such a field. */
async function describing(owner: User, site: string): Promise<object> {
  const probe = await owner.request('POST', `${site}/webhooks`, { url: 'no address', events: [], description: 'x' });
  const unknown = JSON.stringify(probe.body).includes('description');
  return unknown ? {} : { description: hostile(100) };
}

it('shows hostile texts as texts, in every field of every screen', { timeout: 180_000 }, async () => {
  const owner = await signUp(here.relay);
  const { siteId, conversationId } = await plant(owner);
  const sites = `/console/sites/${siteId}`;
  const screens = [
    ...[
      'home',
      'conversations',
      'visitors',
      'leads',
      'knowledge',
      'settings',
      'integrations',
      'privacy',
      'connection',
    ].map(screen => `${sites}/${screen}`),
    `${sites}/conversations?conversation=${conversationId}`,
    ...['sites', 'sites/new', 'team', 'account', 'account/audit'].map(page => `/console/${page}`),
  ];
  const { page } = await arrive({
    url: `${here.relay.url}/console/sites`,
    context: { storageState: storageOf(here.relay, owner) },
  });
  const hurt: string[] = [];
  for (const screen of screens) {
    await page.goto(here.relay.url + screen);
    await page.locator('main h1, main h2').first().waitFor();
    await eventually(() => page.locator('[aria-busy="true"], .components-spinner').count()).toBe(0);
    await page.evaluate(() => {
      for (const each of document.querySelectorAll('details')) each.open = true;
    });
    const found = await page.evaluate(() => ({
      ran: 'hacked' in window,
      made: document.querySelectorAll('img[src="x"], iframe[srcdoc*="hacked"], [onerror], [onload], svg[onload]')
        .length,
      links: [...document.querySelectorAll('a[href]')].filter(a =>
        /^(javascript|data|vbscript):/i.test((a as HTMLAnchorElement).href),
      ).length,
      hidden: getComputedStyle(document.body).display === 'none',
    }));
    if (found.ran || found.made || found.links || found.hidden) hurt.push(`${screen}: ${JSON.stringify(found)}`);
  }
  expect(hurt).toEqual([]);
});
