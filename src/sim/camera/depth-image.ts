import type { Random } from '../../geometry/random.js';
import type { Pose } from '../../geometry/se3.js';
import type { Body } from '../body.js';
import { hash3, noise3 } from '../looks/noise.js';
import type { Scene } from '../looks/scene.js';
import { castImage, emptyHits, rowPoses, type Hits } from './cast.js';
import { depthSigma, type RgbdModel } from './model.js';
import { TileCaster } from './tile-caster.js';

/** An edge: a neighbour is nearer by more than this share of the distance. */
const EDGE = 0.04;
const FARTHEST = 60;

/**
 * Takes depth images: exact rays, then what structured light and stereo do to them, in the order in which it happens
 * to a real one: no light (shadow, grazing, dark, shiny), edges that grow, error and steps of the disparity, range.
 *
 * @example
 * const taker = new DepthRenderer(scene, model);
 * const millimetres = taker.render(body, mount, 1.5, random); // 0: unknown
 */
export class DepthRenderer {
  /** Exact hits of the last image. */
  readonly hits: Hits;
  private readonly lost: Uint8Array;
  private readonly z: Float64Array;
  private readonly normal = new Float64Array(3);
  private readonly caster: TileCaster;

  constructor(
    private readonly scene: Scene,
    private readonly model: RgbdModel,
  ) {
    this.caster = new TileCaster(scene.world, model.depth);
    this.hits = emptyHits(model.depth);
    this.lost = new Uint8Array(this.hits.z.length);
    this.z = new Float64Array(this.hits.z.length);
  }

  /**
   * @param time at which the middle row is taken, seconds.
   * @param random draws of this image only.
   * @returns millimetres along the optical axis, row by row; 0 where unknown.
   */
  render(body: Body, mount: Pose, time: number, random: Random): Uint16Array {
    const { model, hits, lost, z } = this;
    const { depthNoise: how, depth: camera } = model;
    const poses = rowPoses(body, mount, camera.height, time, model.readout);
    castImage(this.caster, camera, poses, FARTHEST, hits);
    lost.fill(0);
    z.set(hits.z);
    if (how.shadow) this.shade();
    if (how.holes) this.pierce(poses, random.fork('holes'));
    for (let k = 0; k < how.fattening; k++) this.fatten(k, random.int(1 << 20));
    return this.measure(random);
  }

  /**
   * What the projector, `projector` metres to the right, does not light: it sees a pixel at u − f·b/z, and of several
   * at one place only the one in front, which comes first from the right.
   */
  private shade(): void {
    const { model, hits, lost } = this;
    const { width, height, fx } = model.depth;
    const fb = fx * model.projector;
    for (let v = 0; v < height; v++) {
      let least = Infinity;
      for (let u = width - 1; u >= 0; u--) {
        const i = v * width + u;
        const at = u - fb / hits.z[i]!;
        if (at < least) least = at;
        // Within half a pixel it is the same surface, sloping.
        else if (at > least + 0.5) lost[i] = 1;
      }
    }
  }

  /** Holes by the angle, the darkness and the gloss of surfaces, ragged by noise that sticks to the surface. */
  private pierce(poses: Float64Array, random: Random): void {
    const { model, scene, hits, lost, normal } = this;
    const { width, height, fx, fy, cx, cy } = model.depth;
    for (let v = 0; v < height; v++) {
      const o = 12 * v;
      const b = (v - cy) / fy;
      for (let u = 0; u < width; u++) {
        const i = v * width + u;
        const z = hits.z[i]!;
        if (lost[i] || z === Infinity) continue;
        const a = (u - cx) / fx;
        const dx = poses[o]! * a + poses[o + 1]! * b + poses[o + 2]!;
        const dy = poses[o + 4]! * a + poses[o + 5]! * b + poses[o + 6]!;
        const dz = poses[o + 8]! * a + poses[o + 9]! * b + poses[o + 10]!;
        const x = poses[o + 3]! + z * dx;
        const y = poses[o + 7]! + z * dy;
        const w = poses[o + 11]! + z * dz;
        const id = hits.id[i]!;
        scene.normalOf(id, x, y, w, normal);
        const cos = -(normal[0]! * dx + normal[1]! * dy + normal[2]! * dz) / Math.sqrt(a * a + b * b + 1);
        const ragged = random.next();
        let gone = ragged < 0.0005 || cos < 0.1 + 0.12 * ragged;
        if (!gone) {
          // Light that comes back; far and dark surfaces fall below what the camera can match.
          const reflectivity = id >= 0 ? scene.world.statics.reflectivity[id]! : 0.5;
          const back = (reflectivity * cos) / (z * z);
          gone = back < 0.0018 * (0.6 + 0.8 * ragged);
          const shiny = scene.material(id)?.shiny ?? 0;
          if (!gone && shiny > 0) {
            // Dazzled where it is looked at head-on; elsewhere lost in blotches.
            const patch = noise3(x * 14, y * 14, w * 14);
            gone = cos > 1.004 - 0.02 * shiny || patch * (0.85 + 0.3 * ragged) < 0.42 * shiny;
          }
        }
        if (gone) lost[i] = 1;
      }
    }
  }

  /** Lets what is in front grow by a pixel over its edges; the second one only along stretches of them. */
  private fatten(step: number, seed: number): void {
    const { width, height } = this.model.depth;
    const { z, lost } = this;
    const before = z.slice();
    const gone = lost.slice();
    for (let v = 0; v < height; v++) {
      for (let u = 0; u < width; u++) {
        const i = v * width + u;
        const own = before[i]!;
        let nearest = own * (1 - EDGE);
        let from = -1;
        if (u > 0 && before[i - 1]! < nearest && !gone[i - 1]) nearest = before[(from = i - 1)]!;
        if (u + 1 < width && before[i + 1]! < nearest && !gone[i + 1]) nearest = before[(from = i + 1)]!;
        if (v > 0 && before[i - width]! < nearest && !gone[i - width]) nearest = before[(from = i - width)]!;
        if (v + 1 < height && before[i + width]! < nearest && !gone[i + width])
          nearest = before[(from = i + width)]!;
        if (from < 0) continue;
        if (step > 0 && hash3(u >> 2, v >> 2, seed) < 0.5) continue;
        z[i] = nearest;
        lost[i] = 0;
      }
    }
  }

  /** Error, steps and rounding to millimetres. */
  private measure(random: Random): Uint16Array {
    const { model, z, lost } = this;
    const { width, height, fx } = model.depth;
    const { noise, disparityStep: step, bias } = model.depthNoise;
    // Steps are those of a sensor of 640 columns, whatever is read out of it.
    const fb = (fx * model.projector * 640) / width;
    const phase = 31;
    const out = new Uint16Array(width * height);
    for (let v = 0; v < height; v++) {
      for (let u = 0; u < width; u++) {
        const i = v * width + u;
        const exact = z[i]!;
        if (lost[i] || exact === Infinity) continue;
        let d = exact;
        if (bias > 0) d *= 1 + bias * (2 * noise3((u * 4) / width, (v * 3) / height, phase) - 1);
        if (noise) {
          // The steps are part of σ(z): a step of q brings q²/12.
          const q = (step * exact * exact) / fb;
          const sigma = depthSigma(exact);
          d += Math.sqrt(Math.max(sigma * sigma - (q * q) / 12, 0)) * random.normal();
        }
        if (step > 0) d = fb / (step * Math.max(1, Math.round(fb / (d * step))));
        if (d < model.minRange || d > model.maxRange) continue;
        out[i] = Math.round(1000 * d);
      }
    }
    return out;
  }
}
