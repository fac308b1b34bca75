import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { mailFolder } from '../../../relay/src/providers/email/files.ts';
import { main, root, ScriptError } from '../../../scripts/run.mjs';
import { versionOf, whyMissing } from './prepare.mjs';
import { makeSite, type Site } from './site.ts';

/** What a small shop has to say. */
const pages: [title: string, text: string][] = [
  [
    'Shipping',
    'Parcels within Europe take three days and cost 6 euro. Parcels to Iceland take nine days and cost 14 euro.',
  ],
  ['Returns', 'Send back what you do not like within 30 days, free of charge. You find a label in the parcel.'],
  ['Our wool', 'The wool of our jumpers comes from Shetland sheep. It is spun in Hillswick and dyed with plants.'],
  [
    'Care',
    'Wash a jumper by hand, in lukewarm water, and dry it lying flat. It needs no washing machine, and hates one.',
  ],
];

/** Whoever asks may sign up, and confirms it by the mail's file. */
const OPEN = { CONFAB_SIGN_UP: 'open', RESEND_API_KEY: '' };

await main(async () => {
  const { values } = parseArgs({
    options: {
      relay: { type: 'string' },
      email: { type: 'string' },
      password: { type: 'string' },
      core: { type: 'string' },
      port: { type: 'string' },
    },
  });
  const core = values.core ?? (whyMissing('current') ? 'floor' : 'current');
  if (core !== 'floor' && core !== 'current') throw new ScriptError(`--core takes floor or current, not ${core}.`);
  const { relay: given, email, password } = values;
  if (given && !(email && password)) {
    throw new ScriptError('--relay needs --email and --password: of somebody who owns an account there.');
  }

  const stopped = new Promise<void>(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
  const relay = given && email && password ? { url: given, email, password } : await startRelay();
  const site = await makeSite({ core, ...(values.port && { port: Number(values.port) }) });
  try {
    await addPages(site);
    await connect(site, relay);
    const { code, stderr } = await site.wp('confab', 'sync');
    if (code !== 0) throw new ScriptError(`The pages did not reach the relay: ${stderr}`);
    console.log(`
WordPress ${versionOf(core)} with Confab is ready
  The shop:  ${site.url}/
  Its admin: ${site.url}/wp-admin/admin.php?page=confab (log in as ${site.user} with the password ${site.password})
  The relay: ${relay.url}/console/ (sign in as ${relay.email} with the password ${relay.password})
Ask the shop how long parcels to Iceland take. Ctrl-C ends it.
`);
    await stopped;
    return 0;
  } finally {
    await site.stop();
    if ('stop' in relay) await relay.stop();
  }
});

async function startRelay() {
  const dataDir = await mkdtemp(join(tmpdir(), 'confab-demo-'));
  const child = spawn(process.execPath, [join(root, 'relay/src/main.ts')], {
    env: { PORT: '0', CONFAB_DEMO: 'off', ...process.env, CONFAB_DATA_DIR: dataDir, ...OPEN },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.once('exit', () => child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', line => {
      const address = /ready at (http\S+)/.exec(line)?.[1];
      if (address) resolve(address);
    });
    ended.then(([code]) => reject(new ScriptError(`The relay ended with ${code} before it was ready.`)));
  });
  return {
    url,
    ...(await signUp(url, dataDir)),
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function addPages(site: Site): Promise<void> {
  const texts = Buffer.from(JSON.stringify(pages)).toString('base64');
  await site.php(`
    foreach ( json_decode( base64_decode( '${texts}' ), true ) as list( $title, $text ) ) {
      wp_insert_post( array( 'post_type' => 'page', 'post_status' => 'publish', 'post_title' => $title, 'post_content' => $text ) );
    }`);
}

/** What an owner does in the browser before anything else: signs up, and follows the link in the mail. */
async function signUp(url: string, dataDir: string): Promise<{ email: string; password: string }> {
  const owner = { email: 'owner@shop.example', password: randomBytes(12).toString('base64url') };
  await send(`${url}/v1/auth/sign-up`, { name: 'The owner', ...owner });
  const mails = mailFolder(join(dataDir, 'mail'));
  const until = Date.now() + 30_000;
  while (Date.now() < until) {
    for (const { id } of await mails.list()) {
      const token = /\/console\/verify\?token=([\w.~-]+)/.exec((await mails.read(id))?.text ?? '')?.[1];
      if (!token) continue;
      await send(`${url}/v1/auth/verify`, { token });
      return owner;
    }
    await pause(100);
  }
  throw new ScriptError('The mail with the link that confirms the sign-up did not come.');
}

/** Posts to the relay as a page of its own does; gives the cookies that it sets. */
async function send(address: string, body: object): Promise<string> {
  const headers = { 'Content-Type': 'application/json', Origin: new URL(address).origin };
  const answer = await fetch(address, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new ScriptError(`The relay refused ${new URL(address).pathname} (${answer.status}).`);
  return answer.headers
    .getSetCookie()
    .map(cookie => cookie.split(';')[0])
    .join('; ');
}

/** What an owner does in the browser: Connect, a new site, Approve. */
async function connect(site: Site, relay: { url: string; email: string; password: string }): Promise<void> {
  const begun = await site.wp('confab', 'connect', `--relay=${relay.url}`, '--user=admin', '--format=json');
  if (begun.code !== 0) throw new ScriptError(`The plugin did not begin to connect: ${begun.stderr}`);
  const address: string = JSON.parse(begun.stdout).redirectUrl;
  const { email, password } = relay;
  const Cookie = await send(`${relay.url}/v1/auth/sign-in`, { email, password });
  const page = await (await fetch(address, { headers: { Cookie } })).text();
  const [ticket, chosen] = [/name="ticket" value="([^"]+)"/, /name="site" value="(new:[^"]+)"/].map(
    shape => shape.exec(page)?.[1],
  );
  if (!ticket || !chosen) throw new ScriptError(`${email} may not connect sites at ${relay.url}.`);
  const approved = await fetch(`${relay.url}/connect/decision`, {
    method: 'POST',
    headers: { Cookie, Origin: new URL(relay.url).origin },
    body: new URLSearchParams({ ticket, site: chosen, decision: 'approve' }),
    redirect: 'manual',
  });
  const back = new URL(approved.headers.get('Location') ?? site.url).searchParams;
  const answer = JSON.stringify({ state: back.get('state'), code: back.get('code') });
  await site.php(`
    wp_set_current_user( 1 );
    $result = Confab\\Connect::complete( json_decode( base64_decode( '${Buffer.from(answer).toString('base64')}' ), true ) );
    if ( is_wp_error( $result ) ) { throw new Exception( $result->get_error_message() ); }`);
}
