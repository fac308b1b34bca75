import type { Context } from 'koa';
import { describe, expect, it } from 'vitest';
import { admitToMetrics } from './metrics.ts';

const TOKEN = 'a-token-of-the-metrics';

type Asked = { ip?: string; headers?: Record<string, string>; proxy?: boolean };

function admits(
  { ip = '203.0.113.9', headers = {}, proxy = false }: Asked,
  how: { token?: string; production: boolean },
) {
  const ctx = { ip, app: { proxy }, get: (name: string) => headers[name] ?? '' } as unknown as Context;
  try {
    admitToMetrics(ctx, { token: undefined, ...how });
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'unauthorized' });
    return false;
  }
}

describe('the metrics', () => {
  it('are for whoever knows the token, where there is one, from wherever they ask', () => {
    for (const production of [true, false]) {
      const asked = (Authorization?: string, ip = '203.0.113.9') =>
        admits({ ip, headers: Authorization ? { Authorization } : {} }, { token: TOKEN, production });
      expect(asked(`Bearer ${TOKEN}`)).toBe(true);
      for (const wrong of [undefined, `Bearer ${TOKEN}x`, 'Bearer x', `Basic ${TOKEN}`, TOKEN]) {
        expect(asked(wrong)).toBe(false);
        expect(asked(wrong, '127.0.0.1')).toBe(false);
      }
    }
  });

  it('are open without a token outside production', () => {
    expect(admits({}, { production: false })).toBe(true);
  });

  it.each(['127.0.0.1', '::1', '::ffff:127.0.0.1', '10.1.2.3', '172.17.0.1', '192.168.1.9', 'fd00::1', 'fe80::1'])(
    'are for this machine and its network without a token in production: %s',
    ip => expect(admits({ ip }, { production: true })).toBe(true),
  );

  it.each(['203.0.113.9', '2001:db8::1', '172.32.0.1', '::ffff:203.0.113.9', '', 'nonsense'])(
    'are for nobody else there: %s',
    ip => expect(admits({ ip }, { production: true })).toBe(false),
  );

  it.each(['Forwarded', 'X-Forwarded-For', 'X-Real-IP'])(
    'are for nobody behind a proxy that the relay was not told of: %s',
    name => {
      const headers = { [name]: '203.0.113.9' };
      expect(admits({ ip: '127.0.0.1', headers }, { production: true })).toBe(false);
      // It was told: then the address is the one that the proxy has seen.
      expect(admits({ ip: '10.0.0.7', headers, proxy: true }, { production: true })).toBe(true);
    },
  );
});
