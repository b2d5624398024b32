import { Random } from '../../geometry/random.js';
import { compose, type Pose } from '../../geometry/se3.js';
import { srgb, type Material, type Rgb } from '../looks/material.js';
import { Scene } from '../looks/scene.js';
import type { SimObject } from '../objects/object.js';
import { shifted } from '../objects/solid.js';
import type { Light } from '../looks/illumination.js';
import { bricks, fabric, mottled, plain, planks, stripes, tiles } from '../looks/textures.js';
import { placed, type Primitive } from '../primitives.js';
import { World } from '../world.js';
import {
  cabinet,
  chair,
  door,
  floorLamp,
  LAMP_HEIGHT,
  picture,
  plant,
  shelf,
  sofa,
  table,
  TABLE_HEIGHT,
} from './furniture.js';
import { ball, box, COLORS, paint, painted, round } from './solids.js';
import { indoorLoop } from './indoor-loop.js';

/** Half the room's size and its height, metres. */
const [A, B, H] = [2.7, 2.2, 2.6];
const WHITE: Material = { texture: plain(srgb('#eeebe4')) };
const WARM: Rgb = [1, 0.9, 0.76];
const COOL: Rgb = [0.9, 0.97, 1];

/**
 * A furnished living room of 5.4 × 4.4 × 2.6 m: a table with chairs in the middle, bookcase, sofa, cabinet, plant and
 * pictures along the walls, a hanging and a standing lamp. One wall is plain white, one papered or of brick. The way
 * goes round the table, about 8 m a lap. An `object` stands in the middle of the table, see {@link Scene.standing}.
 */
export function roomScene(seed: number | string, object?: SimObject): Scene {
  const random = new Random(seed).fork('room');
  const plan = random.fork('plan');
  const statics: Primitive[] = shell(random.fork('shell'));
  // Walls by where they stand: x along the wall, y into the room.
  const wall = {
    south: placed(0, -B, 0),
    east: placed(A, 0, 0, Math.PI / 2),
    north: placed(0, B, 0, Math.PI),
    west: placed(-A, 0, 0, -Math.PI / 2),
  };
  const along = (at: Pose, x: number): Pose => compose(at, placed(x, 0, 0));

  const tableAt = placed(plan.range(-0.1, 0.1), plan.range(-0.05, 0.05), 0);
  const size = [plan.range(1.1, 1.3), plan.range(0.7, 0.8)] as const;
  statics.push(...table(tableAt, ...size, random.fork('table'), object !== undefined));
  const standing = compose(tableAt, placed(0, 0, TABLE_HEIGHT));
  if (object) statics.push(standingOn(standing, object, random.fork('glaze')));
  statics.push(...chair(placed(0.72, 0.05, 0, Math.PI / 2 + plan.range(-0.3, 0.3)), random.fork('chair 1')));
  statics.push(
    ...chair(placed(-0.72, -0.05, 0, -Math.PI / 2 + plan.range(-0.3, 0.3)), random.fork('chair 2')),
  );
  statics.push(...sofa(along(wall.south, plan.range(-0.5, 0.1)), plan.range(1.7, 2.1), random.fork('sofa')));
  statics.push(...picture(wall.south, plan.range(-0.6, 0), 1.6, 0.9, 0.6, random.fork('picture 1')));
  statics.push(...picture(wall.south, plan.range(1, 1.3), 1.45, 0.42, 0.6, random.fork('picture 2')));
  statics.push(
    ...shelf(
      along(wall.west, plan.range(-0.9, -0.6)),
      plan.range(1.1, 1.4),
      plan.range(1.7, 2.1),
      random.fork('shelf'),
    ),
  );
  statics.push(...picture(wall.west, plan.range(0.8, 1.1), 1.5, 0.6, 0.8, random.fork('picture 3')));
  statics.push(
    ...cabinet(along(wall.east, plan.range(-0.4, 0.2)), plan.range(1.4, 1.8), random.fork('cabinet')),
  );
  statics.push(...picture(wall.east, plan.range(1.25, 1.45), 1.55, 0.5, 0.7, random.fork('picture 4')));
  // The north wall is white: the hard case. A door and a low chest only.
  statics.push(...door(along(wall.north, plan.range(1.3, 1.7)), random.fork('door')));
  statics.push(...chest(along(wall.north, plan.range(-1, -0.4)), random.fork('chest')));
  statics.push(...plant(placed(A - 0.35, -B + 0.4, 0), random.fork('plant')));
  const lamp = placed(-A + 0.4, -B + 0.4, 0);
  statics.push(...floorLamp(lamp));
  statics.push(round(placed(0, 0, 0), A - 0.35, B - 0.4, 0, 0.14, 0.32, paint(random.fork('bin'))));
  statics.push(
    ball(placed(0, 0, 0), -A + 0.5, B - 0.45, 0.14, 0.14, {
      texture: stripes(srgb('#d9482b'), srgb('#f1efe8'), 0.05, 2),
    }),
  );
  const lights: Light[] = [
    { at: [0.2, 0.1, 2.05], power: scale(WARM, 1.5) },
    { at: [lamp[3]!, lamp[7]!, LAMP_HEIGHT], power: scale(WARM, 0.45) },
    { at: [A - 0.5, 1.1, 2.2], power: scale(COOL, 0.7) },
  ];
  statics.push(
    ball(placed(0, 0, 0), 0.2, 0.1, 2.05, 0.13, {
      texture: plain(srgb('#fff6e0')),
      emission: [0.7, 0.62, 0.45],
    }),
  );
  statics.push(round(placed(0, 0, 0), 0.2, 0.1, 2.15, 0.008, H - 2.15, { texture: plain(srgb('#303030')) }));
  const route = indoorLoop({ x: 0, y: 0 }, 1.62, 1.08, 1.5, plan.chance(0.5) ? 1 : -1, plan.int(2));
  const world = new World({ name: 'room', planes: [], statics, moving: [], route });
  return new Scene({ world, lights, ambient: 0.3, gaze: [0, 0, 0.95], ...(object && { standing }) });
}

/** An object as a solid of the world. */
function standingOn(at: Pose, object: SimObject, random: Random): Primitive {
  const [x0, y0, z0, x1, y1, z1] = object.bounds;
  const [x, y, z] = [(x0 + x1) / 2, (y0 + y1) / 2, (z0 + z1) / 2];
  const half = [(x1 - x0) / 2, (y1 - y0) / 2, (z1 - z0) / 2] as const;
  const solid: Primitive = {
    kind: 'solid',
    reflectivity: 0.5,
    pose: compose(at, placed(x, y, z)),
    half,
    solid: shifted(object, -x, -y, -z),
  };
  return painted(solid, paint(random));
}

function scale(c: Rgb, k: number): Rgb {
  return [c[0] * k, c[1] * k, c[2] * k];
}

/** Floor, ceiling, walls, skirting and the rug. */
function shell(random: Random): Primitive[] {
  const at = placed(0, 0, 0);
  const wide: [number, number] = [-A - 0.2, A + 0.2];
  const deep: [number, number] = [-B - 0.2, B + 0.2];
  const wallpaper = COLORS[random.int(COLORS.length)]!;
  const pale = wallpaper.map((v) => 0.75 + 0.2 * v) as unknown as Rgb;
  const seed = random.int(100);
  const feature: Material = {
    texture: random.chance(0.5)
      ? bricks(srgb('#a85f45'), srgb('#c9c2b6'), [0, 2], seed)
      : stripes(pale, scale(pale, 0.8), 0.11, 0),
  };
  const rough: Material = { texture: mottled(pale, scale(pale, 0.93), 0.05, seed) };
  const floor = random.chance(0.7)
    ? planks(srgb('#b98a5a'), srgb('#8a5f38'), [0, 1], seed)
    : tiles(srgb('#b9b2a4'), srgb('#6f6a62'), 0.33, [0, 1], seed);
  const rug = fabric(COLORS[random.int(5)]!, srgb('#d9cfb8'), seed);
  const skirting: Material = { texture: plain(srgb('#dcd7cb')) };
  return [
    box(at, wide, deep, [-0.2, 0], { texture: floor }),
    box(at, wide, deep, [H, H + 0.2], WHITE),
    box(at, wide, [-B - 0.2, -B], [-0.1, H + 0.1], rough),
    box(at, wide, [B, B + 0.2], [-0.1, H + 0.1], WHITE),
    // The pattern of a wall runs along its own x: the walls at the ends are turned.
    box(placed(A, 0, 0, Math.PI / 2), deep, [-0.2, 0], [-0.1, H + 0.1], rough),
    box(placed(-A, 0, 0, Math.PI / 2), deep, [0, 0.2], [-0.1, H + 0.1], feature),
    box(at, [-1.3, 1.3], [-0.95, 0.95], [0, 0.012], { texture: rug }),
    box(at, [-A, A], [-B, -B + 0.015], [0, 0.08], skirting),
    box(at, [-A, A], [B - 0.015, B], [0, 0.08], skirting),
    box(at, [-A, -A + 0.015], [-B, B], [0, 0.08], skirting),
    box(at, [A - 0.015, A], [-B, B], [0, 0.08], skirting),
  ];
}

/** A low chest of drawers with a row of things on it. */
function chest(at: Pose, random: Random): Primitive[] {
  const out = [box(at, [-0.5, 0.5], [0, 0.4], [0, 0.7], paint(random))];
  for (const z of [0.05, 0.27, 0.49]) {
    out.push(box(at, [-0.47, 0.47], [0.4, 0.415], [z, z + 0.19], WHITE));
    out.push(ball(at, 0, 0.425, z + 0.1, 0.018, paint(random)));
  }
  out.push(
    round(at, -0.3, 0.2, 0.7, 0.09, 0.3, paint(random)),
    ball(at, 0.05, 0.2, 0.81, 0.11, paint(random)),
  );
  out.push(box(at, [0.2, 0.42], [0.1, 0.3], [0.7, 0.7 + random.range(0.1, 0.22)], paint(random)));
  return out;
}
