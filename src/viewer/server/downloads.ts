import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { formatTum } from '../../export/tum.js';
import { compiledUrl } from '../../compute/compiled-url.js';
import type { Pose } from '../../geometry/se3.js';
import type { GlbJob } from './blocks-to-mesh.js';
import type { Scene } from './scene.js';

const POSES_A_CHUNK = 500;
const PIECE = 1 << 20;

/** The trajectory as TUM file, made piece by piece as the client reads. */
export async function sendTrajectory(scene: Scene, response: ServerResponse): Promise<void> {
  response.writeHead(200, {
    'content-type': 'text/plain; charset=utf-8',
    'content-disposition': 'attachment; filename="trajectory.tum"',
  });
  await pipeline(Readable.from(trajectoryText(scene)), response);
}

function* trajectoryText(scene: Scene): Generator<string> {
  const count = scene.trajectory.length;
  if (count === 0) yield formatTum({ stampsNs: [], poses: [] });
  for (let start = 0; start < count; start += POSES_A_CHUNK) {
    const stampsNs: bigint[] = [];
    const poses: Pose[] = [];
    for (let i = start; i < Math.min(count, start + POSES_A_CHUNK); i++) {
      const { stampNs, pose } = scene.trajectory.at(i)!;
      stampsNs.push(stampNs);
      poses.push(pose);
    }
    const text = formatTum({ stampsNs, poses });
    yield start === 0 ? text : text.slice(text.indexOf('\n') + 1); // the heading once
  }
}

const GLB_HEAD = {
  'content-type': 'model/gltf-binary',
  'content-disposition': 'attachment; filename="mesh.glb"',
};

/** A finished file as it is. */
export async function sendMeshFile(path: string, response: ServerResponse): Promise<void> {
  const file = await open(path);
  const { size } = await file.stat();
  response.writeHead(200, { ...GLB_HEAD, 'content-length': size });
  await pipeline(createReadStream(path, { fd: file }), response);
}

/** The mesh as it is now. */
export async function sendMesh(scene: Scene, response: ServerResponse): Promise<void> {
  const frames = Buffer.concat([...scene.blocks.values()].map((entry) => entry.frame));
  const submaps = new Map([...scene.submaps].map(([id, { pose }]) => [id, pose]));
  const glb = await buildGlb({ frames, submaps });
  response.writeHead(200, { ...GLB_HEAD, 'content-length': glb.byteLength });
  // Piece by piece, so that whoever awaits this knows when the memory is free again.
  await pipeline(Readable.from(pieces(glb), { objectMode: false }), response);
}

function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
}

function buildGlb(job: GlbJob): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(compiledUrl(import.meta.url, './glb-worker.js'), { workerData: job });
    worker.once('message', (glb: Uint8Array) => {
      resolve(glb);
      void worker.terminate();
    });
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the thread that writes the mesh ended')));
  });
}
