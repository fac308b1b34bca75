import { expect, it } from 'vitest';
import { ask, askAndRead, composer, openAnd, thread, useConfab } from './browser.ts';
import { question } from './relay.ts';

const { here, arrive } = useConfab({ env: { CONFAB_RATE_LIMIT: 'on' } });

const ANSWERED = '€119';

/** Somebody in the visitor's network asks more often than people do. */
async function crowd(): Promise<number> {
  const { widget } = here.relay.demo;
  const asked = Array.from({ length: 12 }, () => widget.turn(question('How heavy is it?', { thread: [] })));
  return (await Promise.all(asked)).filter(({ status }) => status === 403).length;
}

it('a visitor among robots gets the answer without a click, and the robots get none', async () => {
  const { page, requests, setCookies } = await arrive();
  await openAnd(page, 'Decline');
  const isProof = (url: string) => url.includes('confab-proof');
  expect(await crowd()).toBeGreaterThan(0);
  const robots = here.vendor.requests.length;
  expect(robots).toBeLessThanOrEqual(10);
  expect(requests.filter(isProof)).toEqual([]);

  await askAndRead(page, 'What does the Kittiwake Jumper cost?', ANSWERED);
  expect(here.vendor.requests).toHaveLength(robots + 1);
  await askAndRead(page, 'And what does it cost in green?', ANSWERED);
  expect(requests.filter(isProof)).toHaveLength(1);
  expect(await setCookies()).toEqual([]);
  expect(await page.context().cookies()).toEqual([]);
  expect(await page.evaluate(() => [localStorage.length, sessionStorage.length])).toEqual([0, 0]);
});

it('the panel goes on working meanwhile, and says what it does', async () => {
  const { page } = await arrive();
  await openAnd(page, 'Decline');
  const client = await page.context().newCDPSession(page);
  await client.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  await crowd();
  await ask(page, 'What does the Kittiwake Jumper cost?');
  await page.getByText('Checking that you are human').first().waitFor();
  await composer(page).pressSequentially('And in green?');
  expect(await composer(page).inputValue()).toBe('And in green?');
  await thread(page).getByText(ANSWERED).waitFor();
  expect(await thread(page).getByText('Checking that you are human').count()).toBe(0);
});
