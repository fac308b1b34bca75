import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, askOnce, onSessionEnd } from './api.ts';

const fetchOfNode = globalThis.fetch;
let answers: Response[] = [];
let asked: { address: string; init: RequestInit }[] = [];

beforeEach(() => {
  answers = [];
  asked = [];
  globalThis.fetch = async (address, init = {}) => {
    asked.push({ address: String(address), init });
    const answer = answers.shift();
    if (!answer) throw new TypeError('fetch failed');
    return answer;
  };
});
afterEach(() => {
  globalThis.fetch = fetchOfNode;
});

const problem = (status: number, more: object) => Response.json({ title: 'Title', ...more }, { status });

describe('asking the relay', () => {
  it('leaves out what the query does not say, and gives the entity tag back', async () => {
    answers = [Response.json({ items: [] }, { headers: { ETag: '"7"' } })];
    const told = await ask('GET', '/v1/me', { query: { cursor: null, from: undefined, q: '', limit: 5, lead: true } });
    expect(told).toEqual({ answer: { items: [] }, etag: '"7"' });
    expect(asked[0]?.address).toBe('/v1/me?limit=5&lead=true');
  });

  it('tells a refusal with its fields, its present state and its words', async () => {
    const errors = [{ path: 'name', message: 'is empty' }];
    answers = [problem(412, { code: 'precondition_failed', detail: 'It changed.', errors, current: { a: 1 } })];
    await expect(ask('PUT', '/v1/me', { body: {}, ifMatch: '"1"' })).rejects.toEqual({
      ...{ code: 'precondition_failed', status: 412, message: 'It changed.', errors, current: { a: 1 } },
    });
    expect(asked[0]?.init.headers).toMatchObject({ 'If-Match': '"1"' });
  });

  it('tells of no connection as something that can be tried again', async () => {
    await expect(ask('GET', '/v1/me')).rejects.toMatchObject({ code: 'offline', status: 0 });
  });

  it('waits for signing in again and asks once more, as if nothing had been', async () => {
    const ended: string[] = [];
    onSessionEnd(async () => void ended.push('signed in again'));
    answers = [problem(401, { code: 'unauthorized' }), Response.json({ done: true })];
    expect((await ask('POST', '/v1/me/support', { body: { message: 'words' } })).answer).toEqual({ done: true });
    expect(ended).toEqual(['signed in again']);
    expect(asked.map(({ init }) => init.body)).toEqual(Array(2).fill('{"message":"words"}'));
  });

  it('does not wait for whoever asks without a session', async () => {
    onSessionEnd(() => Promise.reject(new Error('must not be asked')));
    answers = [problem(401, { code: 'unauthorized' })];
    await expect(askOnce('GET', '/v1/me')).rejects.toMatchObject({ code: 'unauthorized', status: 401 });
  });
});
