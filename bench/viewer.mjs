// What watching costs: the shipped bag replayed without a viewer and with eight clients, two of which read slowly, in
// turn: npm run bench:viewer
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchOptions, ROOT, workFolder } from './lib/options.mjs';
import { publish } from './lib/section.mjs';
import { fixed, markdownTable, mean, quantile } from './lib/tables.mjs';

const QUICK = 6;
const SLOW = 2;
const SLOW_RATE = 500_000; // bytes a second
const options = benchOptions({ rounds: 5 });
// The clients stand for other machines: they get a core of their own, so that the replay pays for the viewer alone.
const apart = process.platform === 'linux' && availableParallelism() > 1;
const children = new Set();
process.once('exit', () => children.forEach((child) => child.kill('SIGKILL')));
const folder = workFolder(options.keep);
const path = (name) => fileURLToPath(new URL(name, ROOT));

const alone = [];
const watched = [];
for (let round = 0; round < options.rounds; round++) {
  // Either goes first as often, so that a machine that warms up or slows down favours neither.
  for (const view of round % 2 === 0 ? [false, true] : [true, false]) {
    const result = await replay(view);
    (view ? watched : alone).push(result);
    console.log(
      `round ${round + 1}, ${view ? 'eight clients' : 'no viewer'}: ${fixed(result.rate, 2)} scans/s, ${fixed(result.cpu, 2)} s of processor, peak ${fixed(result.peak / 2 ** 20, 0)} MiB`,
    );
  }
}
const ratios = watched.map((result, i) => result.rate / alone[i].rate);
const drop = 100 * (1 - quantile(ratios, 0.5));
const work = watched.map((result, i) => 100 * (result.cpu / alone[i].cpu - 1));
const all = watched.flatMap(({ clients }) => clients.clients);
const late = watched.map(({ clients }) => clients.late);
const same = watched.every(({ clients }) => clients.clients.every(({ hash }) => hash === clients.late.hash));
const quick = watched.flatMap(({ clients }) => clients.clients.slice(0, QUICK));
const slow = watched.flatMap(({ clients }) => clients.clients.slice(QUICK));
const wire = (list, per) => mean(list.map((client) => client.meshBytes / client[per]));
const most = (name) => Math.max(...watched.map(({ server }) => server[name]));
const MiB = (bytes) => fixed(bytes / 2 ** 20, 1);

const body = [
  `\`bags/kitti_0005.mcap\` replayed as fast as possible, ${options.rounds} pairs in turn: without a viewer, and with ${QUICK + SLOW} clients on the same machine, of which ${SLOW} read ${SLOW_RATE / 1000} kB/s. The clients keep frames but draw nothing; as they stand for other machines, ${apart ? 'they have a core of their own and the replay, on one thread, has another: all that the viewer takes, it takes from the SLAM thread' : 'they run at the lowest priority'}.`,
  markdownTable(
    ['', 'without viewer', `${QUICK + SLOW} clients`],
    [
      [
        'scans per second, mean',
        fixed(mean(alone.map((r) => r.rate)), 2),
        fixed(mean(watched.map((r) => r.rate)), 2),
      ],
      [
        'peak memory of the process (MiB)',
        fixed(mean(alone.map((r) => r.peak / 2 ** 20)), 0),
        fixed(mean(watched.map((r) => r.peak / 2 ** 20)), 0),
      ],
      [
        'processor time from the first scan to the last (s)',
        fixed(mean(alone.map((r) => r.cpu)), 1),
        fixed(mean(watched.map((r) => r.cpu)), 1),
      ],
    ],
  ),
  `Throughput falls by ${fixed(drop, 1)} % (median of the pairs; each: ${ratios.map((r) => fixed(100 * (1 - r), 1)).join(', ')} %); processor time of the replay, in which a busy machine shows less, rises by ${fixed(quantile(work, 0.5), 1)} % (${work.map((x) => fixed(x, 1)).join(', ')} %). The clients themselves took ${fixed(mean(watched.map(({ clients }) => (clients.cpu.user + clients.cpu.system) / 1e6)), 1)} s of processor time.`,
  markdownTable(
    ['what the server holds, at most', ''],
    [
      ['encoded blocks, once for all clients (MiB)', MiB(most('sceneBytes'))],
      ['sent to a client and not confirmed (MiB)', MiB(most('inFlight'))],
      ['waiting in the process for one socket (MiB)', MiB(most('buffered'))],
      ['blocks that wait for a slow client (references)', fixed(most('pendingBlocks'), 0)],
    ],
  ),
  markdownTable(
    [
      'mesh on the wire',
      'MiB',
      'block frames',
      'bytes per triangle sent',
      'bytes per triangle of the final mesh',
    ],
    [
      [
        'snapshot for a newcomer',
        MiB(mean(late.map((c) => c.meshBytes))),
        fixed(mean(late.map((c) => c.meshFrames)), 0),
        fixed(wire(late, 'sentTriangles'), 1),
        fixed(wire(late, 'triangles'), 1),
      ],
      [
        'whole run, quick client (every change)',
        MiB(mean(quick.map((c) => c.meshBytes))),
        fixed(mean(quick.map((c) => c.meshFrames)), 0),
        fixed(wire(quick, 'sentTriangles'), 1),
        fixed(wire(quick, 'triangles'), 1),
      ],
      [
        'whole run, slow client',
        MiB(mean(slow.map((c) => c.meshBytes))),
        fixed(mean(slow.map((c) => c.meshFrames)), 0),
        fixed(wire(slow, 'sentTriangles'), 1),
        fixed(wire(slow, 'triangles'), 1),
      ],
    ],
  ),
  `Geometry at the end (SHA-256 over ${fixed(late[0].blocks, 0)} blocks, ${fixed(late[0].triangles, 0)} triangles): ${same ? `the same for all ${QUICK + SLOW} clients and a newcomer, in every run` : 'DIFFERS between clients'}.`,
].join('\n\n');
if (!same) process.exitCode = 1;
if (all.some((client) => client.triangles === 0)) throw new Error('a client got no triangles');
publish('viewer', 'npm run bench:viewer', body, options.write);

/** One replay as a process; with clients in another. */
async function replay(view) {
  const args = ['replay', path('bags/kitti_0005.mcap'), '--out', join(folder, 'replay'), '--json'];
  if (Number.isFinite(options.scans)) args.push('--duration', String(options.scans / 10));
  if (view) args.push('--view', '0');
  if (apart) args.push('--set', 'threads=1');
  const waiting = view ? await watchers() : undefined;
  const child = start(0, path('dist/cli/main.js'), args, 'ignore', 'pipe');
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  const ended = new Promise((resolve) => child.on('close', resolve));
  const proc = { peak: 0 };
  const watch = setInterval(() => (proc.peak = peakMemory(child.pid) ?? proc.peak), 200);
  let clients;
  const server = { sceneBytes: 0, inFlight: 0, buffered: 0, pendingBlocks: 0 };
  if (view) {
    await until(
      () => /Viewer: \S+/.test(stderr),
      ended,
      () => stderr,
    );
    const url = /Viewer: (\S+)/.exec(stderr)[1];
    const poll = setInterval(() => void serverFigures(url, server), 500);
    clients = await waiting(url);
    clearInterval(poll);
    child.kill('SIGINT');
  }
  await ended;
  clearInterval(watch);
  if (!stdout) throw new Error(stderr);
  const { scans, wallSeconds, cpuSeconds } = JSON.parse(stdout);
  return { rate: scans / wallSeconds, cpu: cpuSeconds, peak: proc.peak, clients, server };
}

/** Starts the clients. @returns sends them to a URL; resolves with their report */
async function watchers() {
  const args = [QUICK, SLOW, SLOW_RATE].map(String);
  const child = start(1, path('bench/lib/viewer-clients.mjs'), args, 'pipe', 'inherit');
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece) => (text += piece));
  const ended = new Promise((resolve) => child.on('close', resolve));
  await until(
    () => text.startsWith('ready\n'),
    ended,
    () => 'the clients did not start',
  );
  return async (url) => {
    child.stdin.end(url);
    await ended;
    return JSON.parse(text.slice('ready\n'.length));
  };
}

/** A Node process on a core where that can be had. */
function start(core, script, args, stdin, stderr) {
  const command = [process.execPath, script, ...args];
  if (apart) command.unshift('taskset', '-c', String(core));
  const child = spawn(command[0], command.slice(1), { stdio: [stdin, 'pipe', stderr] });
  children.add(child);
  child.once('close', () => children.delete(child));
  return child;
}

async function serverFigures(url, most) {
  // The server may end while it is asked.
  const { server } = await fetch(`${url}status.json`)
    .then((response) => response.json())
    .catch(() => ({}));
  if (!server) return;
  most.sceneBytes = Math.max(most.sceneBytes, server.sceneBytes);
  for (const client of server.clients)
    for (const name of ['inFlight', 'buffered', 'pendingBlocks'])
      most[name] = Math.max(most[name], client[name]);
}

/** Peak memory (bytes) of a process, from Linux; undefined when it is gone. */
function peakMemory(pid) {
  try {
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
  } catch {
    return undefined;
  }
}

async function until(condition, ended, why) {
  let over = false;
  void ended.then(() => (over = true));
  while (!condition()) {
    if (over) throw new Error(why());
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
