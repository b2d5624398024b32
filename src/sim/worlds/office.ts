import { Random } from '../../geometry/random.js';
import { compose, type Pose } from '../../geometry/se3.js';
import type { Light } from '../looks/illumination.js';
import { srgb, type Material, type Rgb } from '../looks/material.js';
import { Scene } from '../looks/scene.js';
import { checker, fabric, mottled, plain, planks, tiles } from '../looks/textures.js';
import { placed, type Primitive } from '../primitives.js';
import { World } from '../world.js';
import { cabinet, chair, desk, door, picture, plant, shelf, sofa, table, whiteboard } from './furniture.js';
import { ball, box, COLORS, paint, round } from './solids.js';
import { indoorLoop } from './indoor-loop.js';

/** Half the length of the floor; where rooms begin, where they end, where the corridor ends; the ceiling; metres. */
const [A, SOUTH, WALL, NORTH, H] = [4.8, -2.5, 1.7, 3.6, 2.7];
/** Half the width of a door and its height. */
const [GAP, LINTEL] = [0.55, 2.1];
/** The loop's middle and half sizes: it leads through all three doors. */
const [MIDDLE, P, Q] = [1.1, 2.6, 1.5];
const DOORS = { between: MIDDLE - Q, rooms: P };

/**
 * An office floor of 9.6 × 6.1 m: two rooms with a door between them, and a corridor behind both with a door to each.
 * The way is a loop of 14 m through all of it, so that places are seen again from the other side.
 */
export function officeScene(seed: number | string): Scene {
  const random = new Random(seed).fork('office');
  const plan = random.fork('plan');
  const statics: Primitive[] = shell(random.fork('shell'));
  const west = { at: placed(-A, 0, 0, -Math.PI / 2), dx: -1 };
  const east = { at: placed(A, 0, 0, Math.PI / 2), dx: 1 };
  const along = (at: Pose, x: number): Pose => compose(at, placed(x, 0, 0));
  const south = placed(0, SOUTH, 0);
  const corridor = placed(0, NORTH, 0, Math.PI); // x runs to the west

  // West room: desks and shelves.
  statics.push(...desk(along(south, -3.6 + plan.range(-0.2, 0.2)), random.fork('desk 1')));
  statics.push(
    ...chair(placed(-3.6, SOUTH + 1.1, 0, Math.PI + plan.range(-0.5, 0.5)), random.fork('chair 1')),
  );
  statics.push(...desk(along(south, -1.6 + plan.range(-0.2, 0.2)), random.fork('desk 2')));
  statics.push(
    ...chair(placed(-1.5, SOUTH + 1.05, 0, Math.PI + plan.range(-0.5, 0.5)), random.fork('chair 2')),
  );
  statics.push(
    ...shelf(along(west.at, plan.range(-0.6, 0.4)), plan.range(1.2, 1.6), 2, random.fork('shelf 1')),
  );
  statics.push(...plant(placed(-A + 0.4, SOUTH + 0.4, 0), random.fork('plant 1')));
  statics.push(...picture(south, -2.6, 1.6, 0.8, 0.55, random.fork('picture 1')));
  statics.push(
    ...whiteboard(compose(placed(-0.06, 1, 0), placed(0, 0, 0, Math.PI / 2)), 1, random.fork('board 1')),
  );
  // East room: a table, a sofa, a cabinet.
  statics.push(...cabinet(along(east.at, plan.range(-0.9, -0.5)), 1.6, random.fork('cabinet')));
  statics.push(...sofa(along(south, 2.4 + plan.range(-0.4, 0.4)), 1.8, random.fork('sofa')));
  statics.push(...picture(south, 2.2, 1.6, 0.9, 0.6, random.fork('picture 2')));
  statics.push(...picture(east.at, 0.9, 1.5, 0.5, 0.7, random.fork('picture 3')));
  statics.push(...table(placed(1.25, 1.05, 0), 1.1, 0.65, random.fork('table')));
  statics.push(...plant(placed(A - 0.4, WALL - 0.45, 0), random.fork('plant 2')));
  statics.push(round(placed(0, 0, 0), A - 0.35, SOUTH + 0.4, 0, 0.15, 0.35, paint(random.fork('bin'))));
  // Corridor: doors, pictures, low shelves, a water cooler.
  statics.push(...door(along(corridor, plan.range(-0.3, 0.3)), random.fork('door 1')));
  statics.push(...picture(corridor, 1.6 + plan.range(-0.2, 0.2), 1.55, 0.6, 0.8, random.fork('picture 4')));
  statics.push(...picture(corridor, -1.9 + plan.range(-0.2, 0.2), 1.55, 1, 0.6, random.fork('picture 5')));
  statics.push(
    ...shelf(along(placed(A, (WALL + NORTH) / 2, 0, Math.PI / 2), 0), 1.1, 1.1, random.fork('shelf 2')),
  );
  statics.push(...shelf(along(corridor, 3.3), 1, 1.05, random.fork('shelf 3')));
  statics.push(...shelf(along(corridor, -3.4), 1.1, 1.4, random.fork('shelf 4')));
  const cooler = placed(-A + 0.4, NORTH - 0.4, 0);
  statics.push(box(cooler, [-0.16, 0.16], [-0.16, 0.16], [0, 0.95], { texture: plain(srgb('#dfe3e6')) }));
  statics.push(
    round(cooler, 0, 0, 0.95, 0.13, 0.32, {
      texture: mottled(srgb('#4f87b8'), srgb('#79a9d1'), 0.1),
      shiny: 0.6,
    }),
  );

  const lights: Light[] = [];
  const glass: Material = { texture: plain(srgb('#ffffff')), emission: [0.8, 0.82, 0.85] };
  for (const [x, y] of [[-2.5, -0.5], [2.5, -0.5], [-2.2, 2.65], [2.2, 2.65]] as const) {
    const panel = placed(x, y, 0);
    statics.push(box(panel, [-0.5, 0.5], [-0.1, 0.1], [H - 0.06, H], glass));
    lights.push({ at: [x, y, H - 0.25], power: [1.7, 1.75, 1.8] });
  } // prettier-ignore
  const route = indoorLoop({ x: 0, y: MIDDLE }, P, Q, 2.2, plan.chance(0.5) ? 1 : -1, plan.int(2));
  const world = new World({ name: 'office', planes: [], statics, moving: [], route });
  return new Scene({ world, lights, ambient: 0.32 });
}

/** Floor, ceiling, walls with their doors, skirting. */
function shell(random: Random): Primitive[] {
  const at = placed(0, 0, 0);
  const seed = random.int(100);
  const white: Material = { texture: plain(srgb('#efeeea')) };
  const tinted: Material = { texture: mottled(pale(random), srgb('#d9d6cc'), 0.06, seed) };
  const carpet = fabric(srgb('#5b6470'), srgb('#3c434d'), seed);
  const frame: Material = { texture: plain(srgb('#7a5a3c')) };
  const skirting: Material = { texture: plain(srgb('#55585c')) };
  const T = 0.06; // half the thickness of inner walls
  const rooms: [number, number] = [SOUTH, WALL];
  const out = [
    box(at, [-A - 0.2, 0], [SOUTH - 0.2, WALL], [-0.2, 0], { texture: carpet }),
    box(at, [0, A + 0.2], [SOUTH - 0.2, WALL], [-0.2, 0], {
      texture: planks(srgb('#b98a5a'), srgb('#8a5f38'), [0, 1], seed),
    }),
    box(at, [-A - 0.2, A + 0.2], [WALL, NORTH + 0.2], [-0.2, 0], {
      texture: tiles(srgb('#b7bab5'), srgb('#6f726d'), 0.4, [0, 1], seed),
    }),
    box(at, [-A - 0.2, A + 0.2], [SOUTH - 0.2, NORTH + 0.2], [H, H + 0.2], {
      texture: tiles(srgb('#f1f0ec'), srgb('#b8b8b4'), 0.6, [0, 1], seed),
    }),
    box(at, [-A - 0.2, A + 0.2], [SOUTH - 0.2, SOUTH], [-0.1, H + 0.1], white),
    box(at, [-A - 0.2, A + 0.2], [NORTH, NORTH + 0.2], [-0.1, H + 0.1], tinted),
    box(at, [-A - 0.2, -A], [SOUTH, NORTH], [-0.1, H + 0.1], tinted),
    box(at, [A, A + 0.2], [SOUTH, NORTH], [-0.1, H + 0.1], white),
  ];
  // The wall between the rooms, x = 0, with its door.
  const { between, rooms: side } = DOORS;
  out.push(
    box(at, [-T, T], [SOUTH, between - GAP], [0, H], white),
    box(at, [-T, T], [between + GAP, WALL], [0, H], white),
  );
  out.push(box(at, [-T, T], [between - GAP, between + GAP], [LINTEL, H], white));
  out.push(...doorFrame(placed(0, between, 0, Math.PI / 2), T, frame));
  // The wall of the corridor, y = WALL, with a door to each room.
  const feature: Material = {
    texture: checker(COLORS[random.int(COLORS.length)]!, srgb('#dcd8cd'), 0.3, [0, 2]),
  };
  for (const [x0, x1, look] of [
    [-A, -side - GAP, white],
    [-side + GAP, side - GAP, random.chance(0.5) ? feature : tinted],
    [side + GAP, A, white],
  ] as const)
    out.push(box(at, [x0, x1], [WALL, WALL + 2 * T], [0, H], look));
  for (const x of [-side, side]) {
    out.push(box(at, [x - GAP, x + GAP], [WALL, WALL + 2 * T], [LINTEL, H], white));
    out.push(...doorFrame(placed(x, WALL + T, 0), T, frame));
  }
  out.push(
    box(at, [-A, -T], [SOUTH, SOUTH + 0.015], [0, 0.07], skirting),
    box(at, [T, A], [SOUTH, SOUTH + 0.015], [0, 0.07], skirting),
  );
  out.push(box(at, [-A, A], [NORTH - 0.015, NORTH], [0, 0.07], skirting));
  out.push(
    box(at, [-A, -A + 0.015], rooms, [0, 0.07], skirting),
    box(at, [A - 0.015, A], rooms, [0, 0.07], skirting),
  );
  out.push(ball(at, -A + 0.3, WALL - 0.35, 0.12, 0.12, paint(random)));
  return out;
}

/** The lining of an open doorway, x across it. */
function doorFrame(at: Pose, half: number, look: Material): Primitive[] {
  const [a, b] = [GAP, half + 0.02];
  return [
    box(at, [-a - 0.06, -a + 0.02], [-b, b], [0, LINTEL + 0.06], look),
    box(at, [a - 0.02, a + 0.06], [-b, b], [0, LINTEL + 0.06], look),
    box(at, [-a, a], [-b, b], [LINTEL - 0.02, LINTEL + 0.06], look),
  ];
}

function pale(random: Random): Rgb {
  return COLORS[random.int(COLORS.length)]!.map((v) => 0.7 + 0.25 * v) as unknown as Rgb;
}
