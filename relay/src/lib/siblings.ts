import cluster from 'node:cluster';

/** How long the others have to say how they are. */
const ANSWER_MS = 6_000;

/** What the processes of one command say to one another, by way of the first: a question to all, and its answers. */
export type Word =
  | { confab: 'ready'; banner: string }
  | { confab: 'ask'; id: number }
  | { confab: 'asked'; id: number }
  | { confab: 'answer'; id: number; value: object[] }
  | { confab: 'answers'; id: number; values: object[][] };

export const isWord = (message: unknown): message is Word =>
  typeof message === 'object' && message !== null && 'confab' in message;

export type Siblings = ReturnType<typeof createSiblings>;

/** The other processes of this command; none where it is alone. `own` is what this one says of itself. */
export function createSiblings(own: () => Promise<object[]>) {
  const waiting = new Map<number, (values: object[][]) => void>();
  let last = 0;
  const say = (word: Word) => void process.send?.(word);
  const hear = async (message: unknown) => {
    if (!isWord(message)) return;
    if (message.confab === 'asked') say({ confab: 'answer', id: message.id, value: await own() });
    if (message.confab === 'answers') waiting.get(message.id)?.(message.values);
  };
  if (cluster.isWorker) process.on('message', hear);

  return {
    /** What each of them says, this one included; what one that is going or stuck would have said is left out. */
    async all(): Promise<object[][]> {
      if (!cluster.isWorker) return [await own()];
      last += 1;
      const id = last;
      const answered = Promise.withResolvers<object[][]>();
      const tooLong = setTimeout(async () => answered.resolve([await own()]), ANSWER_MS);
      waiting.set(id, answered.resolve);
      say({ confab: 'ask', id });
      return answered.promise.finally(() => {
        clearTimeout(tooLong);
        waiting.delete(id);
      });
    },

    /** Hears nobody any more. */
    close: (): void => void process.off('message', hear),
  };
}
