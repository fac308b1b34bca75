import type { ConsoleEvent, VisitorEvent } from '@confab/contract';
import { expect } from 'vitest';

/** A stream of events as a browser reads it; one that is refused has `problem`. */
export type EventStream<Event extends { event: string; data: unknown }> = {
  status: number;
  problem: { code?: string } | undefined;
  /** What has come so far. */
  seen: Event[];
  /** Waits for the first event of a kind that `where` accepts; those before it count too. */
  until<Kind extends Event['event']>(
    kind: Kind,
    where?: (data: Extract<Event, { event: Kind }>['data']) => boolean,
  ): Promise<Extract<Event, { event: Kind }>['data']>;
  /** Resolves when the relay has ended it, or it was closed. */
  ended: Promise<void>;
  close(): void;
};

/** What a visitor's browser hears of its conversation; `base` is that of the widget's calls. */
export const watchConversation = (base: string, handle: string) =>
  openEvents<VisitorEvent>(`${base}/conversation/events`, { Authorization: `Bearer ${handle}` });

/** What a user's browser hears of a site; `headers` are those that sign it in. */
export const watchSite = (url: string, siteId: string, headers: Record<string, string>) =>
  openEvents<ConsoleEvent>(`${url}/v1/sites/${siteId}/events`, headers);

async function openEvents<Event extends { event: string; data: unknown }>(
  url: string,
  headers: Record<string, string>,
): Promise<EventStream<Event>> {
  const controller = new AbortController();
  const response = await fetch(url, { headers, signal: controller.signal });
  const streams = response.headers.get('Content-Type')?.startsWith('text/event-stream');
  const seen: Event[] = [];
  return {
    status: response.status,
    problem: streams ? undefined : ((await response.json()) as { code?: string }),
    seen,
    async until(kind, where = () => true) {
      type Data = Extract<Event, { event: typeof kind }>['data'];
      const find = () => seen.find(({ event, data }) => event === kind && where(data as Data));
      await expect.poll(find, { message: `an event "${kind}"`, interval: 10, timeout: 5_000 }).toBeDefined();
      return find()?.data as Data;
    },
    ended: streams ? read() : Promise.resolve(),
    close: () => controller.abort(),
  };

  async function read(): Promise<void> {
    let buffered = '';
    const decoder = new TextDecoder();
    try {
      for await (const bytes of response.body ?? []) {
        buffered += decoder.decode(bytes, { stream: true });
        const blocks = buffered.split('\n\n');
        buffered = blocks.pop() ?? '';
        for (const block of blocks) {
          const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
          if (event && data) seen.push({ event, data: JSON.parse(data) } as Event);
          else if (!block.startsWith(':')) throw new Error(`not an event: ${block}`);
        }
      }
    } catch (error) {
      if (!controller.signal.aborted) throw error;
    }
  }
}
