import { AxeBuilder } from '@axe-core/playwright';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../e2e/browser.ts';
import { type Core, whyMissing } from '../bed/prepare.mjs';
import { confabPage, connectHeadless, onCore, openStage, type Page, type Stage, savePage, synced } from './stage.ts';

for (const core of ['current', 'floor'] satisfies Core[]) {
  describe.skipIf(whyMissing(core))(onCore(core, 'the screens in the admin'), () => {
    let stage: Stage;
    let owner: Page;
    let tenant: Awaited<ReturnType<typeof connectHeadless>>;
    const screen = (tab: string) => `${confabPage(stage.site.url)}${tab === 'home' ? '' : `&tab=${tab}`}`;

    beforeAll(async () => {
      stage = await openStage({ core });
      owner = await stage.admin();
    });
    afterEach(() => stage.expectNoFault());
    afterAll(() => stage?.close());

    it('are free of barriers before the site is connected', async () => {
      await owner.goto(screen('home'));
      await owner.getByRole('button', { name: 'Connect', exact: true }).waitFor();
      expect(await barriers(owner)).toEqual([]);
    });

    it('are free of barriers on every tab once it is', async () => {
      tenant = await connectHeadless(stage);
      await savePage(stage.site, { title: 'Shipping', text: 'Parcels to Iceland take nine days.' });
      await synced(stage);
      await tenant.widget.begin('How long do parcels to Iceland take?');
      await tenant.widget.lead({ fields: { email: 'ada@customer.example', message: 'Call me' } });
      const found: string[] = [];
      for (const tab of ['home', 'settings', 'knowledge', 'conversations', 'leads', 'privacy']) {
        await owner.goto(screen(tab), { waitUntil: 'networkidle' });
        await owner.locator('#confab-admin nav').first().waitFor();
        found.push(...(await barriers(owner)).map(barrier => `${tab}: ${barrier}`));
      }
      expect(found).toEqual([]);
    });

    it('show what the relay holds', async () => {
      await owner.goto(screen('knowledge'));
      await owner.getByText('Shipping').first().waitFor();
      await owner.goto(screen('leads'));
      await owner.getByText('ada@customer.example').first().waitFor();
      await owner.goto(screen('conversations'));
      await owner.locator('#confab-admin table').first().waitFor();
    });

    it('turn a question without an answer into one that has it', async () => {
      await tenant.widget.begin('Do you sell coats for dogs?');
      await owner.goto(screen('knowledge'));
      await owner.getByRole('button', { name: 'Write an answer “Do you sell coats for dogs?”' }).click();
      const form = owner.getByRole('dialog', { name: 'Write an answer' });
      await expect.poll(() => form.getByLabel('Question').inputValue()).toBe('Do you sell coats for dogs?');
      expect(await barriers(owner)).toEqual([]);
      await form.getByLabel('Answer').fill('Yes: the Otter coat, in three sizes.');
      await form.getByRole('button', { name: 'Save answer' }).click();
      await owner.locator('#confab-admin').getByText('Saved. The assistant answers from it in a moment.').waitFor();
      await owner.getByText('There is none: everything that was asked so far found its answer.').waitFor();
      await owner.getByText('Yes: the Otter coat, in three sizes.').waitFor();
      const told = async () => (await tenant.plugin.search({ q: 'coat for my dog' })).body.items[0]?.title;
      await eventually(told).toBe('Do you sell coats for dogs?');
    });

    it('say why an answer was given, and take a better one', async () => {
      await owner.goto(screen('conversations'));
      await owner.locator('#confab-admin table button').last().click();
      await owner.getByText('Why did it say that?').click();
      await owner.locator('.confab-why blockquote').getByText('Parcels to Iceland take nine days.').waitFor();
      await owner.getByRole('button', { name: 'Put this answer right' }).click();
      const form = owner.getByRole('dialog', { name: 'Write an answer' });
      expect(await form.getByLabel('Question').inputValue()).toBe('How long do parcels to Iceland take?');
      await form.getByLabel('Answer').fill('Ten days since June.');
      await form.getByRole('button', { name: 'Save answer' }).click();
      await owner.locator('#confab-admin').getByText('Saved. The assistant answers from it in a moment.').waitFor();
    });

    it('save settings at the relay', async () => {
      await owner.goto(screen('settings'));
      const name = owner.getByLabel('Name of the website');
      await name.fill('The Wool Oracle');
      await owner.getByRole('button', { name: 'Save settings' }).click();
      await owner.locator('#confab-admin').getByText('Saved.').waitFor();
      expect(JSON.stringify((await tenant.plugin.settings()).body)).toContain('The Wool Oracle');
    });

    it('ask what each CRM needs that is ticked, try it, and say who is written to', async () => {
      await owner.goto(screen('settings'));
      const token = owner.getByLabel('Zoho refresh token');
      await owner.getByRole('checkbox', { name: 'Zoho CRM' }).waitFor();
      expect(await token.count()).toBe(0);
      await owner.getByRole('checkbox', { name: 'Zoho CRM' }).check();
      await token.fill('1000.refresh-token');
      const mapping = owner.getByRole('group', { name: 'Fields in Zoho CRM' });
      await mapping.getByLabel('Field of the form').selectOption('message');
      await mapping.getByRole('button', { name: 'Add this field' }).click();
      await mapping.getByLabel('“Message” goes into').fill('Description');
      await owner.getByLabel('Who is written to').fill('ann@shop.example');
      await owner.getByLabel('Always open').uncheck();
      await owner.getByRole('button', { name: 'Add a day with other hours' }).click();
      const days = owner.getByRole('group', { name: 'Days with other hours' });
      await days.getByLabel('Day', { exact: true }).fill('2026-12-24');
      await days.getByLabel('2026-12-24, closes').fill('12:00');
      await owner.getByRole('button', { name: 'Save settings' }).click();
      await owner.getByText('Saved.', { exact: true }).waitFor();
      const { crm, hours, notifications } = (await tenant.plugin.settings()).body;
      expect(crm).toMatchObject({
        connectors: ['zoho'],
        zoho: { refreshToken: { set: true, last4: 'oken' }, mapping: { message: 'Description' } },
      });
      expect(hours?.exceptions).toEqual([
        { date: '2026-12-24', name: '', spans: [{ opens: '09:00', closes: '12:00' }] },
      ]);
      expect(notifications.addresses).toEqual(['ann@shop.example']);
      await owner.getByText('waits to be confirmed').waitFor();
      await owner.getByRole('button', { name: 'Send a test lead to Zoho CRM' }).focus();
      await owner.keyboard.press('Enter');
      await owner.getByText('Something has to be set up there first.').waitFor();
      expect(await barriers(owner)).toEqual([]);
    });

    it('say why a lead has not arrived, and have it tried again', async () => {
      await tenant.widget.lead({ fields: { email: 'eve@customer.example', message: 'Call me' } });
      const row = owner.getByRole('row', { name: /eve@customer/ });
      await eventually(async () => {
        await owner.goto(screen('leads'));
        await row.waitFor();
        return row.textContent();
      }).toContain('Did not arrive');
      await row.getByText('Something has to be set up there first.').waitFor();
      expect(await barriers(owner)).toEqual([]);
      await row.getByRole('button', { name: 'Try again Zoho CRM' }).focus();
      await owner.keyboard.press('Enter');
      await row.getByText('It is tried again now.').waitFor();
      await owner.goto(screen('home'));
      await owner.getByText('Zoho CRM cannot get your leads: its credentials are not complete.').first().waitFor();
    });

    it('lose neither version when two owners save at once', async () => {
      await owner.goto(screen('settings'));
      const name = owner.getByLabel('Name of the website');
      await name.fill('The name of mine');
      await tenant.plugin.change(settings => ({ ...settings, name: 'The name of theirs' }));
      await owner.getByRole('button', { name: 'Save settings' }).click();
      await owner.getByText('The name of theirs').first().waitFor();
      await owner.getByText('The name of mine').first().waitFor();
      expect((await tenant.plugin.settings()).body.name).toBe('The name of theirs');
    });

    it('never hold the secret, nor does any answer that they get', async () => {
      const answers: Promise<string>[] = [];
      owner.on('response', response => answers.push(response.text().catch(() => '')));
      for (const tab of ['home', 'settings']) await owner.goto(screen(tab), { waitUntil: 'networkidle' });
      const texts = await Promise.all(answers);
      expect(texts.length).toBeGreaterThan(5);
      expect(texts.filter(text => text.includes(tenant.secret))).toEqual([]);
    });

    it('leave Site Health with nothing critical of ours', async () => {
      await owner.goto(`${stage.site.url}/wp-admin/site-health.php`);
      const progress = owner.locator('.site-health-progress-wrapper');
      await eventually(() => progress.getAttribute('class')).not.toMatch(/loading/);
      expect(await owner.locator('#health-check-issues-critical').textContent()).not.toMatch(/confab|relay/i);
      await owner.goto(`${stage.site.url}/wp-admin/site-health.php?tab=debug`);
      const info = (await owner.locator('body').textContent()) ?? '';
      expect(info).toContain(stage.relay.url);
      expect(info).not.toContain(tenant.secret);
    });

    // The floor has neither.
    if (core === 'floor') return;

    it('stand on the screen of connectors', async () => {
      await owner.goto(`${stage.site.url}/wp-admin/options-connectors.php`);
      await owner.locator('#wpbody-content').getByText('Confab', { exact: true }).first().waitFor();
    });

    it('are there for agents too: abilities run over REST, for whoever may manage Confab', async () => {
      const path = '/wp-json/wp-abilities/v1/abilities/confab/get-status/run';
      expect((await fetch(stage.site.url + path)).status).toBe(401);
      await owner.goto(screen('home'));
      const status = await owner.evaluate(async () => {
        const { wp } = window as unknown as {
          wp: { apiFetch(options: { path: string }): Promise<{ state: string }> };
        };
        return wp.apiFetch({ path: '/wp-abilities/v1/abilities/confab/get-status/run' });
      });
      expect(status).toMatchObject({ state: 'connected' });
    });
  });
}

/** What axe finds on our part of the screen. */
async function barriers(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).include('#wpbody-content .wrap').analyze();
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} (${failureSummary})`),
  );
}
