import { readFileSync } from 'node:fs';

/** Memory of a process, MiB: the most it has held (VmHWM), or what it holds (VmRSS); 0 where the system does not say, or it has ended. */
export function memoryMib(pid, what = 'VmHWM') {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Math.round(Number(new RegExp(`${what}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024);
  } catch {
    return 0;
  }
}
