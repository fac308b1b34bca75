// For the gateway only: with today's @hono/node-server it answers every stream by 500, as it writes into the headers of
// what `fetch` brought, which nobody may. They are copied into ones that it may write into; the body is the same.
const { fetch, Response } = globalThis;
globalThis.fetch = async (...asked) => {
  const { body, status, statusText, headers } = await fetch(...asked);
  return new Response(body, { status, statusText, headers });
};
