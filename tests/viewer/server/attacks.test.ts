import { once } from 'node:events';
import { WebSocket } from 'ws';
import { afterEach, describe, expect, it } from 'vitest';
import { Random } from '../../../src/geometry/random.js';
import { CLOSE, encodeClientFrame } from '../../../src/viewer/protocol/index.js';
import { WrongTokens } from '../../../src/viewer/server/wrong-tokens.js';
import { ViewerServer } from '../../../src/viewer/server/index.js';
import { openSocket, block, closeAll, HELLO, join, serve, until, upgradeStatus } from './helpers.js';

afterEach(closeAll);

const TOKEN = 'correct-horse-battery';

/** The client still gets what changes. */
async function unharmed(server: ViewerServer, client: Awaited<ReturnType<typeof join>>): Promise<void> {
  const version = (client.blocks.get('0/1')?.version ?? 0) + 1;
  server.blocks([block(1, version)], 0);
  await until(() => client.blocks.get('0/1')?.version === version, 'the good client');
  expect(client.closed).toBeUndefined();
}

describe('who may speak', () => {
  it('another site: refused by its Origin, on the socket and for downloads', async () => {
    const { url } = await serve();
    expect(await upgradeStatus(url, { Origin: 'http://evil.example' })).toBe(403);
    expect(await upgradeStatus(url, { Origin: 'null' })).toBe(403);
    expect(await upgradeStatus(url, { Origin: `${url}.evil.example` })).toBe(403);
    expect(await upgradeStatus(url, { Origin: url })).toBe(101);
    expect(await upgradeStatus(url)).toBe(101); // programs send none
    const get = (headers: Record<string, string>) => fetch(`${url}/download/trajectory.tum`, { headers });
    expect((await get({ Origin: 'http://evil.example' })).status).toBe(403);
    expect((await get({ 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' })).status).toBe(403);
    const good = await get({});
    expect(good.status).toBe(200);
    expect(good.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('another name for this machine (DNS rebinding): refused by its Host', async () => {
    const { url } = await serve();
    const port = new URL(url).port;
    const origin = `http://evil.example:${port}`;
    expect(await upgradeStatus(url, { Host: `evil.example:${port}`, Origin: origin })).toBe(421);
    const { text, ended } = openSocket(
      url,
      'GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
    );
    await ended;
    expect(text()).toMatch(/^HTTP\/1\.1 421/);
    expect(await upgradeStatus(url, { Host: `localhost:${port}`, Origin: `http://localhost:${port}` })).toBe(
      101,
    );
  });

  it('a missing or wrong token: refused for page, socket, status and downloads', async () => {
    const { server, url } = await serve({ token: TOKEN });
    expect(server.token).toBe(TOKEN);
    for (const path of ['/', '/index.html', '/status.json', '/download/mesh.glb', '/download/trajectory.tum'])
      expect([path, (await fetch(url + path)).status]).toEqual([path, 401]);
    expect(await upgradeStatus(url)).toBe(401);
    expect(await upgradeStatus(url, {}, '?token=correct-horse-batterx')).toBe(401);
    expect(await upgradeStatus(url, {}, `?token=${TOKEN}`)).toBe(101);
    expect(await upgradeStatus(url, { Authorization: `Bearer ${TOKEN}` })).toBe(101);
    const page = await fetch(`${url}/status.json?token=${TOKEN}`);
    const cookie = page.headers.get('set-cookie')!;
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict$/);
    expect(await upgradeStatus(url, { Cookie: `other=1; ${cookie.split(';')[0]}` })).toBe(101);
  });

  it('guessing tokens: cut off after ten', async () => {
    const { url } = await serve({ token: TOKEN });
    const codes: number[] = [];
    for (let i = 0; i < 15; i++)
      codes.push((await fetch(`${url}/status.json?token=guess-${i}-guess`)).status);
    expect(codes.filter((code) => code === 401).length).toBe(10);
    expect(codes.at(-1)).toBe(429);
    // Else the eleventh guess would be let in when it is right, and there would be no limit.
    for (let i = 0; i < 5; i++) {
      expect((await fetch(`${url}/status.json?token=${TOKEN}`)).status).toBe(429);
      expect(await upgradeStatus(url, { Authorization: `Bearer ${TOKEN}` })).toBe(429);
    }
  });

  it('a page that was left open, with an old token or none, shuts nobody out', async () => {
    const { url } = await serve({ token: TOKEN });
    for (let i = 0; i < 25; i++) {
      expect((await fetch(`${url}/status.json?token=of-the-last-run`)).status).toBe(401);
      expect(await upgradeStatus(url)).toBe(401);
    }
    expect((await fetch(`${url}/status.json?token=${TOKEN}`)).status).toBe(200);
  });

  it('wrong tokens are forgiven at one in ten seconds, each address for itself', () => {
    let ms = 0;
    const wrong = new WrongTokens(0.1, 10, () => ms);
    for (let i = 0; i < 10; i++) {
      expect(wrong.shutOut('a')).toBe(false);
      wrong.add('a', `guess ${i}`);
    }
    expect([wrong.shutOut('a'), wrong.shutOut('b')]).toEqual([true, false]);
    ms = 9_900;
    expect(wrong.shutOut('a')).toBe(true);
    ms = 10_100;
    expect(wrong.shutOut('a')).toBe(false);
    wrong.add('a', 'one more');
    expect(wrong.shutOut('a')).toBe(true);
    expect([wrong.isKnown('a', 'one more'), wrong.isKnown('b', 'one more')]).toEqual([true, false]);
  });

  it('300 connections that say nothing keep nobody out, nor those that are there', async () => {
    const { server, url } = await serve({
      token: TOKEN,
      limits: { connections: 40, head: 60_000, request: 60_000 },
    });
    server.blocks([block(1, 1)], 0);
    const early = await join(url, `?token=${TOKEN}`);
    const slow = Array.from({ length: 300 }, () => openSocket(url, 'GET / HTTP/1.1\r\nHost:'));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const began = performance.now();
    expect((await fetch(`${url}/status.json?token=${TOKEN}`)).status).toBe(200);
    const late = await join(url, `?token=${TOKEN}`);
    expect(performance.now() - began).toBeLessThan(4000);
    await until(() => late.blocks.size === 1, 'what is mapped');
    await unharmed(server, early);
    // Those that had waited longest had to go.
    await until(() => slow.filter(({ socket }) => socket.destroyed).length > 250, 'room');
    for (const { socket } of slow) socket.destroy();
  });

  it('beyond loopback a random token is made, a weak one refused', async () => {
    const make = (token?: string) =>
      new ViewerServer({ port: 0, host: '0.0.0.0', hello: HELLO, ...(token ? { token } : {}) });
    expect(make().token).toMatch(/^[\w-]{22}$/);
    expect(make().token).not.toBe(make().token);
    expect(() => make('abc')).toThrow(/8 to 128/);
    const server = make();
    const urls = await server.start();
    try {
      for (const url of urls) expect(url).toContain(`?token=${server.token}`);
      expect(await upgradeStatus(`http://127.0.0.1:${server.port}`)).toBe(401);
    } finally {
      await server.close();
    }
  });
});

describe('what is asked', () => {
  it('paths that lead out of the folder find nothing', async () => {
    const { url } = await serve();
    const paths = [
      '/../package.json',
      '/../../../../etc/passwd',
      '/assets/../../package.json',
      '/%2e%2e/%2e%2e/package.json',
      '/..%2f..%2fpackage.json',
      '/..\\..\\package.json',
      '//etc/passwd',
      '/./../viewer-server.js',
      '/\0/etc/passwd',
      '/assets',
      'http://127.0.0.1/etc/passwd',
      `/${'a'.repeat(5000)}`,
    ];
    for (const path of paths) {
      const { text, ended } = openSocket(
        url,
        `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
      );
      await ended;
      expect([path, text().slice(0, 12)]).toEqual([path, expect.stringMatching(/^HTTP\/1\.1 40[04]$/)]);
      expect(text()).not.toMatch(/root:|"name": ?"feltmap"/);
    }
  });

  it('every answer forbids other sources, frames and guessing of types; only GET is served', async () => {
    const { url } = await serve();
    for (const path of ['/', '/nothing', '/status.json']) {
      const { headers } = await fetch(url + path);
      const policy = headers.get('content-security-policy')!;
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).not.toMatch(/unsafe|https?:|\*/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'])
      expect((await fetch(url, { method })).status).toBe(405);
  });

  it('too many requests from one address: 429', async () => {
    const { url } = await serve({ limits: { requestRate: 1, requestBurst: 20 } });
    const codes = await Promise.all(
      Array.from({ length: 40 }, async () => (await fetch(`${url}/status.json`)).status),
    );
    expect(codes.filter((code) => code === 200).length).toBeGreaterThanOrEqual(20);
    expect(codes.filter((code) => code === 429).length).toBeGreaterThan(10);
  });
});

describe('what is sent', () => {
  it('a frame whose WebSocket header claims 1 GB: closed with 1009 at once, nobody else hurt', async () => {
    const { server, url } = await serve();
    const good = await join(url);
    const { socket, ended, text } = openSocket(
      url,
      'GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n',
    );
    await until(() => text().includes('101 Switching'), 'the upgrade');
    const before = process.memoryUsage.rss();
    const header = Buffer.alloc(14);
    header.set([0x82, 0x80 | 127]); // binary, masked, 64-bit length
    header.writeBigUInt64BE(2n ** 30n, 2);
    socket.write(header);
    await ended;
    expect(text().slice(-40)).toContain(
      String.fromCharCode(0x88, 0x02, CLOSE.tooLarge >> 8, CLOSE.tooLarge & 255),
    );
    expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 2 ** 20);
    await unharmed(server, good);
  });

  it('a message above 64 KiB: closed with 1009', async () => {
    const { server, url } = await serve();
    const [good, bad] = [await join(url), await join(url)];
    bad.socket.send(Buffer.alloc(64 * 1024 + 1));
    await until(() => bad.closed !== undefined, 'the close');
    expect(bad.closed!.code).toBe(CLOSE.tooLarge);
    await unharmed(server, good);
  });

  it('malformed frames of many kinds: that client is closed with a code, nobody else hurt', async () => {
    const { server, url } = await serve({ limits: { requestBurst: 1000 } });
    const good = await join(url);
    const random = new Random('bad messages');
    const resync = encodeClientFrame({ type: 'resync' });
    for (let i = 0; i < 60; i++) {
      const bad = await join(url);
      const message = Uint8Array.from({ length: 1 + random.int(100) }, () => random.int(256));
      const huge = Uint8Array.from(resync);
      new DataView(huge.buffer).setUint32(4, 2 ** 30, true);
      const other = Uint8Array.from(resync);
      other[2] = 99;
      bad.socket.send([message, 'text', huge, other, resync.subarray(0, 5)][i % 5]!);
      await until(() => bad.closed !== undefined, 'the close');
      expect(bad.closed!.code).toBe(i % 5 === 3 ? CLOSE.version : CLOSE.malformed);
      expect(bad.closed!.reason).toMatch(/^Not understood: /);
    }
    await until(() => server.clients === 1, 'the bad ones to go');
    await unharmed(server, good);
  });

  it('commands before hello, too many messages, too many clients: closed with a code', async () => {
    const { server, url } = await serve({ limits: { clients: 3 } });
    const good = await join(url);
    const early = new WebSocket(`${url.replace('http', 'ws')}/ws`);
    await once(early, 'open');
    early.send(encodeClientFrame({ type: 'resync' }));
    expect((await once(early, 'close'))[0]).toBe(CLOSE.malformed);

    const busy = await join(url);
    for (let i = 0; i < 200; i++)
      busy.socket.send(encodeClientFrame({ type: 'control', command: 'pause', value: 0 }));
    await until(() => busy.closed !== undefined, 'the close');
    expect(busy.closed!.code).toBe(CLOSE.rate);

    await until(() => server.clients === 1, 'room');
    await join(url);
    await join(url);
    const fourth = await join(url);
    await until(() => fourth.closed !== undefined, 'the close');
    expect(fourth.closed).toEqual({ code: CLOSE.full, reason: 'The viewer has 3 clients already.' });
    await unharmed(server, good);
  });

  it('slow loris: half a request, none, or a socket without hello are closed in time, others served meanwhile', async () => {
    const { server, url } = await serve({ limits: { head: 600, request: 1000, hello: 600 } });
    const good = await join(url);
    const start = Date.now();
    const slow = Array.from({ length: 20 }, (_, i) =>
      openSocket(url, i % 2 === 0 ? '' : 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n'),
    );
    const drip = setInterval(
      () => slow.forEach(({ socket }, i) => i % 2 && socket.write(`X-A: ${i}\r\n`)),
      100,
    );
    const silent = new WebSocket(`${url.replace('http', 'ws')}/ws`);
    const silentClosed = once(silent, 'close');
    expect((await fetch(`${url}/status.json`)).status).toBe(200);
    await Promise.all(slow.map(({ ended }) => ended));
    clearInterval(drip);
    expect(Date.now() - start).toBeLessThan(5000);
    expect((await silentClosed)[0]).toBe(CLOSE.silent);
    await unharmed(server, good);
  });
});

describe('listening', () => {
  it('a port in use, and an address of another machine, give one clear sentence', async () => {
    const { server } = await serve();
    const second = new ViewerServer({ port: server.port, hello: HELLO });
    await expect(second.start()).rejects.toThrow(`Port ${server.port} is in use by another program`);
    const elsewhere = new ViewerServer({ port: 0, host: '192.0.2.1', hello: HELLO });
    await expect(elsewhere.start()).rejects.toThrow(/cannot listen on 192\.0\.2\.1/);
  });

  it('says goodbye when it ends', async () => {
    const server = new ViewerServer({ port: 0, hello: HELLO });
    await server.start();
    const client = await join(`http://127.0.0.1:${server.port}`);
    await until(() => client.frames.length > 0, 'hello');
    await server.close();
    await until(() => client.closed !== undefined, 'the close');
    expect(client.closed!.code).toBe(CLOSE.goingAway);
  });
});
