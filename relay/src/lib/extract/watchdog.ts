import { workerData } from 'node:worker_threads';

/** The thread that ends its process when that holds too much memory, of whatever kind, or when the relay is gone. */
const { memoryMb } = workerData as { memoryMb: number };
const relay = process.ppid;

setInterval(() => {
  if (process.memoryUsage.rss() > memoryMb * 2 ** 20 || process.ppid !== relay) process.kill(process.pid, 'SIGKILL');
}, 20);
