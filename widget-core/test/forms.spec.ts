import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { ask, choose, composer, eventually, launcher, log, nothing, openAnd, stored, useWidget } from './browser.ts';
import { answering, holding, prechat, refusing, type TurnScript } from './stub-relay.ts';

const { here, arrive } = useWidget();

const optional = { ...prechat, fields: prechat.fields.map(field => ({ ...field, required: false })) };
const heading = 'Before we begin';

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

  it('is not shown to who declined, and comes when they change their mind', async () => {
    here.relay.configure({ prechat });
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    expect(await page.getByRole('heading', { name: heading }).count()).toBe(0);
    await choose(page, 'Store this chat from now on');
    await page.getByRole('heading', { name: heading }).waitFor();
  });
});

describe('outside of opening hours', () => {
  const closed = { open: false, nextOpenAt: '2026-05-04T07:00:00Z', timezone: 'Europe/Berlin' };

  it('the visitor reads when the shop opens, in their own time', async () => {
    here.relay.configure({ hours: closed });
    const { page } = await arrive({ context: { timezoneId: 'America/New_York' } });
    await openAnd(page, 'Decline');
    await log(page).getByText('We are closed at the moment. We open Monday, May 4 at 3:00 AM.').waitFor();
    await ask(page, 'one');
    await log(page).getByText('You asked: one').waitFor();
  });

  it('and in their own language; where nobody knows when, only that it is closed', async () => {
    here.relay.configure({ hours: closed, locale: 'de' });
    const { page } = await arrive({ context: { timezoneId: 'Europe/Berlin' } });
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
  const features = { transcript: false, leads: true, callback: true, marketing: false, orders: false };
  const left = () => here.relay.to('/leads').map(({ body }) => body);

  it('leaves contact details by keyboard, also after declining, and nothing is stored in the browser', async () => {
    here.relay.configure({ features });
    const { page, faults } = await arrive();
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
    expect(left()).toEqual([{ kind: 'lead', fields, page: where }]);
    expect(await stored(page)).toEqual(nothing);
    await page.getByRole('button', { name: 'Back to the chat' }).click();
    await eventually(() => focused(page)).toBe('Write your question');
    expect(faults).toEqual([]);
  });

  it('asks to be called back at a time of theirs, with the stored chat', async () => {
    here.relay.configure({ features });
    const { page } = await arrive({ context: { timezoneId: 'Europe/Dublin' } });
    await openAnd(page, 'Accept');
    await ask(page, 'one');
    await log(page).getByText('You asked: one').waitFor();
    await choose(page, 'Leave your contact details');
    expect(await page.getByLabel('When may we call?').isVisible()).toBe(false);
    await page.getByLabel('Ask to be called back').check();
    await page.getByLabel('When may we call?').fill('2026-06-01T15:30');
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
        callbackAt: '2026-06-01T14:30:00.000Z',
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
    expect(await page.getByRole('checkbox').isChecked()).toBe(true);
    await page.getByLabel('When may we call?').waitFor();
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
    await page.getByRole('alert').getByText('Please give an e-mail address or a phone number').waitFor();
    expect(left()).toEqual([]);
    await page.getByLabel('E-mail').fill('jo');
    await send.click();
    await page.getByRole('alert').getByText('This is not an e-mail address').waitFor();
    expect(await focused(page, 'name')).toBe('email');
    await page.getByLabel('E-mail').fill('jo@example.com');
    here.relay.refuseOnce('/leads', 503, 'unavailable');
    await send.click();
    await page.getByRole('alert').getByText('What you wrote is still here').waitFor();
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
