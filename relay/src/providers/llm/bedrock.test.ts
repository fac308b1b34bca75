import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { bedrockEvent, startFakeBedrock } from '../../../../e2e/fakes/bedrock.ts';
import type { Behaviour, FakeModelServer } from '../../../../e2e/fakes/model-server.ts';
import { bedrockModel } from './bedrock.ts';
import { apiKey, drain, type Harness, llmContract, recordedContract, requestFor, said } from './llm.contract.ts';

const model = 'eu.anthropic.claude-test-v1:0';

const start: Harness = async script => {
  const vendor = await startFakeBedrock({ script });
  return { vendor, llm: bedrockModel({ apiKey, baseUrl: vendor.url, model, region: 'eu-central-1' }) };
};

llmContract('bedrock', start);
recordedContract('bedrock_converse', start, data => {
  const [type = '', payload = {}] = Object.entries(data as object)[0] ?? [];
  return bedrockEvent(type, payload);
});

describe('bedrock', () => {
  let vendor: FakeModelServer | undefined;
  afterEach(() => vendor?.close());
  afterEach(() => vi.unstubAllEnvs());

  async function asked(script: Behaviour) {
    const harness = await start(script);
    vendor = harness.vendor;
    return { ...(await drain(harness.llm.stream(requestFor()))), requests: vendor.requests };
  }

  it('asks for the model by its id, with the key as a bearer token', async () => {
    const { requests } = await asked({});
    expect(requests[0]).toMatchObject({
      path: `/model/${encodeURIComponent(model)}/converse-stream`,
      headers: { authorization: `Bearer ${apiKey}` },
    });
    expect(requests[0]?.headers['x-amz-security-token']).toBeUndefined();
  });

  it('takes nothing from the environment or from the files of AWS’s own tools', async () => {
    const config = path.join(mkdtempSync(path.join(tmpdir(), 'confab-aws-')), 'config');
    writeFileSync(
      config,
      '[default]\nsdk_ua_app_id = leaked\nendpoint_url = http://127.0.0.1:1\nregion = xx-leaked-1\n',
    );
    const environment = {
      AWS_CONFIG_FILE: config,
      AWS_SHARED_CREDENTIALS_FILE: config,
      AWS_ACCESS_KEY_ID: 'AKIALEAKED',
      AWS_SECRET_ACCESS_KEY: 'leaked',
      AWS_SESSION_TOKEN: 'leaked',
      AWS_BEARER_TOKEN_BEDROCK: 'leaked',
      AWS_AUTH_SCHEME_PREFERENCE: 'aws.auth#sigv4',
      AWS_REGION: 'xx-leaked-1',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      AWS_ENDPOINT_URL_BEDROCK_RUNTIME: 'http://127.0.0.1:1',
      AWS_MAX_ATTEMPTS: '3',
      AWS_SDK_UA_APP_ID: 'leaked',
    };
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    const { parts, requests } = await asked({ status: 500, headers: { 'retry-after': '0' } });
    expect(parts).toEqual([]);
    expect(requests).toHaveLength(1);
    expect(JSON.stringify(requests[0]?.headers)).not.toMatch(/leaked/i);
  });

  it('goes to AWS’s own address of the region, and by the fetch that it is given', async () => {
    const seen: string[] = [];
    const fetch: typeof globalThis.fetch = async url => {
      seen.push(String(url));
      throw new TypeError('refused');
    };
    const { error } = await drain(bedrockModel({ apiKey, model, region: 'eu-central-1', fetch }).stream(requestFor()));
    expect(seen).toEqual([
      `https://bedrock-runtime.eu-central-1.amazonaws.com/model/${encodeURIComponent(model)}/converse-stream`,
    ]);
    expect(error).toMatchObject({ fault: 'unreachable' });
  });

  it.each([
    ['throttlingException', 'rate_limited'],
    ['validationException', 'refused'],
    ['internalServerException', 'server_error'],
    ['serviceUnavailableException', 'server_error'],
    ['modelStreamErrorException', 'server_error'],
    ['modelTimeoutException', 'timed_out'],
    ['aNewException', 'server_error'],
  ])('tells an exception in the stream as a fault: %s', async (type, fault) => {
    const { error } = await asked({ raw: bedrockEvent(type, { message: 'no' }, 'exception') });
    expect(error).toMatchObject({ fault, message: `bedrock: ${fault}` });
  });

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['a_new_reason', 'stop'],
    ['model_context_window_exceeded', 'length'],
    ['content_filtered', 'filtered'],
    ['guardrail_intervened', 'filtered'],
  ])('tells why it stopped: %s', async (stopReason, reason) => {
    const { parts } = await asked({ raw: bedrockEvent('messageStop', { stopReason }) });
    expect(parts).toEqual([{ type: 'finished', reason }]);
  });

  it('tells words only, not what the model thought, and overlooks events that it does not know', async () => {
    const delta = (delta: object) => bedrockEvent('contentBlockDelta', { contentBlockIndex: 0, delta });
    const raw = Buffer.concat([
      bedrockEvent('aNewEvent', { text: 'new' }),
      delta({ reasoningContent: { text: 'They ask for a kettle.' } }),
      delta({ text: 'Yes.' }),
      bedrockEvent('messageStop', { stopReason: 'end_turn' }),
    ]);
    expect((await asked({ raw })).parts).toEqual([...said('Yes.'), { type: 'finished', reason: 'stop' }]);
  });

  it.each(['<html>Welcome to our proxy</html>', '', '\0\0\0'])(
    'tells a body of another kind as malformed: %j',
    async raw => {
      expect((await asked({ raw })).error).toMatchObject({ fault: 'malformed' });
    },
  );
});
