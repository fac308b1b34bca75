import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { latest, onCore, openStage, type Page, type Stage } from './stage.ts';

const core = latest();

describe(onCore(core, 'the block for questions and answers'), () => {
  let stage: Stage;
  let editor: Page;

  beforeAll(async () => {
    stage = await openStage({ core, confab: 'source', relay: false });
    editor = await stage.admin();
  });
  afterEach(() => stage.expectNoFault());
  afterAll(() => stage?.close());

  it('is written in the editor and read on the page', async () => {
    await editor.goto(`${stage.site.url}/wp-admin/post-new.php`);
    await editor.waitForFunction('window.wp?.data?.select("core/blocks").getBlockType("confab/faq")');
    await editor.evaluate(`
      wp.data.dispatch('core/preferences').set('core/edit-post', 'welcomeGuide', false);
      wp.data.dispatch('core/editor').editPost({ title: 'Questions' });
      wp.data.dispatch('core/block-editor').insertBlocks(wp.blocks.createBlock('confab/faq'));
    `);
    const canvas = editor.frameLocator('iframe[name="editor-canvas"]');
    await canvas.getByRole('textbox', { name: 'Question' }).fill('When do parcels arrive?');
    await canvas.getByRole('textbox', { name: 'Answer' }).fill('After nine days.');
    await canvas.getByRole('button', { name: 'Add a question' }).click();
    await canvas.getByRole('textbox', { name: 'Question' }).last().fill('May I wash it?');
    await canvas.getByRole('textbox', { name: 'Answer' }).last().fill('By hand.');
    await canvas.getByRole('button', { name: 'Move this question up' }).last().click();
    const url = await editor.evaluate(`(async () => {
      wp.data.dispatch('core/editor').editPost({ status: 'publish' });
      await wp.data.dispatch('core/editor').savePost();
      return wp.data.select('core/editor').getPermalink();
    })()`);

    const { page } = await stage.newTab();
    await page.goto(String(url));
    const questions = page.locator('.confab-faq [itemprop="mainEntity"]');
    expect(await questions.locator('h3').allTextContents()).toEqual(['May I wash it?', 'When do parcels arrive?']);
    expect(await questions.last().locator('[itemprop="text"]').textContent()).toContain('After nine days.');
  });
});
