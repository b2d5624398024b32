import { createServer } from 'node:net';
import { WebSocket } from 'ws';
import { decodeServerMessage, encodeClientFrame } from '../../src/viewer/protocol/index.js';

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

export interface ViewerFigures {
  readonly scans: number;
  readonly phase: string;
  readonly state: string;
  readonly triangles: number;
  readonly clients: number;
}

export async function viewerStatus(port: number, token = ''): Promise<ViewerFigures> {
  const query = token === '' ? '' : `?token=${token}`;
  const response = await fetch(`http://127.0.0.1:${port}/status.json${query}`);
  if (!response.ok) throw new Error(`status.json: ${response.status} ${await response.text()}`);
  return (await response.json()) as ViewerFigures;
}

/** What a page would have: the blocks that it was sent and still shows. */
export class ViewerClient {
  readonly #socket: WebSocket;
  /** Triangles by block. */
  readonly blocks = new Map<string, number>();
  poses = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (message: Buffer) => {
      for (const frame of decodeServerMessage(message)) {
        if (frame.type === 'meshBlock')
          this.blocks.set(`${frame.submap}/${frame.key}`, frame.indices.length / 3);
        else if (frame.type === 'blockRemoved') this.blocks.delete(`${frame.submap}/${frame.key}`);
        else if (frame.type === 'reset') this.blocks.clear();
        else if (frame.type === 'trajectory') this.poses++;
      }
    });
  }

  static async open(port: number, token = ''): Promise<ViewerClient> {
    const query = token === '' ? '' : `?token=${token}`;
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws${query}`);
    socket.binaryType = 'nodebuffer';
    const client = new ViewerClient(socket);
    await new Promise<void>((resolve, reject) => socket.once('open', resolve).once('error', reject));
    socket.send(encodeClientFrame({ type: 'clientHello', scans: true, images: false }));
    return client;
  }

  get triangles(): number {
    return [...this.blocks.values()].reduce((sum, count) => sum + count, 0);
  }

  close(): void {
    this.#socket.terminate();
  }
}
