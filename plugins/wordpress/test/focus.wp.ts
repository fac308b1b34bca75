import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../e2e/browser.ts';
import { confabPage, connectHeadless, latest, onCore, openStage, type Page, type Stage } from './stage.ts';

describe(onCore(latest(), 'somebody with a keyboard alone'), () => {
  let stage: Stage;
  let owner: Page;

  beforeAll(async () => {
    stage = await openStage({ core: latest() });
    const tenant = await connectHeadless(stage);
    await tenant.widget.begin('How long do parcels to Iceland take?');
    await tenant.plugin.change(settings => ({
      ...settings,
      answers: { ...settings.answers, openai: { ...settings.answers.openai, apiKey: 'sk-of-the-shop-1234' } },
    }));
    owner = await stage.admin();
  });
  afterEach(() => stage.expectNoFault());
  afterAll(() => stage?.close());

  const focused = () =>
    eventually(() => owner.evaluate(() => `${document.activeElement?.tagName} ${document.activeElement?.textContent}`));

  it('goes on in the field that takes the place of a button, and back', async () => {
    await owner.goto(`${confabPage(stage.site.url)}&tab=settings`);
    await owner.getByRole('button', { name: 'Replace OpenAI key' }).press('Enter');
    await focused().toMatch(/^INPUT/);
    await owner.getByRole('button', { name: 'Keep the stored key' }).press('Enter');
    await focused().toBe('BUTTON Replace OpenAI key');
  });

  it('is on the button to save after discarding what was changed', async () => {
    await owner.getByLabel('Instructions').fill('Mention that we ship from Ireland.');
    await owner.getByRole('button', { name: 'Discard changes' }).press('Enter');
    await focused().toBe('BUTTON Save settings');
  });

  it('sees that settings were saved, wherever on the long page they are', async () => {
    const callback = owner.getByLabel('Visitors can ask to be called back');
    await callback.press('Space');
    await owner.getByRole('button', { name: 'Save settings' }).press('Enter');
    await owner.getByText('Saved.').waitFor();
    const seen = await owner.getByText('Saved.').evaluate(element => {
      const { top, bottom } = element.getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight;
    });
    expect(seen).toBe(true);
  });

  it('is led to what was refused', async () => {
    const name = owner.getByLabel('Name of the website');
    await name.fill('');
    await owner.getByRole('button', { name: 'Save settings' }).press('Enter');
    await focused().toBe('BUTTON Name of the website');
    await owner.keyboard.press('Enter');
    await focused().toMatch(/^INPUT/);
    expect(await name.getAttribute('aria-invalid')).toBe('true');
    await owner.getByRole('button', { name: 'Discard changes' }).press('Enter');
  });

  it('begins at the heading of a conversation, and of the list again', async () => {
    await owner.goto(`${confabPage(stage.site.url)}&tab=conversations`);
    await owner.locator('#confab-admin td button').first().press('Enter');
    await focused().toMatch(/^H2 Conversation of/);
    await owner.getByRole('button', { name: 'All conversations' }).press('Enter');
    await focused().toBe('H2 Stored conversations');
  });
});
