import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '@confab/relay/config.ts';
import { createLog } from '@confab/relay/lib/log.ts';
import { startRelay } from '@confab/relay/relay.ts';
import { chromium, type Page } from 'playwright-core';
import { startFakeOpenai } from './fakes/openai.ts';

// Takes the picture of the README: `node e2e/screenshot.ts` writes docs/widget.png. The shop, the relay and the widget are
// the real ones; what the model says is written here, so that the picture does not change by itself.

const QUESTION = 'Is the Kittiwake itchy? And which size should I take?';

const ANSWER = `A little, for the first few wears: Galway wool is a sturdy fibre and softens after two or three washes [1].

It **fits large**: take your usual size for an easy fit, or one smaller for a close one. All measures are in the size guide [2].`;

const dataDir = await mkdtemp(join(tmpdir(), 'confab-screenshot-'));
const vendor = await startFakeOpenai({ script: { pieces: ANSWER.split(/(?= )/) } });
const config = readConfig({
  PORT: '0',
  CONFAB_DATA_DIR: dataDir,
  CONFAB_LOG_LEVEL: 'warn',
  OPENAI_API_KEY: 'a-key-of-nobody',
  OPENAI_BASE_URL: vendor.url,
});
const relay = await startRelay({ config, log: createLog(config.logLevel), now: () => new Date() });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu'],
});
try {
  const page = await browser.newPage({ viewport: { width: 1_280, height: 800 }, reducedMotion: 'reduce' });
  await page.goto(`${relay.url}/demo/kittiwake-jumper.html`);
  await chat(page);
  await page.screenshot({ path: join(import.meta.dirname, '../docs/widget.png') });
} finally {
  await browser.close();
  await relay.stop();
  await vendor.close();
  await rm(dataDir, { recursive: true, force: true });
}

async function chat(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Open chat' }).click();
  await page.getByRole('button', { name: 'Accept' }).click();
  await page.getByRole('textbox', { name: 'Write your question' }).fill(QUESTION);
  await page.keyboard.press('Enter');
  await page.getByRole('log').getByText('Sources').waitFor();
  await page.getByRole('button', { name: 'Send' }).waitFor();
  await page.mouse.click(650, 760); // beside everything, so that no field has the focus
}
