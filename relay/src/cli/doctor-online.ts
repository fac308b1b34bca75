import net from 'node:net';
import tls from 'node:tls';
import { type ModelProvider, modelProvider } from '@confab/contract';
import type { Config } from '../config.ts';
import { ProviderError } from '../providers/llm/llm.ts';
import { createModel } from '../providers/llm/registry.ts';
import { codeOf, type Finding } from './doctor-checks.ts';

/** Everybody is given this long. */
const PATIENCE_MS = 10_000;

/** Asks those whom the relay works with, all at once. What they answer is not repeated: it may hold what was sent. */
export async function checkOnline(config: Config): Promise<Finding[]> {
  const { publicUrl, email, stripe, sentry, redisUrl } = config;
  const all = [
    ...modelProvider.options.flatMap(name => (config[name].apiKey ? checkProvider(name, config) : [])),
    ...(publicUrl ? [checkPublicUrl(publicUrl)] : []),
    ...(email.resend ? [checkKey('Resend', `${email.resend.baseUrl}/domains`, email.resend.apiKey)] : []),
    ...(stripe ? [checkKey('Stripe', `${stripe.baseUrl}/v1/prices?limit=1`, stripe.secretKey)] : []),
    ...(sentry ? [checkSentry(sentry.dsn)] : []),
    ...(redisUrl ? [checkRedis(redisUrl)] : []),
  ];
  return Promise.all(all);
}

const TODO: Partial<Record<ProviderError['fault'], string>> = {
  refused: 'See that the key, the model and the address in the configuration are right.',
  rate_limited: 'The key is right, but it has used up what its account may; raise that at the provider.',
  unreachable: 'See that this machine may reach the provider, and that the address in the configuration is right.',
};

/** One call of a few tokens, as a turn makes them: so the key, the model and the way there are tried together. */
async function checkProvider(name: ModelProvider, config: Config): Promise<Finding> {
  const { apiKey = '', model, ...more } = config[name];
  const begun = performance.now();
  try {
    const its = createModel(name, { region: config.bedrock.region, ...more, apiKey, model });
    const request = {
      instructions: 'Answer with one word.',
      messages: [{ role: 'visitor' as const, text: 'Say ok.' }],
      question: 'Say ok.',
      locale: 'en',
      passages: [],
      answerable: true,
      maxTokens: 16,
      signal: AbortSignal.timeout(PATIENCE_MS),
    };
    for await (const { type } of its.stream(request)) {
      if (type !== 'text') continue;
      const ms = Math.round(performance.now() - begun);
      return { check: name, state: 'ok', says: `${model} answers; the first word took ${ms} ms` };
    }
    return { check: name, state: 'problem', says: `${model} does not answer.`, todo: 'Try another model.' };
  } catch (error) {
    const fault = error instanceof ProviderError ? error.fault : 'unreachable';
    const status = error instanceof ProviderError && error.status !== undefined ? `, HTTP ${error.status}` : '';
    const todo = TODO[fault] ?? 'See the provider’s own status page.';
    return { check: name, state: 'problem', says: `${model} does not answer (${fault}${status}).`, todo };
  }
}

async function checkPublicUrl(publicUrl: string): Promise<Finding> {
  const { host } = new URL(publicUrl);
  const check = 'public address';
  const todo = 'See to the name, the certificate and the proxy, and that a relay runs behind it.';
  try {
    const response = await fetch(`${publicUrl}/healthz`, ask());
    const body: unknown = await response.json().catch(() => undefined);
    const isOurs = response.ok && (body as { status?: unknown } | undefined)?.status === 'alive';
    if (isOurs) return { check, state: 'ok', says: `a relay answers at ${host}` };
    return { check, state: 'problem', says: `${host} answers, but no relay does (HTTP ${response.status}).`, todo };
  } catch (error) {
    return { check, state: 'problem', says: `${host} does not answer (${codeOf(error)}).`, todo };
  }
}

/** A key that may do less than this question still is one: only that it is unknown is a problem. */
async function checkKey(check: string, url: string, key: string): Promise<Finding> {
  try {
    const response = await fetch(url, ask({ Authorization: `Bearer ${key}` }));
    const text = await response.text();
    const isRestricted = response.status === 403 || text.includes('restricted_api_key');
    if (response.ok || isRestricted) return { check, state: 'ok', says: 'takes the key' };
    const says = `It does not take the key (HTTP ${response.status}).`;
    if (response.status === 401) return { check, state: 'problem', says, todo: 'Set a key that is valid.' };
    return { check, state: 'problem', says: `It answers with HTTP ${response.status}.`, todo: 'See its status page.' };
  } catch (error) {
    return unreachable(check, url, error);
  }
}

/** A report would be seen as a fault: it is only tried whether somebody is there. */
async function checkSentry(dsn: string): Promise<Finding> {
  const check = 'fault reports';
  try {
    await fetch(new URL(dsn).origin, ask());
    return { check, state: 'ok', says: `${new URL(dsn).host} answers` };
  } catch (error) {
    return unreachable(check, dsn, error);
  }
}

/** Speaks Redis' own protocol, as far as a PING. */
async function checkRedis(url: string): Promise<Finding> {
  const check = 'Redis';
  const { protocol, hostname, port, username, password } = new URL(url);
  const where = { host: hostname, port: Number(port || 6379) };
  const words = (...all: string[]) =>
    `*${all.length}\r\n${all.map(each => `$${Buffer.byteLength(each)}\r\n${each}\r\n`).join('')}`;
  const secret = [decodeURIComponent(username), decodeURIComponent(password)].filter(Boolean);
  try {
    const socket = protocol === 'rediss:' ? tls.connect({ ...where, servername: hostname }) : net.connect(where);
    const said = await new Promise<string>((resolve, reject) => {
      let text = '';
      socket.setTimeout(PATIENCE_MS, () => reject(Object.assign(new Error(), { code: 'ETIMEDOUT' })));
      socket.once('error', reject).once('close', () => reject(Object.assign(new Error(), { code: 'ECONNRESET' })));
      socket.on('data', data => {
        text += data;
        if (/\+PONG\r\n|^-/m.test(text)) resolve(text);
      });
      socket.write((secret.length > 0 ? words('AUTH', ...secret) : '') + words('PING'));
    }).finally(() => socket.destroy());
    if (said.includes('+PONG') && !/^-/m.test(said)) return { check, state: 'ok', says: `${hostname} answers` };
    return { check, state: 'problem', says: `${hostname} refuses us.`, todo: 'See to user and password in REDIS_URL.' };
  } catch (error) {
    return unreachable(check, url, error);
  }
}

function unreachable(check: string, url: string, error: unknown): Finding {
  const says = `${new URL(url).host} does not answer (${codeOf(error)}).`;
  return { check, state: 'problem', says, todo: 'See that this machine may reach it, and that its address is right.' };
}

const ask = (headers: Record<string, string> = {}): RequestInit => ({
  headers,
  redirect: 'manual',
  signal: AbortSignal.timeout(PATIENCE_MS),
});
