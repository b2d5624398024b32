import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import {
  decodeServerMessage,
  encodeClientFrame,
  type HelloFrame,
  type MeshBlockFrame,
  type ServerFrame,
} from '../../../src/viewer/protocol/index.js';
import {
  ViewerServer,
  type ViewerBlock,
  type ViewerServerOptions,
  type ViewerStatus,
} from '../../../src/viewer/server/index.js';

export const HELLO: Omit<HelloFrame, 'type' | 'session'> = {
  version: '0.0.0',
  mode: 'replay',
  title: 'test',
  voxel: 0.1,
  can: { pause: true, speed: true, mesh: true, trajectory: true },
  streams: [],
};

export const STATUS: ViewerStatus = {
  state: 'tracking',
  reason: '',
  phase: 'running',
  scans: 1,
  scanRate: 10,
  latency: { total: 5 },
  distance: 0,
  blocks: 1,
  voxels: 512,
  triangles: 1,
  keyframes: 0,
  mapMemory: 1000,
  droppedScans: 0,
};

const servers: ViewerServer[] = [];
const clients: Client[] = [];

/** A server on a free port; closed by `closeAll`. */
export async function serve(
  options: Partial<ViewerServerOptions> = {},
): Promise<{ server: ViewerServer; url: string }> {
  const server = new ViewerServer({ port: 0, hello: HELLO, ...options });
  servers.push(server);
  await server.start();
  return { server, url: `http://127.0.0.1:${server.port}` };
}

export async function closeAll(): Promise<void> {
  for (const client of clients.splice(0)) client.socket.terminate();
  await Promise.all(servers.splice(0).map((server) => server.close()));
}

/** What a page would know. */
export class Client {
  readonly blocks = new Map<string, MeshBlockFrame>();
  readonly frames: ServerFrame[] = [];
  bytes = 0;
  poses = 0;
  closed: { code: number; reason: string } | undefined;

  constructor(readonly socket: WebSocket) {
    socket.binaryType = 'nodebuffer';
    socket.on('message', (data: Buffer) => {
      this.bytes += data.length;
      for (const frame of decodeServerMessage(data)) this.#take(frame);
    });
    socket.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }));
    socket.on('error', () => undefined);
  }

  #take(frame: ServerFrame): void {
    if (frame.type === 'meshBlock') {
      const id = `${frame.submap}/${frame.key}`;
      if ((this.blocks.get(id)?.version ?? 0) < frame.version) this.blocks.set(id, frame);
      return;
    }
    if (frame.type === 'blockRemoved') this.blocks.delete(`${frame.submap}/${frame.key}`);
    if (frame.type === 'snapshotBegin' || frame.type === 'reset') {
      this.blocks.clear();
      this.poses = 0;
    }
    if (frame.type === 'trajectory') this.poses = Math.max(this.poses, frame.start + frame.stamps.length);
    this.frames.push(frame);
  }

  of<T extends ServerFrame['type']>(type: T): Extract<ServerFrame, { type: T }>[] {
    return this.frames.filter((frame) => frame.type === type) as Extract<ServerFrame, { type: T }>[];
  }

  /** Of everything that makes the picture, in a fixed order. */
  get geometryHash(): string {
    const hash = createHash('sha256');
    for (const [id, { box, positions, normals, indices }] of [...this.blocks].sort(([a], [b]) =>
      a < b ? -1 : 1,
    ))
      for (const part of [Buffer.from(id + JSON.stringify(box)), positions, normals, indices])
        hash.update(part);
    return hash.digest('hex');
  }
}

/** Connects and says hello. */
export async function join(url: string, query = '', headers: Record<string, string> = {}): Promise<Client> {
  const client = new Client(new WebSocket(`${url.replace('http', 'ws')}/ws${query}`, { headers }));
  clients.push(client);
  await once(client.socket, 'open');
  client.socket.send(encodeClientFrame({ type: 'clientHello', scans: true, images: true }));
  return client;
}

/** Status with which an upgrade is refused; 101 when it is not. */
export function upgradeStatus(
  url: string,
  headers: Record<string, string> = {},
  query = '',
): Promise<number> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws${query}`, { headers });
  return new Promise((resolve, reject) => {
    socket.on('unexpected-response', (_, response) => {
      resolve(response.statusCode ?? 0);
      socket.on('error', () => undefined);
      socket.terminate();
    });
    socket.on('open', () => {
      resolve(101);
      socket.terminate();
    });
    socket.on('error', reject);
  });
}

/** A plain TCP connection that collects what comes. */
export function openSocket(
  url: string,
  send = '',
): { socket: Socket; text: () => string; ended: Promise<void> } {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.on('data', (data) => (text += data.toString('latin1')));
  socket.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  if (send) socket.write(send);
  return { socket, text: () => text, ended };
}

export async function until(condition: () => boolean, what: string, ms = 20_000): Promise<void> {
  const end = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A fan of `triangles` triangles whose height tells the version. */
export function block(key: number, version: number, triangles = 100): ViewerBlock {
  const vertices = triangles + 2;
  const positions = new Float32Array(3 * vertices);
  const normals = new Float32Array(3 * vertices);
  for (let i = 0; i < vertices; i++) {
    positions.set([key + Math.cos(i) / 2, Math.sin(i) / 2, version / 100], 3 * i);
    normals[3 * i + 2] = 1;
  }
  const indices = Uint16Array.from({ length: 3 * triangles }, (_, i) =>
    i % 3 === 0 ? 0 : Math.floor(i / 3) + (i % 3),
  );
  return { submap: 0, key, version, positions, normals, indices };
}
