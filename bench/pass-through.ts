import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import Koa from 'koa';
import OpenAI from 'openai';
import { serveParent } from './child.ts';
import type { Api } from './stub-events.ts';

// The least that a relay over the same SDK can do: no site, no consent, no knowledge, no store, no limits. It writes
// to the socket itself, as the relay does, which is quicker than handing Koa a stream.
const [baseURL, api] = process.argv.slice(2) as [string, Api];
const openai = new OpenAI({ apiKey: 'bench', baseURL, maxRetries: 0, logLevel: 'off' });
const model = 'gpt-5-mini';

async function* answer(text: string, signal: AbortSignal): AsyncGenerator<string> {
  if (api === 'responses') {
    const events = await openai.responses.create({ model, input: text, store: false, stream: true }, { signal });
    for await (const event of events) if (event.type === 'response.output_text.delta') yield event.delta;
    return;
  }
  const messages = [{ role: 'user' as const, content: text }];
  const chunks = await openai.chat.completions.create({ model, messages, stream: true }, { signal });
  for await (const { choices } of chunks) if (choices[0]?.delta.content) yield choices[0].delta.content;
}

const app = new Koa();
// A reader who leaves is no error here.
app.silent = true;
app.use(async ctx => {
  const { text } = (await json(ctx.req)) as { text: string };
  const controller = new AbortController();
  ctx.res.once('close', () => controller.abort());
  ctx.respond = false;
  ctx.res.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
  ctx.res.flushHeaders();
  try {
    for await (const piece of answer(text, controller.signal)) {
      ctx.res.write(`event: delta\ndata: ${JSON.stringify({ text: piece })}\n\n`);
    }
    ctx.res.write('event: completed\ndata: {}\n\n');
  } catch (error) {
    if (!controller.signal.aborted) throw error;
  }
  ctx.res.end();
});

const server = createServer(app.callback());
server.listen(0, '127.0.0.1');
await once(server, 'listening');
serveParent((server.address() as AddressInfo).port, () => {});
