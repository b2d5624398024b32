import { describe, expect, it, vi } from 'vitest';
import { backoffMs } from '../../../src/viewer/client/net/backoff.js';
import { serverUrl } from '../../../src/viewer/client/net/connection.js';
import { bytes, clock, compact, length, scaleBar } from '../../../src/viewer/client/ui/format.js';
import { SHORTCUTS } from '../../../src/viewer/client/ui/help.js';
import { bannerText } from '../../../src/viewer/client/ui/link-banner.js';
import { actionFor, type Actions } from '../../../src/viewer/client/ui/shortcuts.js';

describe('numbers for people', () => {
  it('have three digits and a unit', () => {
    expect([0, 7, 950, 12_345, 4_567_890, NaN].map(compact)).toEqual([
      '0',
      '7',
      '950',
      '12.3 k',
      '4.57 M',
      '–',
    ]);
    expect([512, 70_123_456].map(bytes)).toEqual(['512 B', '70.1 MB']);
    expect([0.0042, 0.25, 3.14159, 71.64, 1234].map(length)).toEqual([
      '4.20 mm',
      '25.0 cm',
      '3.14 m',
      '71.6 m',
      '1.23 km',
    ]);
    expect([0, 61.9, 3723, NaN].map(clock)).toEqual(['0:00', '1:01', '1:02:03', '–:––']);
  });

  it('scale bars are 1, 2 or 5 times a power of ten and as long as fits', () => {
    for (let metresPerPixel = 1e-5; metresPerPixel < 1e3; metresPerPixel *= 1.37) {
      const bar = scaleBar(metresPerPixel, 130);
      expect(bar.pixels).toBeLessThanOrEqual(130 + 1e-9);
      expect(bar.pixels).toBeGreaterThan(130 / 2.5 - 1e-9);
      expect(bar.pixels * metresPerPixel).toBeCloseTo(bar.metres, 9);
      const digit = bar.metres / 10 ** Math.floor(Math.log10(bar.metres) + 1e-9);
      expect([1, 2, 5].some((d) => Math.abs(d - digit) < 1e-6)).toBe(true);
    }
    expect(scaleBar(0, 130).metres).toBe(0);
  });
});

describe('connection', () => {
  it('waits longer with each attempt, never more than ten seconds', () => {
    const waits = Array.from({ length: 12 }, (_, i) => backoffMs(i, 0.5));
    expect(waits[0]).toBe(333);
    for (let i = 1; i < waits.length; i++) expect(waits[i]).toBeGreaterThanOrEqual(waits[i - 1]!);
    expect(backoffMs(1000, 1)).toBeLessThanOrEqual(10_000);
    expect(backoffMs(3, 0)).toBeLessThan(backoffMs(3, 1));
  });

  it('addresses keep host, folder and token, and nothing else', () => {
    const page = new URL('http://robot:8642/?token=abc%2B1&x=2#shading=age');
    expect(serverUrl(page, '/ws', 'ws')).toBe('ws://robot:8642/ws?token=abc%2B1');
    expect(serverUrl(new URL('https://host/feltmap/'), '/ws', 'ws')).toBe('wss://host/feltmap/ws');
    expect(serverUrl(new URL('https://host/feltmap/'), '/status.json', 'http')).toBe(
      'https://host/feltmap/status.json',
    );
  });

  it('says what is going on in a sentence', () => {
    const base = { again: true, reason: '' };
    expect(bannerText({ ...base, state: 'open' }, 0)).toBe('');
    expect(bannerText({ ...base, state: 'waiting', retryAt: 2500 }, 0)).toMatch(
      /^Connection lost; next attempt in 3 s\./,
    );
    expect(bannerText({ again: false, reason: '', state: 'waiting', retryAt: 100 }, 0)).toMatch(
      /does not answer/,
    );
    expect(bannerText({ ...base, state: 'refused' }, 0)).toMatch(/token/i);
    expect(bannerText({ ...base, state: 'outdated' }, 0)).toMatch(/reload/);
  });
});

describe('keys', () => {
  it('every key of the help does something, and no other letter does', () => {
    const called: string[] = [];
    const actions = new Proxy({} as Actions, {
      get: (_, name: string) => vi.fn(() => called.push(name)),
    });
    const listed = SHORTCUTS.flatMap(([keys]) =>
      keys === 'Space' ? [' '] : keys === 'Esc' ? ['Escape'] : keys.split(' '),
    );
    for (const key of listed) {
      const before = called.length;
      actionFor(key, actions)?.();
      expect(called.length, `key ${key}`).toBe(before + 1);
    }
    const known = new Set([...listed.map((key) => key.toLowerCase()), 'h']);
    for (let code = 33; code < 127; code++) {
      const key = String.fromCharCode(code);
      if (!known.has(key.toLowerCase())) expect(actionFor(key, actions), `key ${key}`).toBeUndefined();
    }
  });
});
