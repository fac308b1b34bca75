import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { everything, leaksIn, scrubbed, surviving, WORDS } from '../../../e2e/fakes/sentinels.ts';
import { Prisma } from '../db/database.ts';
import { ProviderError } from '../providers/llm/llm.ts';
import { AppError } from './app-error.ts';
import { createLog, type Log } from './log.ts';

const LEVELS = ['debug', 'info', 'warn', 'error', 'fatal'] as const;
const id = '0197a1b2-0000-7000-8000-000000000001';

/** All that these calls write, and the last line of it. */
function written(write: (log: Log) => void) {
  let text = '';
  const stream = new Writable({
    write(chunk, _, done) {
      text += chunk;
      done();
    },
  });
  write(createLog('debug', stream));
  const lines = text.trim().split('\n').filter(Boolean);
  return { text, lines, line: JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> };
}

/** What a line of the log says of this error. */
function logged(err: unknown): { text: string; err: Record<string, unknown> } {
  const { text, line } = written(log => log.error({ err }, 'request failed'));
  return { text, err: line.err as Record<string, unknown> };
}

/** What a caller does whom the types could not stop. */
// biome-ignore lint/suspicious/noExplicitAny: that is the point
const carelessly = (write: (log: any, level: (typeof LEVELS)[number]) => void) =>
  written(log => {
    for (const level of LEVELS) write(log, level);
  });

describe('an error in the log', () => {
  it('keeps the message of a library to itself: it may repeat what a visitor wrote', () => {
    const { text, err } = logged(new TypeError(`cannot read ${WORDS}`));
    expect(leaksIn(text)).toEqual([]);
    expect(err).toMatchObject({
      name: 'TypeError',
      frames: expect.arrayContaining([expect.stringMatching(/\(relay\/src\/lib\/log\.test\.ts:\d+:\d+\)$/)]),
    });
  });

  it.each([
    `two lines\n    at ${WORDS} (file.ts:1:1)`,
    `\n    at zanzibarine (node:zanzibarine:1:1)\n    at ${WORDS}`,
    `$& $1 ${WORDS}\n    at zanzibarine (node:quixolotl:1:1)`,
  ])('takes no line of a message for a frame: %j', message => {
    const error = new Error(message);
    expect(leaksIn(logged(error).text)).toEqual([]);
    expect(leaksIn(logged(new AppError('internal', 'ours', { cause: error })).text)).toEqual([]);
  });

  it('takes no line for a frame that names no file of ours, of a package or of Node, also when the message changed', () => {
    const error = new Error(`x\n    at zanzibarine (/home/quixolotl:1:1)\n    at jane.doe@example.com:1:1`);
    error.message = 'changed';
    expect(leaksIn(logged(error).text)).toEqual([]);
    expect(logged(error).err.frames).not.toEqual([]);
  });

  it('tells the code of a database error, and nothing of its query', () => {
    const error = new Prisma.PrismaClientKnownRequestError(
      `Invalid \`prisma.$queryRaw()\` invocation:\n\nRaw query failed. Code: \`22021\`. Message: \`invalid byte ${WORDS}\``,
      { code: 'P2010', clientVersion: '7', meta: { message: WORDS } },
    );
    const { text, err } = logged(error);
    expect(leaksIn(text)).toEqual([]);
    expect(err).toMatchObject({ name: 'PrismaClientKnownRequestError', code: 'P2010', sqlState: '22021' });
  });

  it('tells what a provider did, without its words', () => {
    const cause = Object.assign(new Error(`bad prompt: ${WORDS}`), { status: 400, code: WORDS });
    const { text, err } = logged(new ProviderError('openai', 'refused', { status: 400, cause }));
    expect(leaksIn(text)).toEqual([]);
    expect(err).toMatchObject({
      name: 'ProviderError',
      message: 'openai: refused (HTTP 400)',
      causes: [{ status: 400 }],
    });
  });

  it('tells our own messages, without what has the shape of personal data', () => {
    expect(logged(new AppError('unavailable', 'Please try again.')).err).toMatchObject({
      message: 'Please try again.',
    });
    const { message } = logged(new AppError('internal', 'kept +1 415 555 2671 for jane.doe@example.com')).err;
    expect(message).toBe('kept [phone] for [email]');
    for (const harmless of surviving) expect(logged(new AppError('internal', harmless)).err.message).toBe(harmless);
  });

  it('believes no name and no code that is none', () => {
    const posing = Object.assign(new Error(WORDS), { name: 'ProviderError', code: 'jane.doe@example.com' });
    expect(leaksIn(logged(posing).text)).toEqual([]);
    expect(logged(Object.assign(new RangeError(), { name: WORDS.split(' ')[0] })).err.name).toBe('RangeError');
    expect(logged(Object.assign(new Error(), { code: 'AKIAIOSFODNN7EXAMPLE' })).err).not.toHaveProperty('code');
  });

  it.each([undefined, null, WORDS, { message: WORDS }, [WORDS], 4242424242424242n, Symbol(WORDS), () => WORDS])(
    'tells nothing of what is no error: %o',
    thrown => {
      expect(leaksIn(logged(thrown).text)).toEqual([]);
    },
  );

  it('ends, however its causes go on', () => {
    const circular = new Error(everything);
    circular.cause = new AggregateError(Array(50).fill(circular), everything, { cause: circular });
    const { text } = logged(circular);
    expect(leaksIn(text)).toEqual([]);
    expect(text.length).toBeLessThan(60_000);
  });
});

describe('a line of the log', () => {
  it('holds its level, time and message, and the fields that are known', () => {
    const fields = {
      requestId: id,
      method: 'POST',
      route: '/v1/widget/:siteKey/turns',
      status: 200,
      ms: 12,
      network: '203.0.113.0/24',
      queue: 'data-requests',
      counts: { messages: 3 },
      signal: 'SIGTERM',
    };
    for (const level of LEVELS) {
      const { line } = written(log => log[level](fields, 'request'));
      expect(line).toEqual({ level, time: expect.any(String), msg: 'request', ...fields });
    }
  });

  it('is not written below the level that was asked for', () => {
    const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error('something was written')) });
    for (const level of LEVELS) createLog('silent', stream)[level]({}, 'request');
  });

  it('drops a field that nobody declared, and names it', () => {
    const { line, text } = carelessly((log, level) =>
      log[level]({ status: 200, email: everything, body: { text: WORDS } }, 'x'),
    );
    expect(line).toMatchObject({ status: 200, dropped: ['email', 'body'] });
    expect(leaksIn(text)).toEqual([]);
  });

  it.each([
    ['requestId', 'jane.doe@example.com'],
    ['siteId', 'https://example.com/'],
    ['method', 'zanzibarine'],
    ['route', '/v1/widget/demo/6f1c2f7e-1111-4a2b-8c3d-222233334444'],
    ['route', '/v1/site/search?q=zanzibarine'],
    ['route', '/jane%40example.com'],
    ['status', '200 zanzibarine'],
    ['status', Number.NaN],
    ['ms', { toJSON: () => WORDS }],
    ['count', 4155552671],
    ['count', 10n],
    ['network', '203.0.113.9'],
    ['network', '203.0.113.9/24'],
    ['network', '2001:db8::8a2e:370:7334'],
    ['queue', 'jane.doe@example.com'],
    ['signal', 'AKIAIOSFODNN7EXAMPLE'],
    ['counts', { 'jane.doe@example.com': 1 }],
    ['counts', { messages: 'zanzibarine' }],
    ['counts', {}],
    ['toString', 'zanzibarine'],
    ['constructor', 'zanzibarine'],
  ])('drops %s where it is %o', (name, value) => {
    const { line, text } = carelessly((log, level) => log[level]({ [name]: value }, 'x'));
    expect(line).toEqual({ level: 'fatal', time: expect.any(String), msg: 'x', dropped: [name] });
    expect(leaksIn(text)).toEqual([]);
  });

  it('does not repeat a name that is somebody’s data', () => {
    const { line, text } = carelessly((log, level) =>
      log[level]({ 'jane.doe@example.com': 1, '+14155552671': 2 }, 'x'),
    );
    expect(line.dropped).toEqual(['?']);
    expect(leaksIn(text)).toEqual([]);
  });

  const circular: Record<string, unknown> = { words: everything };
  circular.self = circular;
  const hostile: [string, (log: Record<string, (...given: unknown[]) => void>, level: string) => void][] = [
    ['an error as the fields', (log, level) => log[level]?.(new Error(everything))],
    ['an error and a message', (log, level) => log[level]?.(new Error(everything), scrubbed.join(' , '))],
    ['an object as the message', (log, level) => log[level]?.({}, { text: everything })],
    ['an error as the message', (log, level) => log[level]?.({ err: 1 }, new Error(everything))],
    ['values for a format', (log, level) => log[level]?.({}, 'to %s %o %j', everything, circular, everything)],
    ['values as the fields', (log, level) => log[level]?.(circular, 'x')],
    ['a list as the fields', (log, level) => log[level]?.([everything, circular], 'x')],
    ['a map as the fields', (log, level) => log[level]?.(new Map([['email', everything]]), 'x')],
    ['nothing', (log, level) => log[level]?.()],
    ['a number', (log, level) => log[level]?.(4242424242424242)],
    ['a bigint', (log, level) => log[level]?.(4242424242424242n, 4242424242424242n)],
    ['a symbol', (log, level) => log[level]?.(Symbol(everything), Symbol(everything))],
    ['a function', (log, level) => log[level]?.(() => everything)],
    [
      'what looks like a request',
      (log, level) => log[level]?.({ method: 'GET', headers: { cookie: everything }, socket: {}, url: everything }),
    ],
    ['what looks like a response', (log, level) => log[level]?.({ setHeader() {}, body: everything })],
    ['a message in the fields', (log, level) => log[level]?.({ msg: WORDS, level: WORDS, time: WORDS }, 'x')],
    [
      'a getter that throws',
      (log, level) =>
        log[level]?.({
          get siteId(): string {
            throw new Error(everything);
          },
        }),
    ],
    [
      'an object that throws at every touch',
      (log, level) => {
        const touchy = new Proxy(new Error(everything), {
          get: () => {
            throw new Error(everything);
          },
          ownKeys: () => {
            throw new Error(everything);
          },
          getPrototypeOf: () => {
            throw new Error(everything);
          },
        });
        log[level]?.(touchy);
        log[level]?.({ err: touchy }, 'x');
      },
    ],
    [
      'an error whose properties throw',
      (log, level) => {
        const touchy = new Error(everything);
        Object.defineProperty(touchy, 'cause', {
          get() {
            throw new Error(everything);
          },
        });
        log[level]?.({ err: touchy }, 'x');
      },
    ],
  ];
  it.each(hostile)('is written for %s, at every level, and holds no word of it', (_, write) => {
    const { text, lines } = carelessly(write);
    expect(lines.length).toBeGreaterThanOrEqual(LEVELS.length);
    expect(leaksIn(text)).toEqual([]);
    for (const line of lines) expect(Object.keys(JSON.parse(line)).slice(0, 2)).toEqual(['level', 'time']);
  });

  it('keeps what can be read beside what cannot', () => {
    const { line } = carelessly((log, level) =>
      log[level]({
        status: 200,
        get siteId(): string {
          throw new Error(everything);
        },
      }),
    );
    expect(line).toMatchObject({ status: 200, dropped: ['siteId'] });
  });

  it('has no shape of personal data in its message', () => {
    const { line } = written(log => log.info({}, 'mailed jane.doe@example.com from 203.0.113.9'));
    expect(line.msg).toBe('mailed [email] from [ip]');
  });

  it('takes no other field from whoever writes TypeScript', () => {
    written(log => {
      // @ts-expect-error: not a field of the log
      log.info({ email: 'jane.doe@example.com' }, 'x');
      // @ts-expect-error: a message is a text
      log.info({}, { text: 'x' });
    });
  });
});
