import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signUp } from '../../../../e2e/console.ts';
import { startTestRelay, type TestRelay } from '../../../../e2e/relay.ts';

describe('a relay without a key of Stripe', () => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startTestRelay();
  });
  afterAll(() => relay?.stop());

  it('sells no plans and limits nobody: there is something to see, and nothing to do', async () => {
    const user = await signUp(relay);
    const path = `/v1/accounts/${(await user.me()).accounts[0]?.accountId}/billing`;
    const { status, body } = await user.request('GET', path);
    expect(status).toBe(200);
    expect(body).toMatchObject({ mode: 'self_hosted', plan: null, plans: [], notices: [], subscription: null });
    for (const counter of ['conversations', 'sites', 'seats']) expect(body.usage[counter].limit).toBeNull();
    const choice = { plan: 'starter', interval: 'month' };
    const bodies: [string, object | undefined][] = [
      ...['checkout', 'preview'].map(what => [what, choice] as [string, object]),
      ['change', { ...choice, prorationAt: new Date().toISOString() }],
      ...['portal', 'cancel', 'resume'].map(what => [what, undefined] as [string, undefined]),
    ];
    for (const [what, given] of bodies) {
      const refused = await user.request('POST', `${path}/${what}`, given);
      expect([what, refused.status, refused.body.code]).toEqual([what, 403, 'not_offered']);
    }
    expect(await user.request('GET', `${path}/records`)).toMatchObject({ status: 403, body: { code: 'not_offered' } });
    expect((await fetch(`${relay.url}/stripe/events`, { method: 'POST', body: '{}' })).status).toBe(404);
    expect(await (await fetch(`${relay.url}/metrics`)).text()).not.toContain('confab_billing');
  });

  it('does not even load the SDK', async () => {
    const seen = `const { registerHooks } = await import('node:module');
      const loaded = [];
      registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
      await import('${new URL('../../services.ts', import.meta.url)}');
      console.log(loaded.length > 100, loaded.some(url => url.includes('node_modules/stripe/')));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', seen]);
    expect(stdout).toContain('true false');
  });
});
