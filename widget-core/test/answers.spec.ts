import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ask, composer, eventually, launcher, log, openAnd, useWidget } from './browser.ts';
import { answering, cuttingOff, failing, holding, refusing } from './stub-relay.ts';

const { here, arrive } = useWidget();

const OWN_XSS = '/work/shared/data/own/security/xss_markdown.json';
const FETCHED_XSS = '/work/shared/data/fetched/security/xss_html.json.gz';

/** A few of each kind for where the data are not; the data, where they are. */
function hostileTexts(): string[] {
  const texts = [
    '<img src=x onerror=alert(1)>',
    '[a](javascript:alert(1))',
    '[a](https://shop.example" onclick="alert(1))',
    '</p></div><script>alert(1)</script>',
    '```html\n<svg onload=alert(1)>\n```',
  ];
  if (existsSync(OWN_XSS)) texts.push(...JSON.parse(readFileSync(OWN_XSS, 'utf8')).vectors);
  if (existsSync(FETCHED_XSS)) texts.push(...JSON.parse(gunzipSync(readFileSync(FETCHED_XSS)).toString()));
  return texts;
}

const citations = [
  { index: 1, title: 'Returns', url: 'https://shop.example/returns' },
  { index: 2, title: 'Evil', url: 'javascript:alert(1)' },
];

describe('an answer', () => {
  it('stands under the disclosure that a machine gives it', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    const disclosure = page.getByText('You are chatting with an automated assistant');
    expect(await disclosure.isVisible()).toBe(true);
    await ask(page, 'one');
    const answer = log(page).getByText('You asked: one');
    await answer.waitFor();
    const [above, below] = await Promise.all([disclosure.boundingBox(), answer.boundingBox()]);
    expect(above?.y).toBeLessThan(below?.y ?? 0);
  });

  it('links to its sources in a new tab, so that a thread in memory is not lost', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    here.relay.scripts.push(
      answering('Thirty days [1], see https://shop.example/x or [this](http://shop.example/y).', citations),
    );
    await ask(page, 'one');
    await page.getByRole('link', { name: '1: Returns' }).waitFor();
    await page.getByRole('link', { name: '1 Returns' }).waitFor();
    const links = await log(page)
      .getByRole('link')
      .evaluateAll(found =>
        found.map(link => [link.getAttribute('href'), link.getAttribute('target'), link.getAttribute('rel')]),
      );
    const attributes = ['_blank', 'noopener noreferrer nofollow'];
    expect(links).toEqual([
      ['https://shop.example/returns', ...attributes],
      ['https://shop.example/x', ...attributes],
      ['http://shop.example/y', ...attributes],
      ['https://shop.example/returns', ...attributes],
    ]);
  });

  it('names a source without an address in words, and links nowhere', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    const entry = { index: 3, title: 'Do you mend mugs?', url: '' };
    here.relay.scripts.push(answering('We mend them [3] and [2].', [...citations, entry]));
    await ask(page, 'one');
    await log(page).getByText('Do you mend mugs?').waitFor();
    expect(await log(page).locator('.sources li').allInnerTexts()).toEqual([
      '1\nReturns',
      '2\nEvil',
      '3\nDo you mend mugs?',
    ]);
    expect(await log(page).locator('sup').allInnerTexts()).toEqual(['3', '2']);
    expect(await log(page).getByRole('link').allInnerTexts()).toEqual(['1\nReturns']);
  });

  it('is inert, whatever it says', async () => {
    const { page, requests, faults } = await arrive();
    page.on('dialog', dialog => faults.push(dialog.message()));
    await openAnd(page, 'Decline');
    const texts = hostileTexts();
    here.relay.scripts.push(answering(texts.join('\n\n')), answering(texts.map(text => `- > **${text}**`).join('\n')));
    await ask(page, texts.join('\n').slice(0, 3_900));
    await log(page).getByText('alert(1)').first().waitFor();
    await eventually(() => page.getByRole('button', { name: 'Stop the answer' }).count()).toBe(0);
    await ask(page, 'again');
    await eventually(() => log(page).locator('blockquote').count()).toBeGreaterThan(0);
    await eventually(() => page.getByRole('button', { name: 'Stop the answer' }).count()).toBe(0);
    const odd = await log(page).evaluate(root =>
      [...root.querySelectorAll('*')].flatMap(element => {
        const known = /^(ol|ul|li|p|br|div|span|strong|em|code|pre|blockquote|sup|a|b|i|button)$/i.test(
          element.tagName,
        );
        const active = [...element.attributes].filter(
          ({ name, value }) => /^on|^src|^style|^srcdoc/.test(name) || (name === 'href' && !/^https?:/.test(value)),
        );
        return known && active.length === 0 ? [] : [element.outerHTML];
      }),
    );
    expect(odd).toEqual([]);
    expect(faults).toEqual([]);
    expect([...new Set(requests.map(path => path.split('/')[0]))].sort()).toEqual(['relay', 'shop']);
  });

  it('of a hundred kilobytes is on the screen in good time', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    const line = '**bold** and *slanted* [a](https://a.example) `code` [ ( * ** _ \n';
    here.relay.scripts.push(reply => {
      reply.start();
      reply.finish(`${line.repeat(1_600)}The end.`);
    });
    const started = Date.now();
    await ask(page, 'one');
    await log(page).getByText('The end.').waitFor();
    expect(Date.now() - started).toBeLessThan(3_000);
  });

  it('is put together rightly although the bytes come one by one', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    here.relay.scripts.push(async reply => {
      const { response } = reply;
      response.socket?.setNoDelay(true);
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      const events = `: hi\r\n\r\nevent: delta\r\ndata: {"text":"Grüße 😀"}\r\n\r\nevent: completed\r\ndata: ${JSON.stringify(
        {
          ...{ turnId: '1', text: 'Grüße 😀', citations: [], finishReason: 'stop', seal: 's' },
        },
      )}\r\n\r\n`;
      for (const byte of Buffer.from(events)) await new Promise(resolve => response.write(Buffer.of(byte), resolve));
      response.end();
    });
    await ask(page, 'one');
    await log(page).getByText('Grüße 😀').waitFor();
    await eventually(() => page.getByRole('button', { name: 'Stop the answer' }).count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
  });
});

describe('while an answer streams', () => {
  it('the visitor can type, and Enter keeps the text until it can be sent', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    const held = holding('Well', ', yes.');
    here.relay.scripts.push(held.script);
    await ask(page, 'one');
    const bubble = log(page).locator('[aria-busy]').last();
    await log(page).getByText('Well').waitFor();
    expect(await bubble.getAttribute('aria-busy')).toBe('true');
    await composer(page).fill('two');
    await composer(page).press('Enter');
    expect(await composer(page).inputValue()).toBe('two');
    held.release();
    await log(page).getByText('Well, yes.').waitFor();
    await eventually(() => bubble.getAttribute('aria-busy')).toBe('false');
    expect(await composer(page).inputValue()).toBe('two');
    await composer(page).press('Enter');
    await log(page).getByText('You asked: two').waitFor();
  });

  it('a screen reader hears that it is coming, and then the whole of it once', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    const live = page.getByRole('dialog').locator('[role=status]');
    await live.evaluate(region => {
      const heard: string[] = [];
      Object.assign(window, { heard });
      new MutationObserver(() => heard.push(region.textContent ?? '')).observe(region, { childList: true });
    });
    const held = holding('**Thirty', '** days [1].', citations);
    here.relay.scripts.push(held.script);
    await ask(page, 'one');
    await log(page).getByText('Thirty').waitFor();
    held.release();
    await eventually(() => live.textContent()).toBe('Thirty days.');
    expect(await page.evaluate(() => (window as unknown as { heard: string[] }).heard)).toEqual([
      'Looking for an answer',
      'Thirty days.',
    ]);
    expect(await log(page).getAttribute('aria-live')).toBe('off');
  });

  it('it can be stopped, and the relay notices', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    let hasLeft = false;
    here.relay.scripts.push(reply => {
      reply.response.on('close', () => {
        hasLeft = true;
      });
      reply.start();
      reply.send({ event: 'delta', data: { text: 'Well' } });
    });
    await ask(page, 'one');
    await log(page).getByText('Well').waitFor();
    await page.getByRole('button', { name: 'Stop the answer' }).click();
    await log(page).getByText('This answer was cut short').waitFor();
    await eventually(() => hasLeft).toBe(true);
    await page.getByRole('button', { name: 'Try again' }).click();
    await log(page).getByText('You asked: one').waitFor();
  });

  it('the thread follows it until its question has reached the top, so that it is read from its beginning', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    const held = holding('line\n\n'.repeat(60), 'more\n\n'.repeat(60));
    here.relay.scripts.push(held.script);
    await ask(page, 'one');
    const above = () =>
      log(page).evaluate(view => {
        const question = view.querySelector('.visitor') as Element;
        return question.getBoundingClientRect().top - view.getBoundingClientRect().top;
      });
    await eventually(() => log(page).getByText('line').count()).toBe(60);
    await eventually(async () => Math.round(await above())).toBe(16);
    await log(page).evaluate(view => view.scrollTo(0, 700));
    held.release();
    await eventually(() => log(page).getByText('more').count()).toBe(60);
    expect(await log(page).evaluate(view => view.scrollTop)).toBe(700);
  });
});

describe('the composer', () => {
  it('sends with Enter, and breaks the line with Shift and Enter', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    await composer(page).pressSequentially('one');
    await composer(page).press('Shift+Enter');
    await composer(page).pressSequentially('two');
    await composer(page).press('Enter');
    await log(page).getByText('You asked: one').waitFor();
    const [turn] = here.relay.to('/turns');
    expect(turn?.body.text).toBe('one\ntwo');
    expect(turn?.headers['content-type']).toBe('text/plain;charset=UTF-8');
    const question = log(page).getByText('one\ntwo', { exact: true });
    expect((await question.boundingBox())?.height).toBeGreaterThan(60); // two lines, and the room around them
  });

  it('tells the page without its query, where personal data may be', async () => {
    const { page } = await arrive();
    await page.goto(`${here.shop.origin}/?email=jo@example.com#order-7`);
    await openAnd(page, 'Decline');
    await ask(page, 'one');
    await log(page).getByText('You asked: one').waitFor();
    expect(here.relay.to('/turns')[0]?.body.page).toEqual({ url: `${here.shop.origin}/`, title: 'Shop & Co' });
  });

  it('says when a question is too long, and lets the visitor shorten it', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    await composer(page).fill('😀'.repeat(4_001));
    await page.getByText('under 4,000 characters').waitFor();
    await composer(page).press('Enter');
    expect(here.relay.to('/turns')).toHaveLength(0);
    await composer(page).fill('😀'.repeat(4_000));
    await composer(page).press('Enter');
    await eventually(() => here.relay.to('/turns').length).toBe(1);
  });

  it("keeps its keys from the page's own shortcuts", async () => {
    const { page } = await arrive({
      init: () => {
        const keys: string[] = [];
        Object.assign(window, { keys });
        document.addEventListener('keydown', event => keys.push(event.key));
      },
    });
    await openAnd(page, 'Decline');
    await composer(page).pressSequentially('s/');
    expect(await page.evaluate(() => (window as unknown as { keys: string[] }).keys)).toEqual([]);
  });
});

describe('when something fails', () => {
  it.each([
    ['the stream is cut', cuttingOff('Half an ans'), 'cannot be reached'],
    ['nothing comes but a cut', cuttingOff(''), 'cannot be reached'],
    ['the relay has no answer', failing, 'That did not work'],
    ['the relay has a fault', refusing(500, 'internal'), 'That did not work'],
    ['the thread is not known', refusing(422, 'thread_not_sealed'), 'has lost the thread'],
    ['the relay refuses what was sent', refusing(400, 'validation_failed'), 'That did not work'],
  ])('because %s, the visitor reads so, and asks again with one press', async (_, script, message) => {
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    here.relay.scripts.push(script);
    await ask(page, 'Where is my parcel?');
    await log(page).getByText(message).waitFor();
    await log(page).getByText('Where is my parcel?').waitFor();
    await page.getByRole('button', { name: 'Try again' }).click();
    await log(page).getByText('You asked: Where is my parcel?').waitFor();
    expect(await composer(page).inputValue()).toBe('');
    expect(await log(page).locator('.visitor').count()).toBe(1);
  });

  it('because the visitor is offline, the text stays in the composer until they are back', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    await page.context().setOffline(true);
    await ask(page, 'one');
    await log(page).getByText('You are offline').waitFor();
    expect(await composer(page).inputValue()).toBe('one');
    await page.context().setOffline(false);
    await composer(page).press('Enter');
    await log(page).getByText('You asked: one').waitFor();
    expect(await log(page).getByText('You are offline').count()).toBe(0);
  });

  it('because the network is gone when opening, the visitor reads so, and goes on when it is back', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    await page.reload();
    await page.route('**/config*', route => route.abort());
    await launcher(page).click();
    await page.getByText('cannot be reached').first().waitFor();
    await page.unroute('**/config*');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('button', { name: 'Decline' }).waitFor();
  });

  it('because of too many questions, the next one waits for the time that the relay names', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    await page.clock.install();
    here.relay.scripts.push(refusing(429, 'rate_limited', { 'Retry-After': '30' }));
    await ask(page, 'one');
    const again = page.getByRole('button', { name: 'Try again' });
    await log(page).getByText('a lot of questions').waitFor();
    expect(await again.isDisabled()).toBe(true);
    await page.clock.fastForward(31_000);
    await again.click();
    await log(page).getByText('You asked: one').waitFor();
  });

  it('because the stream falls silent, the visitor is not left waiting', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    await page.clock.install();
    let say = (_text: string) => {};
    here.relay.scripts.push(reply => {
      reply.start();
      say = text => reply.send({ event: 'delta', data: { text } });
      say('Half');
    });
    await ask(page, 'one');
    await log(page).getByText('Half').waitFor();
    await page.clock.fastForward(30_000);
    say(' of it');
    await log(page).getByText('Half of it').waitFor();
    await page.clock.fastForward(30_000);
    say(', slowly');
    await log(page).getByText('Half of it, slowly').waitFor();
    await page.clock.fastForward(46_000);
    await log(page).getByText('cannot be reached').waitFor();
  });
});
