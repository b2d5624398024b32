// Clients of a viewer in a process of their own: node bench/lib/viewer-clients.mjs QUICK SLOW BYTES_PER_SECOND
// Says that it is ready, then waits for the URL on standard input: its start is not the replay's business.
// They do what a network does, not what a page does: keep the newest frame of each block, and decode it at the end.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { WebSocket } from 'ws';
import { decodeServerMessage, encodeClientFrame, FRAME } from '../../dist/viewer/protocol/index.js';

// They stand for other machines, so the replay goes first on this one.
setPriority(19);

const [quick, slow, rate] = process.argv.slice(2);
process.stdout.write('ready\n');
const url = (await once(process.stdin.setEncoding('utf8'), 'data'))[0].trim();
const clients = [];
for (let i = 0; i < Number(quick) + Number(slow); i++)
  clients.push(connect(i < Number(quick) ? Infinity : Number(rate)));
const every = await Promise.all(clients.map((client) => client.done));
const late = await connect(Infinity, false).done; // a newcomer, with geometry alone
console.log(JSON.stringify({ clients: every, late, cpu: process.cpuUsage() }));
process.exit();

/** A client that reads so many bytes a second; done when the run is over and nothing is missing. */
function connect(bytesPerSecond, scans = true) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}ws`);
  socket.binaryType = 'nodebuffer';
  const blocks = new Map();
  const figures = { bytes: 0, meshBytes: 0, meshFrames: 0, sentTriangles: 0, messages: 0, mostPending: 0 };
  let finish;
  const done = new Promise((resolve, reject) => {
    finish = resolve;
    socket.on('error', reject);
    socket.on('close', (code, reason) => reject(new Error(`closed: ${code} ${reason}`)));
  });
  socket.on('open', () => socket.send(encodeClientFrame({ type: 'clientHello', scans, images: false })));
  socket.on('message', (message) => {
    figures.bytes += message.length;
    figures.messages++;
    for (let at = 0; at < message.length;) {
      const length = message.readUInt32LE(at + 4);
      take(message[at + 3], message.subarray(at, at + length));
      at += length;
    }
    if (Number.isFinite(bytesPerSecond)) {
      socket.pause();
      setTimeout(() => socket.resume(), (1000 * message.length) / bytesPerSecond);
    }
  });
  return { done };

  function take(type, frame) {
    if (type === FRAME.meshBlock || type === FRAME.blockRemoved) {
      const id = `${frame.readUInt32LE(16)}/${frame.readDoubleLE(8)}`;
      if (type === FRAME.blockRemoved) blocks.delete(id);
      else {
        blocks.set(id, frame);
        figures.sentTriangles += frame.readUInt32LE(60);
      }
      figures.meshBytes += frame.length;
      figures.meshFrames++;
    } else if (type === FRAME.status) {
      const [status] = decodeServerMessage(frame);
      figures.mostPending = Math.max(figures.mostPending, status.pendingBlocks);
      if (status.phase !== 'finished' || status.pendingBlocks > 0) return;
      const hash = createHash('sha256');
      let triangles = 0;
      for (const [id, bytes] of [...blocks].sort(([a], [b]) => (a < b ? -1 : 1))) {
        const [block] = decodeServerMessage(bytes);
        hash.update(id).update(JSON.stringify(block.box));
        hash.update(block.positions).update(block.normals).update(block.indices);
        triangles += block.indices.length / 3;
      }
      socket.removeAllListeners('close');
      socket.close();
      finish({ ...figures, blocks: blocks.size, triangles, hash: hash.digest('hex') });
    }
  }
}
