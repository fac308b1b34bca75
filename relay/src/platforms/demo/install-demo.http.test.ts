import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signUp } from '../../../../e2e/console.ts';
import { DEMO_SECRET, startTestRelay, type TestRelay } from '../../../../e2e/relay.ts';
import { installDemo } from './install-demo.ts';

describe('the demo shop', () => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startTestRelay({ demo: true });
  });
  afterAll(() => relay.stop());

  it('is given to the first account of the relay, and to no other one', async () => {
    const demoId = (await relay.services.sites.byKey('demo')).id;
    const [first, second] = [await signUp(relay), await signUp(relay)];
    expect(await first.siteIds()).toEqual([demoId]);
    expect(await second.siteIds()).toEqual([]);
  });

  const features = async () => (await relay.demo.plugin.settings()).body.features;

  it('has its forms, and leaves it at what its owner chooses when it starts again', async () => {
    expect(await features()).toMatchObject({ leads: true, callback: true, transcript: true });
    await relay.demo.plugin.change(settings => ({ ...settings, features: { ...settings.features, callback: false } }));
    await installDemo({
      relayUrl: relay.url,
      secret: DEMO_SECRET,
      shopUrl: 'http://other.example/demo/',
      pages: new Map(),
    });
    expect(await features()).toMatchObject({ leads: true, callback: false });
    const { consent } = (await relay.demo.plugin.settings()).body;
    expect(consent.policyUrl).toBe('http://other.example/demo/privacy.html');
  });
});
