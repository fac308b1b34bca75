import { setTimeout as wait } from 'node:timers/promises';
import type { Heard } from './load.ts';
import type { Machine, Plan } from './measure.ts';
import type { Way } from './ways.ts';

/** What a full relay did: with those who came too many, and with the streams that ran meanwhile. */
export type Overload = {
  most: number;
  asked: number;
  refused: number;
  slowestMs: number;
  faults: number;
  later: Heard['later'];
};

const ASKED = 200;

/** Fills a relay to its limit, asks more of it, and looks at both. */
export async function overload(machine: Machine, way: Way, most: number, pace: Plan['pace']): Promise<Overload> {
  const { stub, load } = machine;
  const running = await way.start(0);
  try {
    await stub.call(pace);
    await load.call({ do: 'aim', target: running.target });
    await load.call({ do: 'hold', streams: most, withinMs: 500 });
    await wait(1_500);
    await load.call({ do: 'begin' });
    const url = `http://127.0.0.1:${running.target.port}${running.target.path}`;
    const times: number[] = [];
    let refused = 0;
    for (let asked = 0; asked < ASKED; asked += 1) {
      const begun = performance.now();
      const body = running.target.body.replace('{uuid}', crypto.randomUUID()).replace('{question}', 'Is it wool?');
      const response = await fetch(url, { method: 'POST', body, headers: { 'Content-Type': 'application/json' } });
      times.push(performance.now() - begun);
      if (response.status === 503 && Number(response.headers.get('retry-after')) > 0) refused += 1;
      // A place is free for the moment between the end of one answer and the next question.
      await response.body?.cancel();
    }
    const heard = (await load.call({ do: 'end' })) as Heard;
    await load.call({ do: 'release' });
    const slowestMs = Math.max(...times);
    return { most, asked: ASKED, refused, slowestMs, faults: heard.faultCount, later: heard.later };
  } finally {
    await running.stop();
  }
}
