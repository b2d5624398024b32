import { describe, expect, it } from 'vitest';
import { clippedShare, markContact, restOf } from '../../../src/sensors/tactile/contact.js';

const [WIDTH, HEIGHT] = [100, 80];
const cap = (depth: number): Float32Array =>
  Float32Array.from({ length: WIDTH * HEIGHT }, (_, i) => {
    const r = Math.hypot((i % WIDTH) - 50, Math.floor(i / WIDTH) - 40);
    return r < 20 ? depth * (1 - (r / 20) ** 2) : 0;
  });
const seen = (depth: Float32Array): Uint8Array => Uint8Array.from(depth, (h) => (h > 1e-6 ? 40 : 2));

describe('contact', () => {
  it('is what is pressed in, not the gel that is drawn down around it', () => {
    const depth = cap(1e-3);
    const contact = new Uint8Array(depth.length);
    const { pixels, peak } = markContact(depth, seen(depth), contact);
    expect(peak).toBeCloseTo(1e-3, 4);
    expect(pixels).toBe(contact.reduce((sum, c) => sum + c, 0));
    depth.forEach((h, i) => {
      if (h > 0.6e-3) expect(contact[i]).toBe(1);
      if (h < 0.15e-3) expect(contact[i]).toBe(0);
    });
  });

  it('is nothing where heights waver by less than noise, or without a change of colour', () => {
    const contact = new Uint8Array(WIDTH * HEIGHT);
    const faint = cap(4e-5);
    expect(markContact(faint, seen(faint), contact).pixels).toBe(0);
    expect(markContact(cap(2e-4), new Uint8Array(WIDTH * HEIGHT), contact).pixels).toBe(0);
    // No deeper than heights of this gel are wrong anyway.
    expect(markContact(cap(2e-4), seen(cap(2e-4)), contact, 1e-4).pixels).toBeGreaterThan(0);
    expect(markContact(cap(2e-4), seen(cap(2e-4)), contact, 3e-4).pixels).toBe(0);
    expect(contact.every((c) => c === 0)).toBe(true);
  });

  it('knows nothing of depths that are NaN', () => {
    const depth = cap(1e-3);
    depth.fill(NaN, 0, 4000);
    const contact = new Uint8Array(depth.length);
    expect(markContact(depth, undefined, contact).pixels).toBeGreaterThan(100);
    expect(contact.subarray(0, 4000).every((c) => c === 0)).toBe(true);
  });

  it('finds the height of rest among the pixels that look like the reference, whatever is pressed in', () => {
    const depth = cap(1e-3).map((h, i) => h + 3e-3 + (i % 5) * 1e-6);
    expect(restOf(depth, seen(cap(1e-3))).height).toBeCloseTo(3.002e-3, 6);
    expect(restOf(depth, new Uint8Array(depth.length).fill(99)).height).toBeLessThan(3.01e-3);
  });

  it('rests on what lies lowest where a flat thing looks like the reference as well', () => {
    // A box over three quarters of the gel: its top has the colours of rest, only the edge has not.
    const box = Float32Array.from({ length: WIDTH * HEIGHT }, (_, i) => (i % WIDTH < 75 ? 1e-3 : 0));
    const edge = Uint8Array.from(box, (_, i) => (Math.abs((i % WIDTH) - 75) < 3 ? 90 : 1));
    const rest = restOf(box, edge, 1e-4);
    expect(rest.known).toBe(true);
    expect(rest.height).toBeCloseTo(0, 6);
  });

  it('is not known where only the top of a wide ball looks like the reference', () => {
    const ball = Float32Array.from({ length: WIDTH * HEIGHT }, (_, i) => {
      const r = Math.hypot((i % WIDTH) - 50, Math.floor(i / WIDTH) - 40);
      return 2e-3 - 4e-7 * r * r;
    });
    const top = Uint8Array.from(ball, (h) => (h > 1.9e-3 ? 2 : 30));
    expect(restOf(ball, top, 1e-4).known).toBe(false);
    // The same with a tolerance of more than its depth: as if nothing were there.
    expect(restOf(ball, top, 3e-3).known).toBe(true);
  });

  it('counts clipped pixels among the touched ones only', () => {
    const contact = Uint8Array.from({ length: 100 }, (_, i) => (i < 20 ? 1 : 0));
    const rgb = new Uint8Array(300).fill(100);
    rgb[3 * 5 + 1] = 255;
    rgb[3 * 70] = 255;
    expect(clippedShare(rgb, contact)).toBeCloseTo(1 / 20);
    expect(clippedShare(rgb, new Uint8Array(100))).toBe(0);
  });
});
