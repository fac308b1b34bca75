import { randomUUID } from 'node:crypto';
import { conversationSchema, ownedConversation, personalDataDocument } from '@confab/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, question, startTestRelay, type TestRelay, type TestSite } from '../../../../e2e/relay.ts';

describe.each(databases)('a stored conversation on %s', database => {
  let relay: TestRelay;
  let site: TestSite;
  beforeAll(async () => {
    relay = await startTestRelay({ database });
    site = await relay.site();
  });
  afterAll(() => relay.stop());

  const calls = ['conversation', 'export', 'erase'] as const;

  it('is read as the contract says, and kept by no cache', async () => {
    const handle = await site.widget.begin('Is it wool?');
    const { status, headers, body } = await site.widget.conversation(handle);
    expect(status).toBe(200);
    expect(conversationSchema.strict().parse(body)).toEqual(body);
    expect(headers.get('Cache-Control')).toBe('no-store');
  });

  it('is read by the site’s owner by its id, with every message', async () => {
    const own = await relay.site();
    const handle = await own.widget.begin('Is it wool?');
    const { id = '' } = (await own.plugin.conversations()).body.items[0] ?? {};
    const { status, body } = await own.plugin.conversation(id);
    expect(status).toBe(200);
    expect(ownedConversation.strict().parse(body)).toEqual(body);
    const { messages } = (await own.widget.conversation(handle)).body;
    expect(body).toMatchObject({
      id,
      restricted: false,
      pageUrl: 'https://shop.example/jumper',
      prechat: null,
      messages,
    });
    expect(JSON.stringify(body)).not.toContain(handle);
    for (const other of [handle, randomUUID(), 'x']) {
      expect(await own.plugin.conversation(other)).toMatchObject({
        status: 404,
        body: { code: 'conversation_not_found' },
      });
    }
    expect((await site.plugin.conversation(id)).status).toBe(404);
  });

  it('is exported with all that is held: where it began, and the consent with its words', async () => {
    const { receipt, consentToken } = (await site.widget.decide('granted', { locale: 'de' })).body;
    const turn = await site.widget.turn(
      question('Is it wool?', {
        consentToken,
        page: {
          url: 'https://shop.example/jumper?email=ann%40a.example#size',
          title: 'Jumper',
          referrer: 'https://search.example/find?q=my+illness',
        },
        locale: 'de',
      }),
    );
    const handle = turn.started?.conversationId;
    const { status, body } = await site.widget.export(handle);
    expect(status).toBe(200);
    expect(personalDataDocument.parse(body)).toEqual(body);
    expect(body).toMatchObject({
      site: { key: site.key },
      counts: { conversations: 1 },
      data: {
        conversations: [
          {
            locale: 'de',
            pageUrl: 'https://shop.example/jumper',
            pageTitle: 'Jumper',
            referrer: 'https://search.example/find',
            messages: [
              { role: 'visitor', text: 'Is it wool?' },
              { role: 'assistant', text: turn.completed?.text, provider: 'extractive' },
            ],
            consents: [{ receipt, notice: { title: expect.any(String), body: expect.any(String) } }],
          },
        ],
      },
    });
    // A query may say who somebody is: it was never kept.
    for (const query of ['ann%40a', 'my+illness']) expect(await relay.tablesWith(query)).toEqual([]);
  });

  it('tells the export every column of the conversation and its messages but the ids of our own', async () => {
    const handle = await site.widget.begin('Is it wool?');
    const [conversation] = (await site.widget.export(handle)).body.data.conversations;
    const columns = async (table: string) => Object.keys((await relay.rows(table))[0] ?? {});
    const internal = ['siteId', 'handleHash', 'subjectKey', 'consentSequence', 'conversationId', 'clientTurnId'];
    // Made of the words themselves, of how the last answer went, and of what the account's plan allows.
    internal.push('words', 'waiting', 'limited', 'answers');
    const held = [...(await columns('Conversation')), ...(await columns('Message'))];
    const told = [...Object.keys(conversation), ...Object.keys(conversation.messages[1])];
    const untold = held.filter(column => !internal.includes(column) && !told.includes(column));
    // What an answer cost is told in dollars; the conversation's is their sum.
    expect(conversation.messages[1].costUsd).toBe(0);
    // What there is not of an answer is not told, nor who of the team took part where nobody did.
    const ofTheTeam = ['authorId', 'authorName', 'takenOverAt', 'takenOverBy', 'takenOverName'];
    expect(untold.filter(column => !ofTheTeam.includes(column)).sort()).toEqual([
      ...['costMicros', 'costMicros', 'handledAt', 'passages', 'products'],
    ]);
  });

  it('is erased with all that hangs on it, once', async () => {
    const handle = await site.widget.begin('Is zanzibarine in it?');
    expect(await relay.tablesWith('zanzibarine')).toEqual(['public."Message"']);
    const erased = await site.widget.erase(handle);
    expect(erased).toMatchObject({ status: 204, body: '' });
    expect(await relay.tablesWith('zanzibarine')).toEqual([]);
    for (const each of calls) {
      expect(await site.widget[each](handle)).toMatchObject({ status: 404, body: { code: 'conversation_not_found' } });
    }
  });

  it('is erased with every table that names it', async () => {
    const handle = await site.widget.begin('Is it wool?');
    const { messages } = (await site.widget.conversation(handle)).body;
    const { conversationId } = (await relay.rows('Message')).find(({ id }) => id === messages[0]?.id);
    await site.widget.erase(handle);
    expect(conversationId).toBeTruthy();
    expect(await relay.tablesWith(conversationId)).toEqual([]);
  });

  it.each(calls)('%s wants the handle, a good one, and this site’s', async each => {
    const other = await relay.site();
    const foreign = await other.widget.begin('Is it wool?');
    expect(await site.widget[each]()).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
    expect(await site.widget[each]('')).toMatchObject({ status: 401 });
    for (const handle of [randomUUID(), foreign, 'not-a-uuid', '%00', `${foreign}\u00a0`]) {
      expect(await site.widget[each](handle)).toMatchObject({ status: expect.toSatisfy(isRefusal) });
    }
    expect((await other.widget.conversation(foreign)).status).toBe(200);
  });

  it('takes no handle from the address', async () => {
    const handle = await site.widget.begin('Is it wool?');
    const answer = await fetch(`${site.widget.base}/conversation?conversationId=${handle}`);
    expect(answer.status).toBe(401);
    await answer.body?.cancel();
  });

  it('is under its handle nowhere in the database or the log', async () => {
    const handle = await site.widget.begin('Is it wool?');
    await site.widget.conversation(handle);
    await site.widget.export(handle);
    expect(await relay.tablesWith(handle)).toEqual([]);
    expect(relay.logLines.filter(line => line.includes(handle))).toEqual([]);
  });
});

const isRefusal = (status: number) => status === 401 || status === 404;
