import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, composer, openAnd, thread, useConfab } from './browser.ts';
import { PASSWORD, tokenFrom } from './console.ts';
import { connectQuery, ownerClient } from './relay.ts';

const { here, arrive, say } = useConfab();

const OWNER = { name: 'Olivia Owner', email: 'olivia@shop.example' };
const AGENT = { name: 'Ada Agent', email: 'ada@shop.example' };

/** A shop's server, where the owner's browser comes back to. */
const shop = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end('<title>Back</title>'));
let shopUrl: string;
beforeAll(async () => {
  await once(shop.listen(0, 'localhost'), 'listening');
  shopUrl = `http://localhost:${(shop.address() as AddressInfo).port}`;
});
afterAll(() => shop.close());

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });
const link = (page: Page, name: string) => page.getByRole('link', { name, exact: true });
const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { name });

async function comeTo(path: string): Promise<Page> {
  const { page } = await arrive({ url: `${here.relay.url}${path}` });
  return page;
}

const linkTo = async (email: string, page: string) =>
  `${here.relay.url}/console/${page}?token=${await tokenFrom(here.relay, email, page)}`;

describe('the console, from the first visit to the last', () => {
  it('signs up, connects sites, invites an agent who answers a visitor, and lets them go', {
    timeout: 180_000,
  }, async () => {
    // Sign up, and confirm the address.
    const owner = await comeTo('/console/');
    await link(owner, 'Create one').click();
    await owner.getByLabel('Your name').fill(OWNER.name);
    await owner.getByLabel('E-mail address').fill(OWNER.email);
    await owner.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await button(owner, 'Create account').click();
    await heading(owner, 'Look at your mail').waitFor();
    await owner.goto(await linkTo(OWNER.email, 'verify'));
    await button(owner, 'Confirm and go on').click();
    await heading(owner, 'Home').waitFor();

    // A site by a snippet.
    await owner.goto(`${here.relay.url}/console/sites/new`);
    await owner.getByLabel('Name of the site').fill('A shop of bread');
    await owner.getByLabel('Address of the site').fill(shopUrl);
    await button(owner, 'Add the site').click();
    await heading(owner, 'The site is there').waitFor();
    expect(await owner.getByLabel('Snippet').textContent()).toContain('<script');

    // Another one by its plugin.
    await owner.goto(`${here.relay.url}/connect?${new URLSearchParams(connectQuery(shopUrl))}`);
    await button(owner, 'Approve').click();
    await owner.waitForURL(url => url.origin === shopUrl);
    const code = new URL(owner.url()).searchParams.get('code') ?? '';
    const exchange = { code, codeVerifier: 'v'.repeat(43), siteUrl: shopUrl };
    const connected = await ownerClient(here.relay).exchange(exchange);
    expect(connected.status).toBe(200);
    await owner.goto(`${here.relay.url}/console/sites`);
    await link(owner, 'A shop of bread').waitFor();
    expect(await owner.getByText(new URL(shopUrl).host).count()).toBeGreaterThan(0);

    // Somebody who answers.
    await owner.goto(`${here.relay.url}/console/team`);
    await owner.getByLabel('E-mail address').fill(AGENT.email);
    await owner.getByRole('radio', { name: 'Agent' }).check();
    await button(owner, 'Send the invitation').click();
    await owner.getByRole('cell', { name: AGENT.email }).first().waitFor();
    const agent = await comeTo(new URL(await linkTo(AGENT.email, 'invitation')).href.replace(here.relay.url, ''));
    await agent.getByLabel('Your name').fill(AGENT.name);
    await agent.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await button(agent, 'Create account and accept').click();
    await agent.waitForURL(url => !url.pathname.endsWith('/invitation'));

    // A visitor of the demo shop chats; the agent sees it at once and takes over.
    const demoId = (await here.relay.services.sites.byKey('demo')).id;
    await agent.goto(`${here.relay.url}/console/sites/${demoId}/conversations`);
    await agent.getByText('There is no stored conversation yet.', { exact: false }).waitFor();
    const { page: visitor } = await arrive();
    await openAnd(visitor, 'Accept');
    await ask(visitor, 'What does the Kittiwake Jumper cost?');
    await thread(visitor).getByText('€119').waitFor();
    const row = agent.getByRole('row').filter({ hasText: 'The assistant answers' }).first();
    await row.getByRole('button').first().click();
    await agent.getByText('What does the Kittiwake Jumper cost?').waitFor();
    await button(agent, 'Take over').click();
    await thread(visitor).getByText(`You are now talking with ${AGENT.name}.`).waitFor();
    const said = agent.getByRole('textbox', { name: 'Your message' });
    await said.pressSequentially('Hello');
    await thread(visitor).getByText(`${AGENT.name} is writing`).waitFor();
    await said.fill('Hello, Ada here. May I help?');
    await said.press('Enter');
    await thread(visitor).getByText('Hello, Ada here. May I help?').waitFor();
    await thread(visitor)
      .getByText(new RegExp(`${AGENT.name} · \\d`))
      .waitFor();

    // The assistant is silent meanwhile, and answers again when it is asked to.
    const asked = here.vendor.requests.length;
    await composer(visitor).pressSequentially('Do you ');
    await agent.getByText('The visitor is writing', { exact: false }).waitFor();
    await ask(visitor, 'Do you knit it yourselves?');
    await agent.getByText('Do you knit it yourselves?', { exact: true }).waitFor();
    expect(here.vendor.requests).toHaveLength(asked);
    say({ pieces: ['It costs €119 [1].'] });
    await button(agent, 'Hand back to the assistant').click();
    await thread(visitor).getByText('The assistant answers you again.').waitFor();
    await ask(visitor, 'And the Kittiwake, how much is it?');
    await thread(visitor).getByText('It costs €119').waitFor();

    // What the answer rests on, and a better one.
    await agent.getByText('It costs €119').first().waitFor();
    await agent.getByText('Why did it say that?').last().click();
    await agent.locator('figure blockquote').last().waitFor();
    await button(agent, 'Put this answer right').last().click();
    await agent.getByRole('textbox', { name: 'Answer' }).fill('It costs €119, and £99 in the United Kingdom.');
    await button(agent, 'Save answer').click();
    await agent.getByText('Saved. The assistant answers from it in a moment.').first().waitFor();

    // Everything of the account, in one archive.
    await owner.goto(`${here.relay.url}/console/account`);
    await button(owner, 'Make an archive').click();
    const [download] = await Promise.all([
      owner.waitForEvent('download'),
      owner.getByRole('link', { name: /^Download \(/ }).click({ timeout: 60_000 }),
    ]);
    const [beginning] = await once(createReadStream(await download.path()), 'data');
    expect((beginning as Buffer).subarray(0, 2).toString()).toBe('PK');

    // The agent goes, and is out at once, also where they only look.
    await owner.goto(`${here.relay.url}/console/team`);
    await button(owner, `Change ${AGENT.name}`).click();
    await button(owner, 'Remove from the team…').click();
    await button(owner, 'Remove from the team').click();
    const removed = Date.now();
    await agent.getByText('It costs €119').first().waitFor({ state: 'detached' });
    console.log(`the agent was out after ${Date.now() - removed} ms`);
    const refused = await agent.goto(`${here.relay.url}/v1/sites/${demoId}/conversations`);
    expect(refused?.status()).toBe(404);
  });
});
