import type { BrowserContextOptions, Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ask, askAndRead, eventually, openAnd, thread, useConfab } from './browser.ts';
import { signUp, storageOf, tokenFrom, type User } from './console.ts';

const { here, arrive } = useConfab();

let owner: User;
let agent: User;
let siteId: string;

beforeAll(async () => {
  owner = await signUp(here.relay, { name: 'Olga Owner' });
  const [account] = (await owner.me()).accounts;
  siteId = account?.sites[0]?.siteId ?? '';
  const email = 'ben@people.example';
  const base = `/v1/accounts/${account?.accountId}/invitations`;
  const invited = await owner.request('POST', base, { email, role: 'agent', siteIds: null });
  expect(invited.status).toBe(201);
  agent = await signUp(here.relay, { email, name: 'Ben Agent' });
  const token = await tokenFrom(here.relay, email, 'invitation');
  expect((await agent.request('POST', '/v1/invitations/accept', { token })).status).toBe(200);
}, 60_000);

/** Somebody of the team at a screen of the demo shop's console. */
async function at(user: User, screen: string, context: BrowserContextOptions = {}) {
  const { url } = here.relay;
  const storageState = storageOf(here.relay, user);
  const tab = await arrive({ url: `${url}/console/sites/${siteId}/${screen}`, context: { storageState, ...context } });
  return tab.page;
}

/** A visitor of the demo shop who agreed, and asked something. */
async function chat(question: string): Promise<Page> {
  const { page } = await arrive();
  await openAnd(page, 'Accept');
  await askAndRead(page, question, '€119');
  return page;
}

const rows = (page: Page) => page.locator('tbody .dataviews-view-table__row');
const messageField = (page: Page) => page.getByRole('textbox', { name: 'Your message to the visitor' });
const transcript = (page: Page) => page.locator('.confab-transcript');

/** Opens the newest conversation of the list. */
async function openNewest(page: Page): Promise<void> {
  await rows(page).first().getByRole('button').first().click();
  await transcript(page).waitFor();
}

describe('the conversations in the console', () => {
  it('appear by themselves, and one is taken over, talked in and handed back', async () => {
    const team = await at(agent, 'conversations');
    await team.getByText('There is no stored conversation yet').waitFor();
    const visitor = await chat('What does the Kittiwake cost?');
    await eventually(() => rows(team).count()).toBe(1);
    await openNewest(team);
    await transcript(team).getByText('costs €119').waitFor();
    await team.getByText('The visitor has the chat open.').waitFor();

    await team.getByRole('button', { name: 'Take over' }).click();
    await messageField(team).waitFor();
    await ask(visitor, 'Is a person there?');
    await transcript(team).getByText('Is a person there?').waitFor();
    await messageField(team).pressSequentially('Hello, Ben here.');
    await messageField(team).press('Shift+Enter');
    await messageField(team).pressSequentially('How can I help?');
    await messageField(team).press('Enter');
    await transcript(team).getByText('Ben here').waitFor();
    await thread(visitor).getByText('How can I help?').waitFor();
    expect(await messageField(team).inputValue()).toBe('');

    // Whoever of the team reads it at the same time sees the same.
    const other = await at(owner, 'conversations');
    await openNewest(other);
    await other.getByText('Ben Agent answers this visitor').waitFor();
    await team.getByRole('button', { name: 'Hand back to the assistant' }).click();
    await other.getByText('The assistant answers this visitor.').waitFor();
    await askAndRead(visitor, 'And what does it cost?', '€119');
    await eventually(() => transcript(team).getByText('costs €119').count()).toBe(2);
  });

  it('are taken from a colleague only after a question', async () => {
    await chat('Is the Kittiwake warm?');
    const [ben, olga] = [await at(agent, 'conversations'), await at(owner, 'conversations')];
    await Promise.all([openNewest(ben), openNewest(olga)]);
    await ben.getByRole('button', { name: 'Take over' }).click();
    await messageField(ben).fill('I shall look it up.');
    await olga.getByRole('button', { name: 'Take over from Ben Agent' }).click();
    await olga.getByRole('dialog').getByRole('button', { name: 'Take over' }).click();
    await messageField(olga).waitFor();
    await ben.getByText('Olga Owner answers this visitor').waitFor();
    expect(await messageField(ben).count()).toBe(0);
    await ben.getByRole('button', { name: 'Take over from Olga Owner' }).waitFor();
  });

  it('are found by words and by what became of them, by an address that can be sent to somebody', async () => {
    await chat('Do you know the word periwinkle?');
    const team = await at(agent, 'conversations');
    await team.getByRole('searchbox', { name: 'Words that were said' }).fill('periwinkle');
    await team.getByRole('button', { name: 'Filter' }).click();
    await eventually(() => rows(team).count()).toBe(1);
    expect(new URL(team.url()).searchParams.get('q')).toBe('periwinkle');
    const sent = await at(agent, `conversations${new URL(team.url()).search}`);
    await eventually(() => rows(sent).count()).toBe(1);
    await sent.getByRole('button', { name: 'Show all' }).click();
    await eventually(() => rows(sent).count()).toBeGreaterThan(1);
    await sent.goBack();
    await eventually(() => rows(sent).count()).toBe(1);
    const csv = team.getByRole('link', { name: 'Download as CSV' });
    expect(await csv.getAttribute('href')).toContain('q=periwinkle');
    await team.getByRole('combobox', { name: 'State' }).selectOption('taken_over');
    await team.getByRole('button', { name: 'Filter' }).click();
    await team.getByText('Nothing fits this filter.').waitFor();
  });

  it('stay where they are under the pointer, and say how many are new', async () => {
    await chat('The first one?');
    const team = await at(agent, 'conversations');
    await rows(team).first().getByRole('button').first().hover();
    const before = await rows(team).count();
    await chat('The second one?');
    await team.getByRole('button', { name: /new one: show it/ }).waitFor();
    expect(await rows(team).count()).toBe(before);
    await team.mouse.move(0, 0);
    await eventually(() => rows(team).count()).toBe(before + 1);
  });

  it('are erased only when the word is typed, and not while a legal hold keeps them', async () => {
    const visitor = await chat('Can this be forgotten?');
    const team = await at(owner, 'conversations');
    await openNewest(team);
    const id = new URL(team.url()).searchParams.get('conversation');
    await team.getByRole('button', { name: 'Place a legal hold' }).click();
    await team.getByRole('textbox', { name: 'Reason' }).fill('Case 12');
    await team.getByRole('button', { name: 'Place the hold' }).click();
    await team.getByText('A legal hold keeps this conversation, placed by Olga Owner').waitFor();

    const dialog = team.getByRole('dialog');
    const erase = dialog.getByRole('button', { name: 'Erase' });
    await team.getByRole('button', { name: 'Erase' }).click();
    expect(await erase.getAttribute('aria-disabled')).toBe('true');
    await dialog.getByRole('textbox').fill('erase');
    await erase.click();
    await dialog.getByText('End the legal hold first').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await team.getByRole('button', { name: 'End the legal hold' }).click();
    await dialog.getByRole('button', { name: 'End the hold' }).click();
    await team.getByRole('button', { name: 'Place a legal hold' }).waitFor();

    await team.getByRole('button', { name: 'Erase' }).click();
    await dialog.getByRole('textbox').fill('erase');
    await erase.click();
    await team.locator('main').getByText('The conversation is erased.').waitFor();
    const gone = await owner.request('GET', `/v1/sites/${siteId}/conversations/${id}`);
    expect(gone.status).toBe(404);
    await visitor.close();
  });
});
