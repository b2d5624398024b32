import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { FeltmapError } from '../../../src/geometry/errors.js';
import {
  decodeClientMessage,
  decodeServerMessage,
  encodeClientFrame,
  encodeServerFrame,
  PROTOCOL_VERSION,
  ProtocolError,
} from '../../../src/viewer/protocol/index.js';
import { CLIENT_FRAMES, randomBlock, SERVER_FRAMES } from '../frames.js';

const ROUNDS = 10_000;

/** Random bytes, or a good message cut off, with flipped bytes, or with a wrong length. */
function spoiled(random: Random, good: readonly Uint8Array[]): Uint8Array {
  if (random.int(4) === 0) return Uint8Array.from({ length: random.int(200) }, () => random.int(256));
  const message = Uint8Array.from(good[random.int(good.length)]!);
  const kind = random.int(3);
  if (kind === 0) return message.subarray(0, random.int(message.length));
  const view = new DataView(message.buffer);
  if (kind === 1)
    view.setUint32(random.int(2) === 0 ? 4 : 4 * random.int(message.length / 4), random.int(2 ** 32), true);
  else for (let i = 0; i <= random.int(8); i++) message[random.int(message.length)] = random.int(256);
  return message;
}

/** Decodes; anything but a result or a ProtocolError fails the test. @returns whether it was refused */
function refused(decode: () => unknown): boolean {
  try {
    decode();
    return false;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    expect(error).toBeInstanceOf(FeltmapError);
    return true;
  }
}

describe('spoiled frames', () => {
  const random = new Random('fuzz');
  const small = (): ReturnType<typeof randomBlock> => {
    for (;;) {
      const block = randomBlock(random);
      if (block.positions.length < 3000) return block;
    }
  };
  const server = [...SERVER_FRAMES, small(), small(), small()].map((frame) => encodeServerFrame(frame));
  const client = CLIENT_FRAMES.map((frame) => encodeClientFrame(frame));

  it(`${ROUNDS} from a server are decoded or refused, never more`, () => {
    let count = 0;
    for (let i = 0; i < ROUNDS; i++) if (refused(() => decodeServerMessage(spoiled(random, server)))) count++;
    expect(count).toBeGreaterThan(ROUNDS / 2);
    expect(count).toBeLessThan(ROUNDS); // some flips only change a number
  });

  it(`${ROUNDS} from a client are decoded or refused, never more`, () => {
    let count = 0;
    for (let i = 0; i < ROUNDS; i++) if (refused(() => decodeClientMessage(spoiled(random, client)))) count++;
    expect(count).toBeGreaterThan(ROUNDS / 2);
    expect(count).toBeLessThan(ROUNDS);
  });

  it('every cut of every frame is refused', () => {
    for (const message of [...server.slice(0, -3), ...client])
      for (let length = 0; length < message.length; length++) {
        const cut = message.subarray(0, length);
        expect(
          refused(() => (client.includes(message) ? decodeClientMessage(cut) : decodeServerMessage(cut))),
        ).toBe(true);
      }
  });

  it('a header that claims a gigabyte is refused without allocating it', () => {
    const message = Uint8Array.from(encodeClientFrame({ type: 'resync' }));
    new DataView(message.buffer).setUint32(4, 2 ** 30, true);
    expect(() => decodeClientMessage(message)).toThrow(/claims 1073741824 bytes/);
    const mesh = Uint8Array.from(encodeServerFrame(small()));
    new DataView(mesh.buffer).setUint32(8 + 48, 2 ** 30, true); // vertices
    expect(() => decodeServerMessage(mesh)).toThrow(/ends \d+ bytes early/);
  });

  it('another version is told apart, so that the page can say: reload', () => {
    const message = Uint8Array.from(client[0]!);
    message[2] = PROTOCOL_VERSION + 1;
    expect(() => decodeClientMessage(message)).toThrow(
      expect.objectContaining({ version: PROTOCOL_VERSION + 1 }) as Error,
    );
  });

  it('an index beyond the vertices, a pose that is not finite and an unknown command are refused', () => {
    const block = small();
    const wrong = { ...block, indices: Uint32Array.of(0, 1, block.positions.length / 3) };
    expect(() => decodeServerMessage(encodeServerFrame(wrong))).toThrow(/index beyond/);
    const pose = new Float64Array(12).fill(NaN);
    expect(() =>
      decodeServerMessage(encodeServerFrame({ type: 'submapPose', submap: 0, version: 1, pose })),
    ).toThrow(/not finite/);
    const control = Uint8Array.from(encodeClientFrame({ type: 'control', command: 'pause', value: 0 }));
    control[8] = 9;
    expect(() => decodeClientMessage(control)).toThrow(/unknown command/);
    for (const value of [-1, 1e6, NaN])
      expect(() =>
        decodeClientMessage(encodeClientFrame({ type: 'control', command: 'speed', value })),
      ).toThrow(ProtocolError);
  });
});

describe('frames about completed objects', () => {
  const object = SERVER_FRAMES.find((frame) => frame.type === 'object')!;
  it('are refused with a vertex that is not there', () => {
    const bytes = encodeServerFrame({ ...object, indices: Uint32Array.of(0, 1, 3) });
    expect(() => decodeServerMessage(bytes)).toThrow(/index beyond its vertices/);
  });

  it('are refused with an action or a point that means nothing', () => {
    const bytes = encodeClientFrame({ type: 'complete', action: 'clear', point: [0, 0, 1] });
    expect(() => decodeClientMessage(bytes)).toThrow(/point where none is meant/);
    const unknown = encodeClientFrame({ type: 'complete', action: 'around', point: [0, 0, 1] });
    unknown[8] = 9;
    expect(() => decodeClientMessage(unknown)).toThrow(/unknown action/);
    const nowhere = encodeClientFrame({ type: 'complete', action: 'around', point: [0, NaN, 1] });
    expect(() => decodeClientMessage(nowhere)).toThrow(ProtocolError);
  });
});
