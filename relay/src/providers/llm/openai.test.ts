import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, describe, expect, it } from 'vitest';
import { event, type FakeModelServer, type Script } from '../../../../e2e/fakes/model-server.ts';
import { startFakeOpenai } from '../../../../e2e/fakes/openai.ts';
import { sharedData } from '../../../../e2e/fakes/shared-data.ts';
import { apiKey, drain, echo, type Harness, llmContract, recordedContract, requestFor, said } from './llm.contract.ts';
import { isOpenai, openaiModel } from './openai.ts';

type Api = 'responses' | 'chat_completions';

const start =
  (api: Api): Harness =>
  async script => {
    const vendor = await startFakeOpenai({ script });
    return { vendor, llm: openaiModel({ apiKey, baseUrl: vendor.url, model: 'gpt-test', api }) };
  };

llmContract('openai by responses', start('responses'));
// It is asked for by OpenAI's own servers only, and a compatible one is what answers here.
llmContract('openai by chat completions', start('chat_completions'), { tellsUse: false });
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
      ...said('I cannot.'),
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

  it.each([
    [
      'all at the first place, ended by stop',
      [
        [{ index: 0, id: 'a', function: { name: 'one', arguments: '{"a":' } }],
        [{ index: 0, function: { arguments: '1}' } }],
        [{ index: 0, id: 'b', function: { name: 'two', arguments: '{}' } }],
      ],
      ['a', 'b'],
    ],
    [
      'the name and the id in every piece',
      [
        [{ index: 0, id: 'a', function: { name: 'one', arguments: '{"a":' } }],
        [{ index: 0, id: 'a', function: { name: 'one', arguments: '1}' } }],
        [{ index: 1, id: 'b', function: { name: 'two', arguments: '{}' } }],
      ],
      ['a', 'b'],
    ],
    [
      'no ids',
      [
        [
          { index: 0, function: { name: 'one', arguments: '{"a":1}' } },
          { index: 1, id: '', function: { name: 'two', arguments: '{}' } },
        ],
      ],
      ['call00000', 'call00001'],
    ],
    [
      'one id for both, and a name that no vendor takes back',
      [
        [{ index: 0, id: 'a', function: { name: 'one', arguments: '{"a":1}' } }],
        [{ index: 1, id: 'a', function: { name: 'two', arguments: '{}' } }],
      ],
      ['a', 'call00001'],
    ],
  ])('reads calls as compatible servers write them: %s', async (_what, pieces, ids) => {
    const chunk = (delta: object, finish_reason: string | null = null) =>
      event({ choices: [{ delta, finish_reason }] });
    const raw = pieces.map(tool_calls => chunk({ tool_calls })).join('') + chunk({}, 'stop');
    const { parts } = await asked('chat_completions', { raw });
    expect(parts).toEqual([
      { type: 'call', call: { id: ids[0], name: 'one', input: { a: 1 } } },
      { type: 'call', call: { id: ids[1], name: 'two', input: {} } },
      { type: 'finished', reason: 'tools' },
    ]);
  });

  it('names a call as every vendor takes it back', async () => {
    const tool_calls = [{ index: 0, id: 'a', function: { name: 'search “knowledge”', arguments: '{}' } }];
    const raw = event({ choices: [{ delta: { tool_calls }, finish_reason: 'tool_calls' }] });
    expect((await asked('chat_completions', { raw })).parts[0]).toMatchObject({ call: { name: 'search__knowledge_' } });
  });

  it('asks OpenAI itself for what a chat used, and nobody else', async () => {
    const bodies: Record<string, unknown>[] = [];
    const fetch: typeof globalThis.fetch = async (_url, init) => {
      bodies.push(JSON.parse(String(init?.body)));
      throw new TypeError('refused');
    };
    for (const baseUrl of [undefined, 'https://api.mistral.ai/v1']) {
      const llm = openaiModel({ apiKey, baseUrl, model: 'gpt-test', api: 'chat_completions', fetch });
      await drain(llm.stream(requestFor()));
    }
    expect(bodies[0]).toMatchObject({ max_completion_tokens: 100, stream_options: { include_usage: true } });
    expect(bodies[1]).toMatchObject({ max_tokens: 100 });
    expect(bodies[1]).not.toHaveProperty('stream_options');
  });

  it('knows OpenAI’s own servers from compatible ones', () => {
    expect(isOpenai('https://api.openai.com/v1')).toBe(true);
    expect(isOpenai('https://eu.api.openai.com/v1')).toBe(true);
    expect(isOpenai('https://shop.openai.azure.com/openai/v1')).toBe(true);
    expect(isOpenai('https://api.mistral.ai/v1')).toBe(false);
    expect(isOpenai('https://notopenai.com/v1')).toBe(false);
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
    const calls = [{ id: 'a', name: 'search_knowledge', input: { query: 'kettle' }, result: 'No.' }];
    const rounds = [
      { text: 'One moment.', calls },
      { text: '', calls: [{ id: 'b', name: 'search_knowledge', input: '{"query":', result: 'No.' }] },
    ];
    const tools = [echo('search_knowledge')];
    await drain(llm.stream(requestFor({ messages: [...messages], tools, rounds })));
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
