import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second, whatever the kernel was built with. */
const TICK_MS = 10;

/** CPU time of a process, all its threads, in milliseconds. */
export function cpuMs(pid: number): number {
  const fields = statOf(pid);
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Resident memory of a process in kB. */
export function residentKb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

/** A process and those it has started; those that end between two readings fall out, with what they used. */
export function familyOf(parent: number): number[] {
  const isChild = (pid: number) => {
    try {
      return Number(statOf(pid)[1]) === parent;
    } catch {
      return false;
    }
  };
  return [parent, ...readdirSync('/proc').map(Number).filter(Number.isInteger).filter(isChild)];
}

export const parentOf = (pid: number): number => Number(statOf(pid)[1]);

/** CPU time of everything on this machine, in milliseconds. */
export function machineCpuMs(): number {
  const [user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'utf8').split(/\s+/).slice(1).map(Number);
  return [user, nice, system, irq, softirq].reduce<number>((sum, ticks) => sum + (ticks ?? 0), 0) * TICK_MS;
}

/** The fields behind the process's name, which may hold spaces itself: state, parent, … */
function statOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
