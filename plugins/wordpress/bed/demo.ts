import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
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

await main(async () => {
  const { values } = parseArgs({
    options: { relay: { type: 'string' }, key: { type: 'string' }, core: { type: 'string' }, port: { type: 'string' } },
  });
  const core = values.core ?? (whyMissing('current') ? 'floor' : 'current');
  if (core !== 'floor' && core !== 'current') throw new ScriptError(`--core takes floor or current, not ${core}.`);
  if (values.relay && !values.key)
    throw new ScriptError('--relay needs --key: the operator’s key that it printed at start.');

  const stopped = new Promise<void>(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
  const relay = values.relay && values.key ? { url: values.relay, key: values.key } : await startRelay();
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
  The relay: ${relay.url} (operator's key: ${relay.key})
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
  const key = randomBytes(18).toString('base64url');
  const child = spawn(process.execPath, [join(root, 'relay/src/main.ts')], {
    env: { PORT: '0', CONFAB_DEMO: 'off', ...process.env, CONFAB_DATA_DIR: dataDir, CONFAB_OPERATOR_KEY: key },
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
    key,
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

/** What an owner does in the browser: Connect, the operator's key, a new site, Approve. */
async function connect(site: Site, relay: { url: string; key: string }): Promise<void> {
  const begun = await site.wp('confab', 'connect', `--relay=${relay.url}`, '--user=admin', '--format=json');
  if (begun.code !== 0) throw new ScriptError(`The plugin did not begin to connect: ${begun.stderr}`);
  const address: string = JSON.parse(begun.stdout).redirectUrl;
  const asked = new URLSearchParams(new URL(address).search);
  asked.set('operatorKey', relay.key);
  const choosing = await fetch(`${relay.url}/connect`, { method: 'POST', body: asked });
  const ticket = /name="ticket" value="([^"]+)"/.exec(await choosing.text())?.[1];
  if (!ticket) throw new ScriptError(`The relay at ${relay.url} did not take the operator’s key (${choosing.status}).`);
  const decision = new URLSearchParams({ ticket, site: 'new', decision: 'approve' });
  const approved = await fetch(`${relay.url}/connect/decision`, { method: 'POST', body: decision, redirect: 'manual' });
  const back = new URL(approved.headers.get('Location') ?? site.url).searchParams;
  const answer = JSON.stringify({ state: back.get('state'), code: back.get('code') });
  await site.php(`
    wp_set_current_user( 1 );
    $result = Confab\\Connect::complete( json_decode( base64_decode( '${Buffer.from(answer).toString('base64')}' ), true ) );
    if ( is_wp_error( $result ) ) { throw new Exception( $result->get_error_message() ); }`);
}
