import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, describe, expect, it } from 'vitest';
import { event, type FakeModelServer, type Script } from '../../../../e2e/fakes/model-server.ts';
import { startFakeOpenai } from '../../../../e2e/fakes/openai.ts';
import { sharedData } from '../../../../e2e/fakes/shared-data.ts';
import { apiKey, drain, type Harness, llmContract, recordedContract, requestFor, said } from './llm.contract.ts';
import { limitField, openaiLlm } from './openai.ts';

type Api = 'responses' | 'chat_completions';

const start =
  (api: Api): Harness =>
  async script => {
    const vendor = await startFakeOpenai({ script });
    return { vendor, llm: openaiLlm({ apiKey, baseUrl: vendor.url, model: 'gpt-test', api }) };
  };

llmContract('openai by responses', start('responses'));
llmContract('openai by chat completions', start('chat_completions'));
recordedContract('openai_responses', start('responses'), data => event(data, data.type));
recordedContract('openai_chat', start('chat_completions'), event, 'data: [DONE]\n\n');

describe('openai', () => {
  let vendor: FakeModelServer | undefined;
  afterEach(() => vendor?.close());

  async function asked(api: Api, script: Script) {
    const harness = await start(api)(script);
    vendor = harness.vendor;
    return { ...(await drain(harness.llm.stream(requestFor()))), requests: vendor.requests };
  }

  it('asks OpenAI to store nothing', async () => {
    const { requests } = await asked('responses', {});
    expect(requests[0]?.body).toMatchObject({ store: false });
  });

  it('tells a refusal as text', async () => {
    const raw = event({ type: 'response.refusal.delta', delta: 'I cannot.' }) + event({ type: 'response.completed' });
    expect((await asked('responses', { raw })).parts).toEqual([
      ...said('I cannot.'),
      { type: 'finished', reason: 'stop' },
    ]);
    await vendor?.close();
    const chunk = (delta: object, finish_reason: string | null) => event({ choices: [{ delta, finish_reason }] });
    const chunks = chunk({ refusal: 'I ' }, null) + chunk({ refusal: 'cannot.' }, 'stop');
    expect((await asked('chat_completions', { raw: chunks })).parts).toEqual([
      ...said('I ', 'cannot.'),
      { type: 'finished', reason: 'stop' },
    ]);
  });

  it.each([
    ['rate_limit_exceeded', 'rate_limited'],
    ['invalid_prompt', 'refused'],
    ['server_error', 'server_error'],
  ])('tells a failed response as a fault: %s', async (code, fault) => {
    const raw = event({ type: 'response.failed', response: { error: { code, message: 'no' } } });
    expect((await asked('responses', { raw })).error).toMatchObject({ fault });
  });

  it('reads the HTTP status that a compatible server puts into the stream', async () => {
    const raw = event({ error: { code: 429, message: 'slow down' } });
    expect((await asked('chat_completions', { raw })).error).toMatchObject({ fault: 'rate_limited' });
  });

  it.each([event([]), event({ choices: null }), '<html>Welcome to our proxy</html>', 'data: null\n\n'])(
    'tells a body of another kind as malformed: %s',
    async raw => {
      expect((await asked('chat_completions', { raw })).error).toMatchObject({ fault: 'malformed' });
    },
  );

  it('names the token limit as the server knows it', () => {
    expect(limitField('https://api.openai.com/v1')).toBe('max_completion_tokens');
    expect(limitField('https://eu.api.openai.com/v1')).toBe('max_completion_tokens');
    expect(limitField('https://shop.openai.azure.com/openai/v1')).toBe('max_completion_tokens');
    expect(limitField('https://api.mistral.ai/v1')).toBe('max_tokens');
    expect(limitField('https://notopenai.com/v1')).toBe('max_tokens');
  });
});

describe('what openai is sent', () => {
  it.for([
    ['responses', '#/components/schemas/CreateResponse'],
    ['chat_completions', '#/components/schemas/CreateChatCompletionRequest'],
  ] as const)('is valid by OpenAI’s own schema: %s', async ([api, $ref], { skip }) => {
    const published = sharedData('fetched/protocol/openai_requests_2.3.0.min.json.gz');
    if (!published) return skip('../shared/data is not there');
    const ajv = new Ajv2020({ strict: false, validateFormats: false }).addSchema(forAjv(published) as object, 'openai');
    const validate = ajv.compile({ $ref: `openai${$ref}` });

    const { vendor, llm } = await start(api)({});
    const messages = [
      { role: 'visitor', text: 'Hello' },
      { role: 'assistant', text: 'Hello! How can I help?' },
      { role: 'visitor', text: 'Is it in stock?' },
    ] as const;
    await drain(llm.stream(requestFor({ messages: [...messages] })));
    await vendor.close();

    const body = vendor.requests[0]?.body;
    expect(validate(body), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...body, stream: 'yes' }), 'the schema refuses what is wrong').toBe(false);
  });
});

/** OpenAPI's own words, as far as Ajv does not know them. */
function forAjv(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(forAjv);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { nullable, discriminator, example, ...rest } = schema as Record<string, unknown>;
  if (typeof rest.exclusiveMinimum === 'boolean') delete rest.exclusiveMinimum;
  if (nullable && typeof rest.type === 'string') rest.type = [rest.type, 'null'];
  return Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, forAjv(value)]));
}
