import { afterEach, describe, expect, it } from 'vitest';
import { block, closeAll, join, serve, until } from './helpers.js';

afterEach(closeAll);

describe('clients that read slowly', () => {
  it('get the newest version of each block, hold up nobody, and end with the same geometry', async () => {
    const { server, url } = await serve();
    const [quick, slow] = [await join(url), await join(url)];
    await until(() => quick.frames.length > 0 && slow.frames.length > 0, 'both');
    slow.socket.pause();
    // 300 blocks of 5 kB in 60 versions each: 90 MB in all, of which 1.5 MB are ever current.
    let version = 0;
    for (let round = 0; round < 60; round++) {
      server.blocks(
        Array.from({ length: 300 }, (_, i) => block(i, ++version, 400)),
        round,
      );
      const before = quick.bytes;
      await until(() => quick.bytes > before, 'the quick client');
    }
    const newest = () => [...quick.blocks.values()].filter((b) => b.version > version - 300).length === 300;
    await until(newest, 'the quick client');
    const inFlight = server.load();
    expect(inFlight.clients).toHaveLength(2);
    // What a client costs: the window and one message, whatever was changed meanwhile.
    for (const { inFlight: bytes, pendingBlocks } of inFlight.clients) {
      expect(bytes).toBeLessThanOrEqual((1 << 20) + (1 << 17));
      expect(pendingBlocks).toBeLessThanOrEqual(300);
    }
    expect(Math.max(...inFlight.clients.map((c) => c.pendingBlocks))).toBeGreaterThan(0);
    slow.socket.resume();
    await until(
      () => slow.blocks.size === 300 && slow.geometryHash === quick.geometryHash,
      'the same geometry',
    );
    expect(slow.bytes).toBeLessThan(5e6);
    expect(quick.bytes).toBeGreaterThan(slow.bytes);
  });

  it('are dropped when they read nothing for too long; the others stay', async () => {
    const { server, url } = await serve({ limits: { stall: 600, status: 50 } });
    server.blocks(
      Array.from({ length: 100 }, (_, i) => block(i, 1)),
      0,
    );
    const [good, dead] = [await join(url), await join(url)];
    await until(() => good.blocks.size === 100 && server.clients === 2, 'both');
    dead.socket.pause();
    const start = Date.now();
    server.blocks([block(1, 2)], 1);
    await until(() => server.clients === 1, 'the drop');
    expect(Date.now() - start).toBeGreaterThan(500);
    server.blocks([block(1, 3)], 2);
    await until(() => good.blocks.get('0/1')?.version === 3, 'the good one');
    // A quiet client that answers pings stays.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect([server.clients, good.closed]).toEqual([1, undefined]);
  });
});
