import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { AdapterReport } from './adapter.js';
import type { WorkgroupSizes } from './calibrate.js';

/** Changes when kernels change so much that old calibrations mislead. */
const VERSION = 1;

/** Where calibrations are kept: $XDG_CACHE_HOME/feltmap, or ~/.cache/feltmap. */
export function defaultCacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'feltmap');
}

function pathOf(
  folder: string,
  { vendor, architecture, device, description, limits }: AdapterReport,
): string {
  const text = JSON.stringify([VERSION, vendor, architecture, device, description, limits]);
  return join(folder, `webgpu-${createHash('sha256').update(text).digest('hex').slice(0, 16)}.json`);
}

/** The workgroup sizes kept for an adapter; undefined where there are none or the file makes no sense. */
export function readWorkgroups(folder: string, report: AdapterReport): WorkgroupSizes | undefined {
  try {
    const read = JSON.parse(readFileSync(pathOf(folder, report), 'utf8')) as Record<string, unknown>;
    const most = report.limits.maxComputeInvocationsPerWorkgroup;
    const sane = (size: unknown): boolean =>
      Number.isInteger(size) && (size as number) >= 1 && (size as number) <= most;
    return Object.keys(read).length > 0 && Object.values(read).every(sane) ? read : undefined;
  } catch {
    return undefined; // not calibrated yet
  }
}

/** Keeps them; a folder that cannot be written only costs the calibration next time. */
export function keepWorkgroups(folder: string, report: AdapterReport, sizes: WorkgroupSizes): void {
  try {
    mkdirSync(folder, { recursive: true });
    const path = pathOf(folder, report);
    writeFileSync(`${path}.${process.pid}`, `${JSON.stringify(sizes)}\n`);
    renameSync(`${path}.${process.pid}`, path);
  } catch {
    // calibrated again next time
  }
}
