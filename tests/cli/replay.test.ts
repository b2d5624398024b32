import { EventEmitter } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../src/cli/exit-codes.js';
import type { ReplayOptions } from '../../src/cli/command-options.js';
import { replay } from '../../src/cli/replay.js';
import { readMapFolder } from '../../src/export/map-folder.js';
import { readManifest } from '../../src/field/saved/manifest.js';
import type { ReplaySummary } from '../../src/cli/replay-summary.js';
import { parseKitti } from '../../src/export/kitti.js';
import { parseTum } from '../../src/export/tum.js';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'feltmap-replay-'));
});
afterAll(() => rm(dir, { recursive: true }));

/** A KITTI odometry folder with one scan per number: the x of its first point, which tells the double what to do. */
async function recording(name: string, firstX: readonly number[]): Promise<string> {
  const path = join(dir, name);
  await mkdir(join(path, 'velodyne'), { recursive: true });
  for (const [i, x] of firstX.entries()) {
    const points = Float32Array.of(x, 1, 0, 0.5, 4, -1, 0, 0.5);
    await writeFile(join(path, 'velodyne', `${String(i).padStart(6, '0')}.bin`), Buffer.from(points.buffer));
  }
  await writeFile(join(path, 'times.txt'), firstX.map((_, i) => (i / 10).toExponential(6)).join('\n'));
  return path;
}

/** Runs a replay with the tiny SLAM double. */
async function run(
  input: string,
  options: Partial<ReplayOptions> = {},
  onProgress?: (signals: EventEmitter) => void,
) {
  const out = join(dir, `out-${Math.random().toString(36).slice(2)}`);
  const stdout: string[] = [];
  const stderr: string[] = [];
  const signals = new EventEmitter();
  const status = await replay(
    input,
    { out, set: [], maxLost: 5, ...options },
    {
      factoryUrl: new URL('./fixtures/tiny-slam.mjs', import.meta.url).href,
      stdout: { write: (text) => stdout.push(text) },
      stderr: {
        isTTY: onProgress !== undefined,
        write: (text) => {
          if (text.includes('scans/s')) onProgress?.(signals);
          return stderr.push(text);
        },
      },
      signals,
    },
  );
  return { status, out: options.out ?? out, stdout: stdout.join(''), stderr: stderr.join(''), signals };
}

async function failure(promise: Promise<unknown>): Promise<{ message: string; status: number }> {
  const error: unknown = await promise.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(Error);
  return { message: (error as Error).message, status: exitCodeOf(error) };
}

describe('replay', () => {
  it('writes every output, which other programs can read, and prints a summary', async () => {
    const input = await recording('plain', [5, 5, 5, 5, 5]);
    const { status, out, stdout } = await run(input);
    expect(status).toBe(0);
    const names = await readdir(out);
    for (const name of [
      'trajectory.tum',
      'trajectory.kitti.txt',
      'mesh.ply',
      'mesh.glb',
      'cloud.pcd',
      'map',
      'report.json',
      'report.html',
    ])
      expect(names).toContain(name);
    expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([]);

    const tum = parseTum(await readFile(join(out, 'trajectory.tum'), 'utf8'));
    const kitti = parseKitti(await readFile(join(out, 'trajectory.kitti.txt'), 'utf8'));
    expect(tum.poses).toHaveLength(5);
    for (let i = 0; i < 5; i++) {
      expect(tum.poses[i]![3]).toBeCloseTo(0.1 * i, 6);
      expect(kitti[i]![3]).toBeCloseTo(0.1 * i, 6);
      expect(tum.stampsNs[i]! - tum.stampsNs[0]!).toBe(BigInt(i) * 100_000_000n);
    }
    expect(readManifest(await readMapFolder(join(out, 'map'))).scans).toBe(5);
    expect(stdout).toMatch(/Scans +5 in/);
    expect(stdout).toMatch(/Distance +0\.4 m/);
    expect(stdout).toMatch(/15\.0 ms a scan/);
  });

  it('prints one JSON object and nothing else with --json', async () => {
    const { status, stdout, stderr } = await run(await recording('json', [5, 5, 5]), { json: true });
    const summary = JSON.parse(stdout) as ReplaySummary;
    expect([status, summary.status, summary.scans, stderr]).toEqual([0, 0, 3, '']);
    expect(summary.meanMs.total).toBe(15);
    expect(summary.cpuSeconds).toBeGreaterThan(0);
    for (const path of Object.values(summary.files))
      await expect(readFile(path).catch(String)).resolves.toBeTruthy();
  });

  it('is silent with --quiet', async () => {
    const { status, stdout, stderr } = await run(await recording('quiet', [5, 5]), { quiet: true });
    expect([status, stdout, stderr]).toEqual([0, '', '']);
  });

  it('uses the part of the recording that --start and --duration choose', async () => {
    const input = await recording('part', [5, 5, 5, 5, 5, 5, 5, 5, 5, 5]);
    const { out } = await run(input, { start: 0.2, duration: 0.3 });
    const { stampsNs } = parseTum(await readFile(join(out, 'trajectory.tum'), 'utf8'));
    expect(stampsNs.map(Number)).toEqual([2e8, 3e8, 4e8]);
  });

  it('compares with the truth, given as TUM or as stampless KITTI poses', async () => {
    const input = await recording('truth', [5, 5, 5, 5, 5]);
    const line = (x: number) => `1 0 0 ${x} 0 1 0 0.1 0 0 1 0`;
    const kitti = join(dir, 'truth.txt');
    await writeFile(kitti, [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6].map(line).join('\n')); // more poses than scans used
    const tum = join(dir, 'truth.tum');
    await writeFile(tum, [0, 1, 2, 3, 4].map((i) => `${i / 10} ${0.1 * i} 7 0 0 0 0 1`).join('\n'));
    for (const gt of [kitti, tum]) {
      const { status, stdout } = await run(input, { gt, json: true });
      const { accuracy } = JSON.parse(stdout) as ReplaySummary;
      expect(status).toBe(0);
      expect(accuracy!.matched).toBe(5);
      expect(accuracy!.ateRmse).toBeLessThan(1e-6);
    }
    expect((await failure(run(input, { gt: kitti, start: 0.1 }))).status).toBe(2);
  });

  it('keeps the results when the truth does not overlap the run', async () => {
    const gt = join(dir, 'elsewhere.tum');
    await writeFile(gt, '5000 0 0 0 0 0 0 1\n5001 1 0 0 0 0 0 1\n');
    const { status, stdout, out } = await run(await recording('apart', [5, 5, 5]), { gt, json: true });
    const summary = JSON.parse(stdout) as ReplaySummary;
    expect(status).toBe(0);
    expect(summary.accuracy).toBeUndefined();
    expect(summary.warnings.join()).toMatch(/No comparison with the truth/);
    expect(await readdir(out)).toContain('mesh.ply');
  });

  it('prints warnings about the engine, and the report has it', async () => {
    const { out, stderr } = await run(await recording('engine-lost', [5, 555, 5]));
    expect(stderr).toMatch(/Warning: The engine was lost at scan 1\./);
    const report = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as { warnings: string[] };
    expect(report.warnings).toContain('The engine was lost at scan 1.');
  });

  it('continues a saved map', async () => {
    const input = await recording('again', [5, 5, 5]);
    const first = await run(input);
    const second = await run(input, { map: join(first.out, 'map') });
    const scansIn = async (out: string) => readManifest(await readMapFolder(join(out, 'map'))).scans;
    expect([await scansIn(first.out), await scansIn(second.out)]).toEqual([3, 6]);
  });
});

describe('replay when something goes wrong', () => {
  it('says with status 4 that tracking was lost too often or at the end, and writes everything', async () => {
    const often = await run(await recording('lost', [5, -1, -1, 5, 5]));
    expect(often.status).toBe(4);
    expect(often.stderr).toMatch(/Tracking was lost on 40\.0 % .*too few points fit/);
    expect(await readdir(often.out)).toContain('mesh.ply');
    expect((await run(await recording('lost2', [5, -1, -1, 5, 5]), { maxLost: 40 })).status).toBe(0);
    expect((await run(await recording('lost1', [5, -1, 5, 5, 5]))).status).toBe(0);
    expect((await run(await recording('lost0', [5, -1, 5, 5, 5]), { maxLost: 0 })).status).toBe(4);
    expect((await run(await recording('lost3', [5, 5, 5, 5, -1]), { maxLost: 100 })).status).toBe(4);
  });

  it('counts poses that slid like lost ones, but not those that are a little unsure', async () => {
    const slid = await run(await recording('slid', [5, -2, -2, 5, 5]), { json: true });
    expect(slid.status).toBe(4);
    expect(slid.stderr).toMatch(/slid on 40\.0 % of the scans .*do not fix.*covariance/);
    expect((JSON.parse(slid.stdout) as ReplaySummary).slid).toBe(2);
    expect((await run(await recording('slid2', [5, -2, -1, 5, 5]), { maxLost: 30 })).status).toBe(4);
    expect((await run(await recording('slid3', [5, -2, -2, 5, 5]), { maxLost: 40 })).status).toBe(0);
    expect((await run(await recording('slid4', [5, -2, 5, 5, 5]))).status).toBe(0);
    expect((await run(await recording('unsure', [5, -3, -3, -3, -3]))).status).toBe(0);
  });

  it('writes what was mapped before a scan that fails, and says so with status 1', async () => {
    const { status, out, stderr } = await run(await recording('cursed', [5, 5, 666, 5]), { quiet: true });
    expect(status).toBe(1);
    expect(stderr).toMatch(/the scan is cursed.*The 2 scans before it are written/);
    expect(parseTum(await readFile(join(out, 'trajectory.tum'), 'utf8')).poses).toHaveLength(2);
  });

  it('stops at Ctrl-C, writes what it has and gives status 130', async () => {
    const input = await recording(
      'long',
      Array.from({ length: 300 }, () => 5),
    );
    let sent = false;
    const { status, out, signals } = await run(input, {}, (s) => {
      if (!sent) s.emit('SIGINT');
      sent = true;
    });
    expect(status).toBe(130);
    const { poses } = parseTum(await readFile(join(out, 'trajectory.tum'), 'utf8'));
    expect(poses.length).toBeGreaterThan(0);
    expect(poses.length).toBeLessThan(300);
    expect(await readdir(out)).toContain('mesh.glb');
    expect(signals.listenerCount('SIGINT')).toBe(0);
  });

  it('leaves with status 130 while it is still opening its input, and before the first scan is mapped', async () => {
    const input = await recording('early', [5, 5]);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      const codes: number[] = [];
      const signals = new EventEmitter();
      const stderr: string[] = [];
      const running = replay(
        input,
        { out: join(dir, `early-${signal}`), set: [], maxLost: 5 },
        {
          factoryUrl: new URL('./fixtures/tiny-slam.mjs', import.meta.url).href,
          stdout: { write: () => undefined },
          stderr: { write: (text) => stderr.push(text) },
          signals,
          exit: (code) => codes.push(code),
        },
      );
      signals.emit(signal); // the configuration is being read
      expect(codes).toEqual([130]);
      expect(stderr.join('')).toMatch(/nothing was mapped/);
      expect(await running).toBe(0); // only the program ends; the double of it goes on
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) expect(signals.listenerCount(name)).toBe(0);
    }
  });

  it('finds unreadable input before any work: status 3', async () => {
    expect(await failure(run(join(dir, 'nowhere')))).toMatchObject({ status: 3 });
    await writeFile(join(dir, 'garbage.mcap'), Buffer.alloc(5000, 0x5a));
    expect(await failure(run(join(dir, 'garbage.mcap')))).toMatchObject({ status: 3 });
    const input = await recording('ok', [5]);
    expect((await failure(run(input, { gt: join(dir, 'no-truth.tum') }))).status).toBe(3);
    expect((await failure(run(input, { map: join(dir, 'no-map') }))).status).toBe(3);
    expect(await failure(run(input, { start: 100 }))).toMatchObject({
      status: 3,
      message: expect.stringContaining('--start') as unknown,
    });
  });

  it('refuses wrong settings: status 2', async () => {
    const { message, status } = await failure(
      run(await recording('cfg', [5]), { set: ['sensor.maxRnge=3'] }),
    );
    expect(status).toBe(2);
    expect(message).toContain('sensor.maxRange');
  });

  it('removes what a killed run left half-written, and nothing else', async () => {
    const out = join(dir, 'leftovers');
    await mkdir(out);
    for (const name of ['.mesh.ply.0123abcd.tmp', '.notes.0123abcd.tmp', '.mesh.ply.tmp'])
      await writeFile(join(out, name), '');
    await run(await recording('after a kill', [5]), { out });
    const hidden = (await readdir(out)).filter((name) => name.startsWith('.'));
    expect(hidden.sort()).toEqual(['.mesh.ply.tmp', '.notes.0123abcd.tmp']);
  });

  it('finds an output folder it cannot write to before any work: status 5', async () => {
    const input = await recording('ok2', [5]);
    await writeFile(join(dir, 'a-file'), '');
    expect(await failure(run(input, { out: join(dir, 'a-file') }))).toMatchObject({ status: 5 });
    expect((await failure(run(input, { out: join(dir, 'a-file', 'below') }))).status).toBe(5);
  });

  it.skipIf(process.getuid?.() === 0)(
    'respects permissions: status 5 (skipped for root, who may write anywhere)',
    async () => {
      await mkdir(join(dir, 'locked'));
      await chmod(join(dir, 'locked'), 0o500);
      expect(
        (await failure(run(await recording('ok3', [5]), { out: join(dir, 'locked', 'x') }))).status,
      ).toBe(5);
    },
  );
});
