import { fork } from 'node:child_process';
import { once } from 'node:events';

/** A process of the benchmark: takes one message at a time and answers each. */
export type Child<Message, Reply> = {
  pid: number;
  /** Where it listens, if it does. */
  port: number;
  call(message: Message): Promise<Reply>;
  stop(): Promise<void>;
};

/** Starts a module of this folder as a process of its own; resolves when it has said that it is ready. */
export async function startChild<Message extends object, Reply>(
  module: string,
  { args = [], execArgv = [] }: { args?: string[]; execArgv?: string[] } = {},
): Promise<Child<Message, Reply>> {
  const child = fork(new URL(module, import.meta.url), args, { execArgv, serialization: 'advanced' });
  const ended = once(child, 'exit');
  const reply = async () => {
    const fell = ended.then(([code, signal]) => {
      throw new Error(`bench/${module} ended by itself (${signal ?? code})`);
    });
    fell.catch(() => {});
    const [message] = await Promise.race([once(child, 'message'), fell]);
    return message;
  };
  const { port } = (await reply()) as { port: number };
  return {
    pid: child.pid as number,
    port,
    async call(message) {
      const answered = reply();
      child.send(message);
      return answered as Promise<Reply>;
    },
    async stop() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

/** The other side: a child says that it is ready, and answers what it is told. It ends with its parent. */
export function serveParent<Message, Reply>(port: number, answer: (message: Message) => Reply | Promise<Reply>): void {
  process.on('message', async message => process.send?.((await answer(message as Message)) ?? null));
  process.on('disconnect', () => process.exit());
  // A Ctrl-C reaches us too; our parent ends us when it is done.
  process.on('SIGINT', () => {});
  process.send?.({ port });
}
