import { describe, expect, it } from 'vitest';
import { eventually, launcher, nothing, openAnd, stored, useWidget } from './browser.ts';

const { here, arrive } = useWidget();

describe('before a visitor opens the chat', () => {
  it('there is a launcher, and no request, cookie or storage', async () => {
    const { page, requests, faults } = await arrive();
    await launcher(page).waitFor();
    await page.waitForLoadState('networkidle');
    expect(requests.filter(path => path !== 'shop/icon.png')).toEqual(['shop/', 'shop/widget/confab-loader.js']);
    expect(await stored(page)).toEqual(nothing);
    expect(here.relay.seen).toEqual([]);
    expect(faults).toEqual([]);
  });

  it('the launcher has the name, place and colour of the attributes', async () => {
    const attributes = { label: 'Open the shop chat', position: 'bottom-left', accent: '#ffd400' };
    const { page } = await arrive({ page: { attributes } });
    const button = page.getByRole('button', { name: 'Open the shop chat' });
    const box = await button.boundingBox();
    expect(box?.x).toBe(20);
    const colours = await button.evaluate(element => {
      const { backgroundColor, color } = getComputedStyle(element);
      return [backgroundColor, color];
    });
    expect(colours).toEqual(['rgb(255, 212, 0)', 'rgb(0, 0, 0)']);
  });

  it('a loader that is included twice makes one widget', async () => {
    const { page, faults } = await arrive({ page: { loaders: 2 } });
    await launcher(page).waitFor();
    expect(faults).toEqual([]);
    expect(await page.locator('confab-chat').count()).toBe(1);
  });

  it("a shop's own styles do not reach the widget", async () => {
    const css = `* { color: red !important } body > * { position: static !important; max-width: 10px; opacity: .5; transform: rotate(9deg) }
      button { width: 100% !important; background: red !important } html { font-size: 30px; letter-spacing: 9px }`;
    const plain = await arrive();
    const expected = await launcher(plain.page).boundingBox();
    const { page } = await arrive({ page: { css } });
    expect(await launcher(page).boundingBox()).toEqual(expected);
    await launcher(page).click();
    const title = page.getByRole('heading', { name: 'Chat with us' });
    const styles = await title.evaluate(element => {
      const { color, fontSize, letterSpacing } = getComputedStyle(element);
      return { color, fontSize, letterSpacing };
    });
    expect(styles).toEqual({ color: 'rgb(26, 32, 36)', fontSize: '17px', letterSpacing: 'normal' });
  });
});

describe('opening the chat', () => {
  it('moves nothing on the page', async () => {
    const { page } = await arrive({
      init: () => {
        const shifts: number[] = [];
        Object.assign(window, { shifts });
        new PerformanceObserver(list => {
          for (const entry of list.getEntries()) shifts.push((entry as unknown as { value: number }).value);
        }).observe({ type: 'layout-shift', buffered: true });
      },
    });
    const heading = page.getByRole('heading', { name: 'Shop', exact: true });
    const before = await heading.boundingBox();
    await openAnd(page, 'Decline');
    expect(await heading.boundingBox()).toEqual(before);
    expect(await page.evaluate(() => (window as unknown as { shifts: number[] }).shifts)).toEqual([]);
    const heights = await page.evaluate(() => {
      const withWidget = document.body.offsetHeight;
      document.querySelector('confab-chat')?.remove();
      return [withWidget, document.body.offsetHeight];
    });
    expect(heights[0]).toBe(heights[1]);
  });

  it('talks to the relay alone, within the strictest content security policy', async () => {
    const { page, requests, faults } = await arrive();
    await openAnd(page, 'Decline');
    await eventually(() => requests).toContain('relay/v1/widget/demo/consents');
    const hosts = new Set(requests.map(path => path.split('/')[0]));
    expect([...hosts].sort()).toEqual(['relay', 'shop']);
    expect(requests.filter(path => path.includes('panel'))).toHaveLength(1);
    expect(faults).toEqual([]);
    for (const { headers } of here.relay.seen) {
      expect(headers).not.toHaveProperty('cookie');
      expect(headers).not.toHaveProperty('referer');
    }
    expect(here.relay.seen.map(({ method }) => method)).not.toContain('OPTIONS');
  });

  it('asks for the very panel that belongs to this loader', async () => {
    const { page } = await arrive();
    const [request] = await Promise.all([page.waitForRequest(/confab-panel/), launcher(page).click()]);
    expect(new URL(request.url()).search).toMatch(/^\?v=[0-9a-f]{12}$/);
  });

  it('says so when the panel cannot be loaded, and tries again when pressed again', async () => {
    const { page } = await arrive();
    here.shop.lose('panel');
    await launcher(page).click();
    await page.getByText('The chat could not be loaded').waitFor();
    here.shop.lose('');
    await launcher(page).click();
    await page.getByRole('dialog', { name: 'Chat with us' }).waitFor();
    expect(await page.getByText('The chat could not be loaded').count()).toBe(0);
  });

  it('says so when the relay cannot be reached, and goes on when it can', async () => {
    const { page } = await arrive();
    here.relay.refuseOnce('/config', 503, 'unavailable');
    await launcher(page).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('button', { name: 'Accept' }).waitFor();
  });

  it('does not wait for a silent relay for ever', async () => {
    const { page } = await arrive();
    await page.clock.install();
    here.relay.holdOnce('/config');
    await launcher(page).click();
    await eventually(() => here.relay.to('/config').length).toBe(1);
    await page.clock.fastForward(11_000);
    await page.getByRole('dialog').getByRole('button', { name: 'Try again' }).waitFor();
  });

  it('takes on the look that the owner has chosen meanwhile', async () => {
    here.relay.configure({ appearance: { position: 'bottom-left', accent: '#102a6b', theme: 'dark' } });
    const { page } = await arrive();
    await launcher(page).click();
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'Accept' }).waitFor();
    expect((await dialog.boundingBox())?.x).toBe(20);
    expect(await dialog.evaluate(element => getComputedStyle(element).backgroundColor)).toBe('rgb(22, 26, 28)');
  });
});
