import type { VisitorEvent } from '@confab/contract';
import type { Client } from './client.ts';

/** The pauses before a lost connection is tried again, in ms; the last one for good. */
const AGAIN_AFTER_MS = [1_000, 3_000, 10_000, 30_000];

type Parts = {
  client: Pick<Client, 'follow'>;
  hear: (event: VisitorEvent) => void;
  /** Why the relay let nobody listen; whether to try again. */
  refused: (error: unknown) => Promise<boolean>;
};

/** Hears what happens in one stored chat at a time; `undefined` is none. */
export function createFollowing({ client, hear, refused }: Parts) {
  let followed: string | undefined;
  let controller = new AbortController();

  async function listen(handle: string, { signal }: AbortController) {
    for (let losses = 0; !signal.aborted; losses++) {
      try {
        for await (const event of client.follow(handle, signal)) {
          if (signal.aborted) return;
          hear(event);
          losses = 0;
        }
      } catch (error) {
        if (!(await refused(error))) return;
      }
      const pause = AGAIN_AFTER_MS[losses] ?? AGAIN_AFTER_MS.at(-1);
      await new Promise(resolve => {
        setTimeout(resolve, pause);
        signal.addEventListener('abort', resolve);
      });
    }
  }

  return (handle: string | undefined) => {
    if (handle === followed) return;
    followed = handle;
    controller.abort();
    controller = new AbortController();
    if (handle) void listen(handle, controller);
  };
}
