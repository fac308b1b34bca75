import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { ask, choose, composer, eventually, launcher, log, nothing, openAnd, stored, useWidget } from './browser.ts';
import { answering, failing, holding, prechat, refusing, type TurnScript } from './stub-relay.ts';

const { here, arrive } = useWidget();

const optional = { ...prechat, fields: prechat.fields.map(field => ({ ...field, required: false })) };
const heading = 'Before we begin';
const closed = { open: false, nextOpenAt: '2026-05-04T07:00:00Z', timezone: 'Europe/Berlin' };
const features = { transcript: false, leads: true, callback: true, marketing: false, orders: false };
const left = () => here.relay.to('/leads').map(({ body }) => body);

describe('the form before a chat', () => {
  it('is filled in by keyboard after consent, and goes with the first question', async () => {
    here.relay.configure({ prechat });
    const { page, faults } = await arrive();
    await launcher(page).click();
    await page.getByRole('button', { name: 'Accept' }).press('Enter');
    await eventually(() => focused(page)).toBe(heading);
    expect(await stored(page)).toEqual(nothing);
    const name = page.getByLabel('Your name');
    expect([await name.getAttribute('autocomplete'), await name.getAttribute('required')]).toEqual(['name', '']);
    await page.getByText('To greet you.').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.type('Jo');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.type('S');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await eventually(() => focused(page)).toBe('Write your question');
    await ask(page, 'one');
    await log(page).getByText('You asked: one').waitFor();
    expect(here.relay.to('/turns')[0]?.body.prechat).toEqual({ name: 'Jo', about: 'other' });
    expect(faults).toEqual([]);
  });

  it('says at its fields what is missing, and what the relay does not take; what was written stays', async () => {
    here.relay.configure({ prechat });
    const { page } = await arrive();
    await launcher(page).click();
    await page.getByRole('button', { name: 'Accept' }).click();
    await page.getByRole('button', { name: 'Start the chat' }).click();
    expect(await page.getByRole('alert').getByText('This is needed.').count()).toBe(2);
    expect(await focused(page, 'name')).toBe('name');
    await page.getByLabel('Your name').fill('Jo');
    await page.getByLabel('Your address').fill('jo');
    await page.getByLabel('What is it about?').selectOption('order');
    await page.getByRole('button', { name: 'Start the chat' }).click();
    here.relay.scripts.push(refusing(400, 'validation_failed', {}, ['prechat.mail']));
    await ask(page, 'Where is my parcel?');
    await page.getByRole('alert').getByText('This is not an e-mail address').waitFor();
    expect(await focused(page, 'name')).toBe('mail');
    expect(await page.getByLabel('Your name').inputValue()).toBe('Jo');
    await page.getByLabel('Your address').fill('jo@example.com');
    await page.getByRole('button', { name: 'Start the chat' }).click();
    await composer(page).press('Enter');
    await log(page).getByText('You asked: Where is my parcel?').waitFor();
    expect(here.relay.to('/turns')[1]?.body.prechat).toEqual({ name: 'Jo', mail: 'jo@example.com', about: 'order' });
  });

  it('can be skipped where nothing in it is required, and only there', async () => {
    here.relay.configure({ prechat: optional });
    const { page } = await arrive();
    await launcher(page).click();
    await page.getByRole('button', { name: 'Accept' }).click();
    await page.getByRole('button', { name: 'Skip these questions' }).click();
    await ask(page, 'one');
    await log(page).getByText('You asked: one').waitFor();
    expect(here.relay.to('/turns')[0]?.body.prechat).toEqual({});
    here.relay.configure({ prechat });
    const other = await arrive();
    await launcher(other.page).click();
    await other.page.getByRole('button', { name: 'Accept' }).click();
    await other.page.getByRole('heading', { name: heading }).waitFor();
    expect(await other.page.getByRole('button', { name: 'Skip these questions' }).count()).toBe(0);
  });

  it('is no trap: who would rather not answer withdraws, and goes on without storage', async () => {
    here.relay.configure({ prechat });
    const { page } = await arrive();
    await launcher(page).click();
    await page.getByRole('button', { name: 'Accept' }).click();
    await page.getByRole('heading', { name: heading }).waitFor();
    await choose(page, 'Withdraw consent');
    await page.getByRole('button', { name: 'Back to the chat' }).click();
    await eventually(() => focused(page)).toBe(heading);
    await choose(page, 'Withdraw consent');
    await page.getByRole('button', { name: 'Erase it' }).click();
    await eventually(() => focused(page)).toBe('Write your question');
    await ask(page, 'one');
    await log(page).getByText('You asked: one').waitFor();
    expect(here.relay.to('/consents').map(({ body }) => body.decision)).toEqual(['granted', 'withdrawn']);
    expect(here.relay.to('/turns')[0]?.body).not.toHaveProperty('prechat');
    expect(await stored(page)).toEqual(nothing);
  });

  it('is not shown to who declined, and comes when they change their mind', async () => {
    here.relay.configure({ prechat });
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    expect(await page.getByRole('heading', { name: heading }).count()).toBe(0);
    await choose(page, 'Show my consent receipt');
    await page.getByRole('link', { name: 'Download the receipt' }).waitFor();
    await choose(page, 'Store this chat from now on');
    await page.getByRole('heading', { name: heading }).waitFor();
    expect(await focused(page)).toBe(heading);
  });
});

describe('outside of opening hours', () => {
  it('the visitor reads when the shop opens, in their own time', async () => {
    here.relay.configure({ hours: closed });
    const { page } = await arrive({ context: { timezoneId: 'America/New_York' } });
    await page.clock.setSystemTime('2026-05-02T12:00:00Z');
    await openAnd(page, 'Decline');
    await log(page).getByText('We are closed at the moment. We open Monday, May 4 at 3:00 AM.').waitFor();
    await page.clock.setSystemTime('2026-05-04T07:00:00Z');
    await ask(page, 'one');
    await log(page).getByText('You asked: one').waitFor();
    await eventually(() => log(page).getByText('We are closed').isVisible()).toBe(false); // it has opened meanwhile
  });

  it('and in their own language; where nobody knows when, only that it is closed', async () => {
    here.relay.configure({ hours: closed, locale: 'de' });
    const { page } = await arrive({ context: { timezoneId: 'Europe/Berlin' } });
    await page.clock.setSystemTime('2026-05-02T12:00:00Z');
    await openAnd(page, 'Decline');
    await log(page)
      .getByText(/Montag, 4\. Mai.* 0?9:00/)
      .waitFor();
    here.relay.configure({ hours: { ...closed, nextOpenAt: null } });
    const other = await arrive();
    await openAnd(other.page, 'Decline');
    await log(other.page).getByText('We are closed at the moment.', { exact: true }).waitFor();
  });
});

describe('a visitor who wants to be reached', () => {
  it('leaves contact details by keyboard, also after declining, and nothing is stored in the browser', async () => {
    here.relay.configure({ features });
    const { page, faults } = await arrive({ context: { timezoneId: 'America/New_York' } });
    await openAnd(page, 'Decline');
    await page.getByRole('button', { name: 'Privacy and options' }).press('Enter');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Leave your contact details');
    await page.keyboard.press('Enter');
    await eventually(() => focused(page)).toBe('Your contact details');
    await page.getByLabel('Name').fill('Jo');
    await page.getByLabel('E-mail').fill(' jo@example.com ');
    await page.getByLabel('Message').fill('Is it wool?\n\nThanks');
    await page.getByLabel('E-mail').press('Enter');
    await page.getByRole('status').getByText('The shop has received your contact details').waitFor();
    expect(await focused(page)).toBe('Your contact details');
    const fields = { name: 'Jo', email: 'jo@example.com', message: 'Is it wool?\n\nThanks' };
    const where = { url: `${here.shop.origin}/`, title: 'Shop & Co' };
    const told = { locale: 'en', timezone: 'America/New_York' };
    expect(left()).toEqual([{ kind: 'lead', fields, page: where, ...told }]);
    expect(await stored(page)).toEqual(nothing);
    await page.getByRole('button', { name: 'Back to the chat' }).click();
    await eventually(() => focused(page)).toBe('Write your question');
    expect(faults).toEqual([]);
  });

  it('asks to be called back at a time of theirs, with the stored chat', async () => {
    here.relay.configure({ features });
    const { page } = await arrive({ context: { timezoneId: 'Europe/Dublin' } });
    await page.clock.setSystemTime('2026-05-20T12:00:00Z');
    await openAnd(page, 'Accept');
    await ask(page, 'one');
    await log(page).getByText('You asked: one').waitFor();
    await choose(page, 'Leave your contact details');
    const phone = page.getByLabel('Phone');
    const needed = () => phone.evaluate((field: HTMLInputElement) => [field.required, field.labels?.[0]?.textContent]);
    expect(await page.getByLabel('When may we call?').isVisible()).toBe(false);
    expect(await needed()).toEqual([false, 'Phone']);
    await page.getByLabel('Ask to be called back').check();
    expect(await needed()).toEqual([true, 'Phone *']);
    expect(await phone.getAttribute('aria-invalid')).toBe('false');
    await page.getByLabel('When may we call?').fill('2026-06-02T15:30');
    await page.getByRole('button', { name: 'Send to the shop' }).click();
    await page.getByRole('alert').getByText('This is needed.').waitFor();
    expect(await focused(page, 'name')).toBe('phone');
    await page.getByLabel('Phone').fill('+353 85 012 3456');
    await page.getByRole('button', { name: 'Send to the shop' }).click();
    await page.getByText('The shop has received').waitFor();
    const conversationId = [...here.relay.conversations.keys()][0];
    expect(left()).toMatchObject([
      {
        kind: 'callback',
        conversationId,
        fields: { phone: '+353 85 012 3456' },
        callbackAt: '2026-06-02T14:30:00.000Z',
        timezone: 'Europe/Dublin',
      },
    ]);
  });

  it('is offered the form below an answer that suggests it, once it is whole', async () => {
    here.relay.configure({ features });
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    const { script, release } = holding('Here is a form', '.', []);
    here.relay.scripts.push(offering('lead', script));
    await ask(page, 'Can somebody reach me?');
    await log(page).getByText('Here is a form').waitFor();
    const offer = log(page).getByRole('button', { name: 'Leave your contact details' });
    expect(await offer.count()).toBe(0);
    release();
    await offer.click();
    await eventually(() => focused(page)).toBe('Your contact details');
    await page.getByRole('button', { name: 'Back to the chat' }).click();
    here.relay.scripts.push(answering('No form.'));
    await ask(page, 'And now?');
    await log(page).getByText('No form.').waitFor();
    expect(await offer.count()).toBe(1);
    expect(left()).toEqual([]);
  });

  it('finds a callback ticked that an answer offered, where the shop calls back', async () => {
    const { page } = await arrive();
    const offered = async (name: string, title = name) => {
      here.relay.scripts.push(offering('callback', answering('Here is a form.')));
      await ask(page, 'Call me');
      const offer = log(page).getByRole('button', { name });
      await offer.waitFor();
      await page.getByRole('status').getByText(`Here is a form. ${name}`).waitFor(); // what a screen reader hears
      await offer.press('Enter');
      await eventually(() => focused(page)).toBe(title);
    };
    here.relay.configure({ features });
    await page.reload();
    await openAnd(page, 'Decline');
    await offered('Ask to be called back');
    const box = page.getByRole('checkbox');
    expect(await box.isChecked()).toBe(true);
    await page.getByLabel('When may we call?').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await choose(page, 'Leave your contact details'); // no offer, and they have not ticked the box themselves
    expect([await focused(page), await box.isChecked()]).toEqual(['Your contact details', false]);
    await box.check();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await choose(page, 'Leave your contact details');
    expect([await focused(page), await box.isChecked()]).toEqual(['Ask to be called back', true]);
    await page.getByLabel('Phone').fill('+353 85 012 3456');
    await page.getByRole('button', { name: 'Send to the shop' }).click();
    await page.getByText('The shop has received').waitFor();
    expect(left()).toMatchObject([{ kind: 'callback' }]);

    here.relay.configure({ features: { ...features, callback: false } });
    await page.reload();
    await openAnd(page, 'Decline');
    await offered('Leave your contact details', 'Your contact details');
    expect(await page.getByRole('checkbox').count()).toBe(0);
    await page.getByLabel('Phone').fill('+353 85 012 3456');
    await page.getByRole('button', { name: 'Send to the shop' }).click();
    await eventually(() => left().length).toBe(2);
    expect(left().at(-1)).toMatchObject({ kind: 'lead' });
  });

  it('gets marketing only where the owner offers it and they tick the box themselves, with an address for it', async () => {
    here.relay.configure({ features });
    const without = await arrive();
    await openAnd(without.page, 'Decline');
    await choose(without.page, 'Leave your contact details');
    expect(await without.page.getByLabel('Also send me news').count()).toBe(0);

    here.relay.configure({ features: { ...features, marketing: true } });
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    await choose(page, 'Leave your contact details');
    const box = page.getByLabel('Also send me news');
    expect(await box.isChecked()).toBe(false);
    const send = page.getByRole('button', { name: 'Send to the shop' });
    await page.getByLabel('Phone').fill('+353 85 012 3456');
    await box.check();
    await send.click();
    await page.getByRole('alert').getByText('This is needed.').waitFor();
    expect(await focused(page, 'name')).toBe('email');
    await page.getByRole('textbox', { name: 'E-mail' }).fill('jo@example.com');
    await send.click();
    await page.getByText('The shop has received').waitFor();
    expect(left().at(-1)).toMatchObject({ kind: 'lead', marketing: true });

    await page.getByRole('button', { name: 'Back to the chat' }).click();
    await choose(page, 'Leave your contact details');
    await page.getByRole('textbox', { name: 'E-mail' }).fill('jo@example.com');
    await page.getByRole('button', { name: 'Send to the shop' }).click();
    await eventually(() => left().length).toBe(2);
    expect(left().at(-1)).not.toHaveProperty('marketing');
  });

  it('reads what is missing, wrong or failed, loses no word, and sends once however often the button is pressed', async () => {
    here.relay.configure({ features: { ...features, callback: false } });
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    await choose(page, 'Leave your contact details');
    expect(await page.getByLabel('Ask to be called back').count()).toBe(0);
    const send = page.getByRole('button', { name: 'Send to the shop' });
    await page.getByLabel('Message').fill('Hello');
    await send.click();
    await page.getByRole('alert').getByText('This is needed.').waitFor();
    expect([await focused(page, 'name'), left()]).toEqual(['email', []]);
    expect(await page.getByLabel('E-mail').getAttribute('aria-describedby')).toContain('lead-email-purpose');
    await page.getByText('Please give an e-mail address or a phone number.').waitFor();
    await page.getByLabel('E-mail').fill('jo');
    await send.click();
    await page.getByRole('alert').getByText('This is not an e-mail address').waitFor();
    expect(await focused(page, 'name')).toBe('email');
    await page.getByLabel('E-mail').fill('jo@example.com');
    here.relay.refuseOnce('/leads', 503, 'unavailable');
    await send.click();
    await page.getByRole('alert').getByText('What you wrote is still here').waitFor();
    here.relay.refuseOnce('/leads', 429, 'rate_limited');
    await send.click();
    await page.getByRole('alert').getByText('This was asked for too often').waitFor();
    expect(await page.getByLabel('Message').inputValue()).toBe('Hello');
    const release = here.relay.holdOnce('/leads');
    const count = left().length;
    await send.evaluate((button: HTMLButtonElement) => {
      button.click();
      button.click();
    });
    await eventually(() => left().length).toBe(count + 1);
    release();
    await page.getByText('The shop has received').waitFor();
    expect(left()).toHaveLength(count + 1);
  });

  it('finds no such choice where the shop does not offer it', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    await page.getByRole('button', { name: 'Privacy and options' }).click();
    expect(await page.getByRole('button', { name: 'Leave your contact details' }).count()).toBe(0);
  });
});

describe('a callback', () => {
  const send = (page: Page) => page.getByRole('button', { name: 'Send to the shop' });
  const time = (page: Page) => page.getByLabel('When may we call?');

  it('is wished in the zone of the visitor, who reads which it is and when the shop opens there', async () => {
    here.relay.configure({ features, hours: closed });
    const { page } = await arrive({ context: { timezoneId: 'America/New_York' } });
    await page.clock.setSystemTime('2026-05-02T12:00:00Z');
    await openAnd(page, 'Decline');
    await log(page).getByRole('button', { name: 'Ask to be called back' }).press('Enter');
    await eventually(() => focused(page)).toBe('Ask to be called back');
    expect(await page.getByRole('checkbox').isChecked()).toBe(true);
    const zone = 'We open Monday, May 4 at 3:00 AM. Your time zone: America/New_York';
    await page.getByText(zone).waitFor();
    expect(await time(page).getAttribute('aria-describedby')).toContain('lead-time-purpose');
    await page.getByLabel('Phone').fill('+1 212 555 0100');
    await time(page).fill('2026-05-04T15:30');
    await send(page).press('Enter');
    await page.getByText('The shop has received').waitFor();
    const callbackAt = '2026-05-04T19:30:00.000Z';
    expect(left()).toMatchObject([{ kind: 'callback', callbackAt, timezone: 'America/New_York' }]);
  });

  it('at a time that is over, skipped or half said is told at the field, and nothing is sent', async () => {
    here.relay.configure({ features });
    const { page } = await arrive({ context: { timezoneId: 'Europe/Berlin' } });
    await page.clock.setSystemTime('2026-03-20T12:00:00Z');
    await openAnd(page, 'Decline');
    await choose(page, 'Leave your contact details');
    await page.getByLabel('Ask to be called back').check();
    expect(await time(page).getAttribute('min')).toBe('2026-03-20T13:00');
    await page.getByLabel('Phone').fill('+49 30 123456');
    const expectTold = async (words: string) => {
      await send(page).click();
      await page.getByRole('alert').getByText(words).waitFor();
      expect([await focused(page, 'name'), await time(page).getAttribute('aria-invalid')]).toEqual([
        'callbackAt',
        'true',
      ]);
      expect(left()).toEqual([]);
    };
    await time(page).fill('2026-03-20T12:59');
    await expectTold('This time is over');
    await time(page).fill('2027-03-21T12:00');
    await expectTold('This is more than a year ahead');
    await time(page).fill('2026-03-29T02:30');
    await expectTold('The clocks are put forward then');
    await time(page).fill('');
    await time(page).focus();
    await page.keyboard.type('03'); // a month, and no more
    await expectTold('Please give the day and the time');

    await time(page).fill('2026-03-29T03:30');
    here.relay.refuseOnce('/leads', 400, 'validation_failed', ['callbackAt']);
    await send(page).click();
    await page.getByRole('alert').getByText('This time is over').waitFor();
    expect(await focused(page, 'name')).toBe('callbackAt');
    await send(page).click();
    await page.getByText('The shop has received').waitFor();
    expect(left().at(-1)).toMatchObject({ callbackAt: '2026-03-29T01:30:00.000Z', fields: { phone: '+49 30 123456' } });
    expect(left().at(-1).fields).not.toHaveProperty('callbackAt');
  });

  it('needs no box to tick where there is nothing else, and is no choice where the shop offers neither', async () => {
    here.relay.configure({ features: { ...features, leads: false }, hours: { ...closed, nextOpenAt: null } });
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    await page.getByRole('button', { name: 'Privacy and options' }).click();
    await page.getByRole('list').getByRole('button', { name: 'Ask to be called back' }).click();
    await page.getByLabel('Phone').fill('+1 212 555 0100');
    await time(page).waitFor();
    expect(await page.getByRole('checkbox').count()).toBe(0);
    await send(page).click();
    await page.getByText('The shop has received').waitFor();
    expect(left()).toMatchObject([{ kind: 'callback' }]);

    here.relay.configure({ features: { ...features, leads: false, callback: false } });
    const other = await arrive();
    await openAnd(other.page, 'Decline');
    await log(other.page).getByText('We are closed').waitFor();
    expect(await log(other.page).getByRole('button').count()).toBe(0);
  });
});

describe('what a visitor has typed', () => {
  it('is there again after going back to the chat, until it is sent; a fresh chat has none of it', async () => {
    here.relay.configure({ features });
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    await composer(page).fill('half a question');
    await choose(page, 'Leave your contact details');
    await page.getByLabel('E-mail').fill('jo@example.com');
    await page.getByLabel('Message').fill('Hello');
    await page.getByRole('button', { name: 'Back to the chat' }).click();
    expect(await composer(page).inputValue()).toBe('half a question');
    await choose(page, 'Leave your contact details');
    expect([await page.getByLabel('E-mail').inputValue(), await page.getByLabel('Message').inputValue()]).toEqual([
      'jo@example.com',
      'Hello',
    ]);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await choose(page, 'Start a new chat');
    await choose(page, 'Leave your contact details');
    expect(await page.getByLabel('E-mail').inputValue()).toBe('');
  });

  it('is sent once although they go back while it is on its way, and they find what came of it', async () => {
    here.relay.configure({ features });
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    await choose(page, 'Leave your contact details');
    await page.getByLabel('E-mail').fill('jo@example.com');
    const release = here.relay.holdOnce('/leads');
    await page.getByRole('button', { name: 'Send to the shop' }).click();
    await page.getByRole('button', { name: 'Back to the chat' }).click();
    await choose(page, 'Leave your contact details');
    await page.getByRole('button', { name: 'One moment' }).click();
    expect(left()).toHaveLength(1);
    release();
    await page.getByText('The shop has received').waitFor();
    await page.getByRole('button', { name: 'Back to the chat' }).click();
    await choose(page, 'Leave your contact details');
    expect(await page.getByLabel('E-mail').inputValue()).toBe('');
    expect(left()).toHaveLength(1);
  });
});

describe('after a failure', () => {
  it('a visitor leaves contact details with the question, which is not lost', async () => {
    here.relay.configure({ features });
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    here.relay.scripts.push(refusing(503, 'unavailable'));
    await ask(page, 'Is it wool?');
    const offer = log(page).getByRole('button', { name: 'Leave your contact details' });
    await page.getByRole('status').getByText('cannot be reached at the moment').waitFor();
    expect(await page.getByRole('status').textContent()).toContain('Leave your contact details');
    await offer.press('Enter');
    await eventually(() => focused(page)).toBe('Your contact details');
    expect(await page.getByLabel('Message').inputValue()).toBe('Is it wool?');
    await page.getByLabel('E-mail').fill('jo@example.com');
    await page.getByRole('button', { name: 'Send to the shop' }).click();
    await page.getByText('The shop has received').waitFor();
    expect(left()).toMatchObject([{ kind: 'lead', fields: { email: 'jo@example.com', message: 'Is it wool?' } }]);
    await page.getByRole('button', { name: 'Back to the chat' }).click();
    expect(await composer(page).inputValue()).toBe('Is it wool?');
    await page.getByRole('button', { name: 'Try again' }).click();
    await log(page).getByText('You asked: Is it wool?').waitFor();
    expect(await offer.count()).toBe(0);
  });

  it('what they wrote themselves stays in front of another question', async () => {
    here.relay.configure({ features });
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    here.relay.scripts.push(failing, failing, failing);
    const offer = log(page).getByRole('button', { name: 'Leave your contact details' }).last();
    const message = page.getByLabel('Message');
    const next = async (question: string) => {
      await ask(page, question);
      await log(page).getByText(question).waitFor();
      await offer.click();
    };
    await next('one');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await next('two');
    expect(await message.inputValue()).toBe('two');
    await message.fill('My own words');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await next('three');
    expect(await message.inputValue()).toBe('My own words');
  });

  it('there is no such offer where the shop has no form', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    here.relay.scripts.push(failing);
    await ask(page, 'one');
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    expect(await log(page).getByRole('button').count()).toBe(1);
  });
});

describe('the pages of the chat', () => {
  const isPages = (path: string) => path.includes('confab-pages');

  it('are fetched with the first act that needs them, and once', async () => {
    const { page, requests, faults } = await arrive();
    await openAnd(page, 'Accept');
    await ask(page, 'one');
    await log(page).getByText('You asked: one').waitFor();
    await page.getByRole('button', { name: 'Privacy and options' }).click();
    expect(requests.filter(isPages)).toEqual([]);
    const panelUrl = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
    const [request] = await Promise.all([
      page.waitForRequest(/confab-pages/),
      page.getByRole('button', { name: 'Show my consent receipt' }).click(),
    ]);
    expect(panelUrl).toContain(request.url().replace('confab-pages', 'confab-panel')); // with its version
    await page.getByRole('link', { name: 'Download the receipt' }).waitFor();
    await page.getByRole('button', { name: 'Back to the chat' }).click();
    await choose(page, 'Withdraw consent');
    await page.getByRole('button', { name: 'Erase it' }).waitFor();
    expect(requests.filter(isPages)).toEqual(['shop/widget/confab-pages.js']);
    expect(faults).toEqual([]);
  });

  it('say while they come that they do, and by keyboard are fetched again when they did not; nothing typed is lost', async () => {
    here.relay.configure({ features });
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    await composer(page).fill('half a question');
    here.shop.lose('pages');
    await choose(page, 'Leave your contact details');
    await page.getByRole('alert').getByText('This could not be loaded. Please try again.').waitFor();
    expect(await focused(page)).toBe('Leave your contact details'); // the heading
    const again = page.getByRole('button', { name: 'Try again' });
    await again.press('Enter');
    await eventually(() => focused(page)).toBe('Leave your contact details');
    await again.waitFor();
    await page.getByRole('button', { name: 'Back to the chat' }).click();
    expect(await composer(page).inputValue()).toBe('half a question');

    const coming = Promise.withResolvers<void>();
    await page.route('**/confab-pages*', async route => {
      await coming.promise;
      await route.continue();
    });
    here.shop.lose('');
    await choose(page, 'Leave your contact details');
    await page.getByRole('status').getByText('One moment').waitFor();
    await eventually(() => focused(page)).toBe('Leave your contact details');
    coming.resolve();
    await page.getByLabel('Message').waitFor();
    expect(await focused(page)).toBe('Your contact details');
  });

  it('that come late do not open in front of who has gone back meanwhile', async () => {
    here.relay.configure({ features });
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    const coming = Promise.withResolvers<void>();
    await page.route('**/confab-pages*', async route => {
      await coming.promise;
      await route.continue();
    });
    await choose(page, 'Leave your contact details');
    await page.getByRole('button', { name: 'Back to the chat' }).click();
    const [response] = await Promise.all([page.waitForResponse(/confab-pages/), coming.resolve()]);
    await response.finished();
    await page.evaluate(() => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    expect(await composer(page).isVisible()).toBe(true);
  });

  it('are not taken for there when the network answers with a page of its own', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    await page.route('**/confab-pages*', route => route.fulfill({ contentType: 'text/javascript', body: '"hotel"' }));
    await choose(page, 'Show my consent receipt');
    await page.getByRole('alert').getByText('This could not be loaded').waitFor();
    await page.unroute('**/confab-pages*');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('link', { name: 'Download the receipt' }).waitFor();
  });
});

describe('the chat by e-mail', () => {
  const asked = () => here.relay.to('/conversation/transcript').map(({ body }) => body);
  const withTranscript = { ...features, transcript: true };
  const item = 'Get this chat by e-mail';

  async function begin(): Promise<Page> {
    here.relay.configure({ features: withTranscript });
    const { page } = await arrive();
    await openAnd(page, 'Accept');
    await ask(page, 'one');
    await log(page).getByText('You asked: one').waitFor();
    await choose(page, item);
    return page;
  }
  const email = (page: Page) => page.getByRole('textbox', { name: 'E-mail' });
  const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).press('Enter');

  it('goes to the address that the visitor typed, read again and confirmed, by keyboard and once', async () => {
    const page = await begin();
    await eventually(() => focused(page)).toBe('This chat by e-mail');
    await page.keyboard.press('Tab');
    await page.keyboard.type('jane@exampel.com');
    await page.keyboard.press('Enter');
    await eventually(() => focused(page)).toBe('Send this chat to jane@exampel.com?');
    expect(asked()).toEqual([]);
    await press(page, 'Change the address');
    expect(await email(page).inputValue()).toBe('jane@exampel.com');
    await email(page).fill('jane@example.com');
    await press(page, 'Continue');
    await eventually(() => focused(page)).toBe('Send this chat to jane@example.com?');
    const release = here.relay.holdOnce('/conversation/transcript');
    await page
      .getByRole('button', { name: 'Send it' })
      .dispatchEvent('click', { detail: 2, bubbles: true, cancelable: true }); // of a double click on "Continue"
    await page.getByRole('button', { name: 'Send it' }).waitFor();
    expect(asked()).toEqual([]);
    await page.getByRole('button', { name: 'Send it' }).dblclick();
    await page.getByRole('button', { name: 'Back to the chat' }).click();
    await choose(page, item);
    await page.getByRole('button', { name: 'One moment' }).click();
    release();
    await page.getByRole('status').getByText('Sent to jane@example.com. It may take a few minutes.').waitFor();
    expect(await focused(page)).toBe('This chat by e-mail'); // and no question any more
    expect(asked()).toEqual([{ email: 'jane@example.com' }]);
  });

  it('says what is wrong with the address, at once or when the relay does not take it', async () => {
    const page = await begin();
    await press(page, 'Continue');
    await page.getByRole('alert').getByText('This is needed.').waitFor();
    await email(page).fill('jane');
    await press(page, 'Continue');
    await page.getByRole('alert').getByText('This is not an e-mail address').waitFor();
    expect([await focused(page, 'name'), asked()]).toEqual(['email', []]);
    await email(page).fill('jane@');
    await press(page, 'Continue');
    await page.getByRole('alert').getByText('This is not an e-mail address').waitFor();
    await email(page).fill('jane@example');
    await press(page, 'Continue');
    here.relay.refuseOnce('/conversation/transcript', 400, 'validation_failed', ['email']);
    await press(page, 'Send it');
    await page.getByRole('alert').getByText('This is not an e-mail address').waitFor();
    expect([await focused(page, 'name'), await email(page).inputValue()]).toEqual(['email', 'jane@example']);
  });

  it.each([
    [403, 'not_offered', 'This chat cannot be sent by e-mail.'],
    [429, 'rate_limited', 'This was asked for too often. Please try again later.'],
    [503, 'unavailable', 'This could not be sent. Please try again.'],
  ])('says why not: %s %s', async (status, code, words) => {
    const page = await begin();
    await email(page).fill('jane@example.com');
    await press(page, 'Continue');
    here.relay.refuseOnce('/conversation/transcript', status, code);
    await press(page, 'Send it');
    await page.getByRole('alert').getByText(words).waitFor();
    await press(page, 'Send it');
    await page.getByRole('status').getByText('Sent to jane@example.com').waitFor();
  });

  it('is offered for a stored chat that may be used, and where the shop allows it', async () => {
    const offered = async (page: Page) => {
      await page.getByRole('button', { name: 'Privacy and options' }).click();
      const count = await page.getByRole('button', { name: item }).count();
      await page.keyboard.press('Escape');
      return count;
    };
    const page = await begin();
    await page.getByRole('button', { name: 'Back to the chat' }).click();
    expect(await offered(page)).toBe(1);
    await choose(page, 'Stop using this chat');
    await press(page, 'Stop using it');
    await log(page).getByText('kept but not used').waitFor();
    expect(await offered(page)).toBe(0);
    const other = await arrive();
    await openAnd(other.page, 'Decline');
    await ask(other.page, 'two');
    await log(other.page).getByText('You asked: two').waitFor();
    expect(await offered(other.page)).toBe(0);
    here.relay.configure({ features });
    const third = await arrive();
    await openAnd(third.page, 'Accept');
    await ask(third.page, 'three');
    await log(third.page).getByText('You asked: three').waitFor();
    expect(await offered(third.page)).toBe(0);
  });
});

/** An answer that offers a form. */
const offering =
  (kind: 'lead' | 'callback', script: TurnScript): TurnScript =>
  reply => {
    const finish: typeof reply.finish = (...answer) => {
      reply.send({ event: 'suggestion', data: { kind, reason: 'asked_for' } });
      reply.finish(...answer);
    };
    return script({ ...reply, finish });
  };

/** What has the focus in the widget: its text or name, or another attribute of it. */
async function focused(page: Page, attribute = 'aria-label') {
  return page.evaluate(name => {
    const element = document.activeElement?.shadowRoot?.activeElement;
    return element?.getAttribute(name) ?? element?.textContent;
  }, attribute);
}
