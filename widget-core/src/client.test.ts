import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { customerTokenFrom } from './client.ts';

let asked = 0;
let says: () => { status?: number; body: string };
const server = createServer((_, response) => {
  asked++;
  const { status = 200, body } = says();
  response.writeHead(status).end(body);
});
let path: string;
beforeAll(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  path = `http://127.0.0.1:${(server.address() as AddressInfo).port}/apps/confab/customer`;
});
afterAll(() => server.close());
beforeEach(() => {
  asked = 0;
});

const proof = (customerToken: string | null, expiresAt: string | null) => ({
  body: JSON.stringify({ customerToken, expiresAt }),
});
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString();

describe('the proof of who is signed in', () => {
  it('is fetched when it is needed, and kept while it is good', async () => {
    says = () => proof(`proof ${asked}`, inSeconds(300));
    const token = customerTokenFrom(path);
    expect(asked).toBe(0);
    expect([await token(), await token()]).toEqual(['proof 1', 'proof 1']);
  });

  it('is fetched again before it expires on its way', async () => {
    says = () => proof(`proof ${asked}`, inSeconds(5));
    const token = customerTokenFrom(path);
    expect([await token(), await token()]).toEqual(['proof 1', 'proof 2']);
  });

  it('is none where nobody is signed in any more, also where somebody was', async () => {
    says = () => (asked === 1 ? proof('proof 1', inSeconds(5)) : proof(null, null));
    const token = customerTokenFrom(path);
    expect([await token(), await token()]).toEqual(['proof 1', undefined]);
  });

  it.each([
    ['a password page', { body: '<!doctype html>' }],
    ['an error', { status: 502, body: '{"customerToken":"x","expiresAt":"2999-01-01T00:00:00Z"}' }],
    ['nothing', { body: '' }],
    ['null', { body: 'null' }],
  ])('is none where the shop answers with %s', async (_, answer) => {
    says = () => answer;
    expect(await customerTokenFrom(path)()).toBeUndefined();
  });

  it('is not waited for again with each question where the shop does not give it', async () => {
    says = () => ({ status: 504, body: '' });
    const token = customerTokenFrom(path);
    expect([await token(), await token()]).toEqual([undefined, undefined]);
    expect(asked).toBe(1);
  });

  it('is none where the shop cannot be reached', async () => {
    expect(await customerTokenFrom('http://127.0.0.1:1/apps/confab/customer')()).toBeUndefined();
  });
});
