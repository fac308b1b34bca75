import { createClient } from 'redis';

/** So long a command may wait to be written; a Redis that is not there refuses at once. */
const COMMAND_MS = 3_000;
const CONNECT_MS = 5_000;
const AGAIN_MAX_MS = 2_000;

export type Redis = Awaited<ReturnType<typeof connectRedis>>;

/**
 * A Redis at `redis://` or, by TLS, `rediss://`, with its user and password in the address. Lost connections are made
 * again for as long as it takes; meanwhile every call is refused at once. `onFault` hears of each try that fails.
 */
export async function connectRedis(url: string, onFault: (error: unknown) => void) {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    // What hangs must not fill the memory.
    commandsQueueMaxLength: 10_000,
    commandOptions: { timeout: COMMAND_MS },
    socket: { connectTimeout: CONNECT_MS, reconnectStrategy: tries => Math.min(50 * 2 ** tries, AGAIN_MAX_MS) },
    // A connection that died without a word is found out.
    pingInterval: 10_000,
    maintNotifications: 'disabled',
  });
  const listener = client.duplicate();
  for (const each of [client, listener]) {
    each.on('error', onFault);
  }
  // Not waited for: a relay starts also while its Redis is away.
  const connecting = [client.connect(), listener.connect()].map(made => made.catch(() => {}));

  return {
    /** Whether it can be asked at this moment. */
    isThere: (): boolean => client.isReady && listener.isReady,

    /** Adds to a count that ends by itself, and gives what it is now, and for how long; in one step, whoever else does. */
    async count(key: string, points: number, windowMs: number): Promise<{ points: number; msLeft: number }> {
      const given = { keys: [key], arguments: [String(points), String(windowMs)] };
      const [now, msLeft] = (await client.eval(COUNT, given)) as [number, number];
      return { points: Number(now), msLeft: Number(msLeft) };
    },

    async publish(channel: string, payload: string): Promise<void> {
      await client.publish(channel, payload);
    },

    /** Hears a channel, from when there is a connection; `missed` after one that was lost is back. */
    async subscribe(channel: string, { hear, missed }: { hear(payload: string): void; missed(): void }): Promise<void> {
      let hears = false;
      // The client subscribes again by itself whenever it has connected again.
      const begin = async (): Promise<void> => {
        await listener.subscribe(channel, hear);
        hears = true;
      };
      listener.on('ready', () => (hears ? missed() : void begin().then(missed, () => {})));
      if (listener.isReady) await begin();
    },

    async close(): Promise<void> {
      for (const each of [client, listener]) each.destroy();
      await Promise.all(connecting);
    },
  };
}

/** Without a step between: the first addition says when the count ends. */
const COUNT = `
local points = redis.call('INCRBY', KEYS[1], ARGV[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  left = ARGV[2]
end
return { points, tonumber(left) }`;
