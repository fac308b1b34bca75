import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { root } from '../../../scripts/run.mjs';

it('npm run demo:wordpress starts a connected shop, says how to log in, and ends by Ctrl-C', async () => {
  const demo = spawn('npm', ['run', '--silent', 'demo:wordpress'], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(demo, 'close');
  let output = '';
  const ready = new Promise<void>(resolve => {
    for (const stream of [demo.stdout, demo.stderr]) {
      stream.on('data', piece => {
        output += piece;
        if (output.includes('Ctrl-C ends it')) resolve();
      });
    }
  });
  await Promise.race([ready, ended]);
  const told = (what: RegExp) => what.exec(output)?.[1] ?? `nothing in ${output}`;
  const [shop, user, password] = [told(/The shop: +(\S+)/), told(/log in as (\S+)/), told(/with the password (\S+)\)/)];
  const page = await (await fetch(shop)).text();
  const settings = JSON.parse(/id="confab-settings"[^>]*>([^<]+)/.exec(page)?.[1] ?? '{}');
  const config = await fetch(`${settings.relay}/v1/widget/${settings.siteKey}/config`, {
    headers: { Origin: new URL(shop).origin },
  });
  const login = await fetch(new URL('wp-login.php', shop), {
    method: 'POST',
    body: new URLSearchParams({ log: user, pwd: password, testcookie: '1' }),
    headers: { Cookie: 'wordpress_test_cookie=WP%20Cookie%20check' },
    redirect: 'manual',
  });
  demo.kill('SIGINT');
  await ended;

  expect(config.status).toBe(200);
  expect(login.headers.getSetCookie().join()).toContain('wordpress_logged_in_');
  await expect(fetch(shop)).rejects.toThrow();
  await expect(fetch(`${settings.relay}/healthz`)).rejects.toThrow();
});
