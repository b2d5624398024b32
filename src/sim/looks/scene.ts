import { inverse, type Pose } from '../../geometry/se3.js';
import type { Primitive } from '../primitives.js';
import type { World } from '../world.js';
import { Illumination, type Light } from './illumination.js';
import type { Material } from './material.js';

export interface SceneDescription {
  readonly world: World;
  readonly lights: readonly Light[];
  /** Radiance that reaches every surface from all sides, times albedo. */
  readonly ambient: number;
  /** Where a hand-held camera looks; without it, along the way. */
  readonly gaze?: readonly [number, number, number];
  /** What solids look like that say nothing of it themselves; without it those are grey. */
  readonly look?: (solid: Primitive) => Material;
  /** T_world_object of an object that stands somewhere to be touched. */
  readonly standing?: Pose;
}

/**
 * A world with colours: what a solid's surface gives back is albedo × light (Lambert), in linear light. Exact: a
 * function of the point and its normal only, the same for the renderer and for whoever asks.
 *
 * @example
 * const scene = roomScene(1);
 * const linear = new Float64Array(3);
 * scene.world.raycast(0, 0, 1, 1, 0, 0, 10, 0);
 * scene.colourAt(2.5, 0, 1, linear); // of the surface nearest to the point
 */
export class Scene {
  readonly world: World;
  readonly gaze: readonly [number, number, number] | undefined;
  readonly standing: Pose | undefined;
  readonly light: Illumination;
  private readonly materials: readonly (Material | undefined)[];
  /** T_solid_world of every static primitive, 12 numbers each. */
  private readonly local: Float64Array;
  private readonly normal = new Float64Array(3);
  private readonly lit = new Float64Array(3);

  constructor(description: SceneDescription) {
    const { world } = description;
    this.world = world;
    this.gaze = description.gaze;
    this.standing = description.standing;
    this.light = new Illumination(world, description.lights, description.ambient);
    const { primitives } = world.statics;
    this.materials = primitives.map((p) => p.material ?? description.look?.(p));
    this.local = new Float64Array(12 * primitives.length);
    primitives.forEach((p, i) => this.local.set(inverse(p.pose), 12 * i));
  }

  material(id: number): Material | undefined {
    return this.materials[id];
  }

  /** Linear albedo of static primitive `id` (a half space where negative: grey) at a world point. */
  albedo(id: number, x: number, y: number, z: number, out: Float64Array): void {
    const material = id >= 0 ? this.materials[id] : undefined;
    if (material === undefined) {
      const grey =
        id >= 0 ? this.world.statics.reflectivity[id]! : (this.world.planes[-1 - id]?.reflectivity ?? 0);
      out.fill(grey, 0, 3);
      return;
    }
    const T: Pose = this.local;
    const o = 12 * id;
    material.texture(
      T[o]! * x + T[o + 1]! * y + T[o + 2]! * z + T[o + 3]!,
      T[o + 4]! * x + T[o + 5]! * y + T[o + 6]! * z + T[o + 7]!,
      T[o + 8]! * x + T[o + 9]! * y + T[o + 10]! * z + T[o + 11]!,
      out,
    );
  }

  /** Outward unit normal of static primitive `id` at a point of its surface. */
  normalOf(id: number, x: number, y: number, z: number, out: Float64Array): void {
    if (id >= 0) this.world.statics.faceNormal(id, x, y, z, out);
    else out.set(this.world.planes[-1 - id]!.normal);
  }

  /** Linear radiance of primitive `id` at a point of its surface. */
  radiance(id: number, x: number, y: number, z: number, out: Float64Array): void {
    const { normal: n, lit } = this;
    this.normalOf(id, x, y, z, n);
    this.light.at(x, y, z, n[0]!, n[1]!, n[2]!, lit);
    this.albedo(id, x, y, z, out);
    const glow = id >= 0 ? this.materials[id]?.emission : undefined;
    for (let k = 0; k < 3; k++) out[k] = out[k]! * lit[k]! + (glow ? glow[k]! : 0);
  }

  /** Linear radiance of the static surface nearest to a point; returns the signed distance to it. */
  colourAt(x: number, y: number, z: number, out: Float64Array): number {
    const { world, normal } = this;
    const distance = world.staticGradient(x, y, z, normal);
    const id = world.nearest;
    this.radiance(id, x - distance * normal[0]!, y - distance * normal[1]!, z - distance * normal[2]!, out);
    return distance;
  }
}

/** sRGB byte (0…255, not rounded) of linear light; clipped at both ends. */
export function toSrgb(linear: number): number {
  if (linear <= 0) return 0;
  if (linear >= 1) return 255;
  return 255 * (linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055);
}
