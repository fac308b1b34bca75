import { describe, expect, it } from 'vitest';
import { ask, eventually, focused, nothing, openAnd, rowsOf, storedIn, thread, useConfab } from './browser.ts';

const { here, arrive, say } = useConfab();

const UNKNOWN = 'Which quantum telescope is blooming?';
const OFFER = 'Leave your contact details';

describe('a visitor who asks what the pages do not hold', () => {
  it.each(['Accept', 'Decline'] as const)('(%s) is told so, and leaves contact details by keyboard', async decision => {
    const { plugin } = here.relay.demo;
    await plugin.change(settings => ({ ...settings, features: { ...settings.features, leads: true } }));
    say({ pieces: ['The Vera Rubin ', 'telescope blooms in May.'] });
    const { page } = await arrive();
    await openAnd(page, decision);
    await ask(page, UNKNOWN);
    await thread(page).getByText('I found nothing about that').waitFor();
    expect(await thread(page).getByText('Rubin').count()).toBe(0);
    await thread(page).getByRole('button', { name: OFFER }).waitFor();

    for (let at = 0; (await focused(page)) !== OFFER && at < 10; at += 1) await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await eventually(() => focused(page)).toBe('Your contact details');
    const address = `${decision.toLowerCase()}@example.com`;
    await page.getByRole('textbox', { name: 'E-mail' }).focus();
    await page.keyboard.type(address);
    await page.keyboard.press('Enter');
    await page.getByText('The shop has received').waitFor();
    const leads = (await rowsOf(here.relay, 'Lead')).map(row => JSON.parse(row));
    const isStored = decision === 'Accept';
    expect(leads.filter(({ email }) => email === address)).toMatchObject([
      { kind: 'lead', conversationId: isStored ? expect.any(String) : null, marketingAt: null },
    ]);
    if (!isStored) expect(await storedIn(page)).toEqual(nothing);
  });
});
