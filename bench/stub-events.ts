/** Which of OpenAI's two APIs is spoken. */
export type Api = 'responses' | 'chat_completions';

/** What a provider says in one answer: whole server-sent events. */
export type Speech = {
  begin: string;
  token(text: string, index: number): string;
  end(text: string, tokens: number): string;
};

const event = (data: { type?: string; [field: string]: unknown }) =>
  `${data.type ? `event: ${data.type}\n` : ''}data: ${JSON.stringify(data)}\n\n`;

const reply = { id: 'resp_bench', object: 'response', created_at: 1_790_000_000, error: null, model: 'gpt-5-mini' };
const place = { item_id: 'msg_bench', output_index: 0, content_index: 0 };
const usage = (tokens: number) => ({ input_tokens: 900, output_tokens: tokens, total_tokens: 900 + tokens });

/** As OpenAI sends them, with the same fields around each token. Only the token's own event is made while it counts. */
export const speeches: Record<string, Speech> = {
  '/v1/responses': {
    begin: [
      { type: 'response.created', sequence_number: 0, response: { ...reply, status: 'in_progress', output: [] } },
      { type: 'response.in_progress', sequence_number: 1, response: { ...reply, status: 'in_progress', output: [] } },
      {
        type: 'response.output_item.added',
        sequence_number: 2,
        output_index: 0,
        item: { id: place.item_id, type: 'message', status: 'in_progress', content: [], role: 'assistant' },
      },
      { type: 'response.content_part.added', sequence_number: 3, ...place, part: { type: 'output_text', text: '' } },
    ]
      .map(event)
      .join(''),
    token: (text, index) =>
      `event: response.output_text.delta\ndata: {"type":"response.output_text.delta","sequence_number":${index + 4},` +
      `"item_id":"${place.item_id}","output_index":0,"content_index":0,"delta":"${text}","logprobs":[],` +
      `"obfuscation":"Zk3vTq"}\n\n`,
    end(text, tokens) {
      const part = { type: 'output_text', annotations: [], logprobs: [], text };
      const item = {
        id: place.item_id,
        type: 'message',
        status: 'completed',
        content: [part],
        role: 'assistant',
      };
      const response = { ...reply, status: 'completed', output: [item], usage: usage(tokens) };
      return [
        { type: 'response.output_text.done', sequence_number: tokens + 4, ...place, text, logprobs: [] },
        { type: 'response.content_part.done', sequence_number: tokens + 5, ...place, part },
        { type: 'response.output_item.done', sequence_number: tokens + 6, output_index: 0, item },
        { type: 'response.completed', sequence_number: tokens + 7, response },
      ]
        .map(event)
        .join('');
    },
  },
  '/v1/chat/completions': {
    begin: chunk('{"role":"assistant","content":"","refusal":null}', 'null'),
    token: text => chunk(`{"content":"${text}"}`, 'null'),
    end: () => `${chunk('{}', '"stop"')}data: [DONE]\n\n`,
  },
};

function chunk(delta: string, finishReason: string): string {
  return (
    `data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1790000000,"model":"gpt-5-mini",` +
    `"service_tier":"default","system_fingerprint":null,"choices":[{"index":0,"delta":${delta},"logprobs":null,` +
    `"finish_reason":${finishReason}}],"obfuscation":"Zk3vTq"}\n\n`
  );
}
