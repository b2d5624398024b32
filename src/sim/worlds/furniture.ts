import type { Random } from '../../geometry/random.js';
import { compose, type Pose } from '../../geometry/se3.js';
import { srgb, type Material } from '../looks/material.js';
import { landscape, poster } from '../looks/pictures.js';
import { books, checker, mottled, plain, stripes, writing } from '../looks/textures.js';
import { placed, type Primitive } from '../primitives.js';
import { ball, box, cloth, COLORS, GREY, paint, painted, round, STEEL, timber } from './solids.js';

/*
 * Furniture of rooms. Every piece stands at a pose `at`, x along its width, y away from the wall behind it, z up; its
 * back is at y = 0 where it has one.
 */

export const TABLE_HEIGHT = 0.74;

/** A table about its own middle, with a few things on it; with `clear`, none near its middle. */
export function table(at: Pose, width: number, depth: number, random: Random, clear = false): Primitive[] {
  const [a, b, top] = [width / 2, depth / 2, TABLE_HEIGHT];
  const top0 = timber(random);
  const out = [box(at, [-a, a], [-b, b], [top - 0.035, top], top0)];
  const roundLegs = random.chance(0.5);
  for (const [sx, sy] of [[-1, -1], [-1, 1], [1, -1], [1, 1]] as const) {
    const [x, y] = [sx * (a - 0.06), sy * (b - 0.06)];
    out.push(
      roundLegs
        ? round(at, x, y, 0, 0.028, top - 0.035, top0)
        : box(at, [x - 0.03, x + 0.03], [y - 0.03, y + 0.03], [0, top - 0.035], top0),
    );
  } // prettier-ignore
  const things = tableTop(compose(at, placed(0, 0, top)), a, b, random.fork('things'));
  return [...out, ...(clear ? awayFrom(at, things) : things)];
}

/** How far from the middle of a clear table things stand, metres. */
const CLEAR = 0.28;
/** How many solids {@link tableTop} makes of a mug with a bowl, a vase, books and a laptop. */
const THINGS = [5, 2, 4, 2];

/** The things of which every part is away from the middle. */
function awayFrom(at: Pose, things: readonly Primitive[]): Primitive[] {
  let first = 0;
  return THINGS.flatMap((count) => {
    const thing = things.slice(first, (first += count));
    return thing.every(({ pose }) => Math.hypot(pose[3]! - at[3]!, pose[7]! - at[7]!) > CLEAR) ? thing : [];
  });
}

/** Mug, vase, bowl with fruit, books and a laptop, each in a part of the table of its own. */
function tableTop(at: Pose, a: number, b: number, random: Random): Primitive[] {
  const out: Primitive[] = [];
  const spot = (i: number): Pose =>
    compose(
      at,
      placed(
        -a + ((2 * a) / 4) * (i + 0.5) + random.range(-0.05, 0.05),
        random.range(-0.4, 0.4) * b,
        0,
        random.range(-1, 1),
      ),
    );
  const order = [0, 1, 2, 3].sort((i, j) => i * 0.37 - j * 0.37 + random.range(-1, 1));
  const [mug, vase, pile, laptop] = order.map(spot) as [Pose, Pose, Pose, Pose];
  out.push(round(mug, 0, 0, 0, 0.042, 0.1, paint(random)));
  out.push(round(mug, 0.17, 0.04, 0, 0.11, 0.035, { texture: plain(srgb('#e9e6df')) }));
  for (const [x, y] of [[0.13, 0.02], [0.21, 0.05], [0.17, 0.1]] as const)
    out.push(ball(mug, x, y, 0.065, 0.038, { texture: plain(COLORS[random.int(4)]!) })); // prettier-ignore
  const glaze: Material = {
    texture: stripes(COLORS[random.int(10)]!, srgb('#e5dfd0'), 0.035, 2),
    shiny: 0.3,
  };
  out.push(ball(vase, 0, 0, 0.09, 0.095, glaze), round(vase, 0, 0, 0.16, 0.04, 0.13, glaze));
  let z = 0;
  for (let i = 0; i < 4; i++) {
    const [w, h] = [random.range(0.1, 0.13), random.range(0.018, 0.045)];
    const turned = compose(pile, placed(0, 0, 0, random.range(-0.3, 0.3)));
    out.push(box(turned, [-w, w], [-0.09, 0.09], [z, z + h], paint(random)));
    z += h;
  }
  const shell: Material = { texture: plain(GREY), shiny: 0.4 };
  out.push(box(laptop, [-0.16, 0.16], [-0.11, 0.11], [0, 0.018], shell));
  const tilt = 1.85; // of the screen, about x
  const lid = compose(
    laptop,
    Float64Array.of(
      1,
      0,
      0,
      0,
      0,
      Math.sin(tilt),
      Math.cos(tilt),
      0.11,
      0,
      -Math.cos(tilt),
      Math.sin(tilt),
      0.012,
    ),
  );
  out.push(
    box(lid, [-0.16, 0.16], [-0.006, 0.006], [0, 0.22], {
      texture: writing(srgb('#1d2733'), srgb('#9fd0a8'), 0.3, random.int(99)),
      shiny: 0.3,
    }),
  );
  return out;
}

/** A chair about the middle of its seat, its back towards −y. */
export function chair(at: Pose, random: Random): Primitive[] {
  const frame = timber(random, 2);
  const seat = cloth(random);
  const out = [box(at, [-0.21, 0.21], [-0.21, 0.21], [0.42, 0.47], seat)];
  for (const [x, y, h] of [[-0.19, -0.19, 0.95], [0.19, -0.19, 0.95], [-0.19, 0.19, 0.42], [0.19, 0.19, 0.42]] as const)
    out.push(round(at, x, y, 0, 0.018, h, frame)); // prettier-ignore
  for (const z of [0.62, 0.74, 0.86]) out.push(box(at, [-0.19, 0.19], [-0.2, -0.18], [z, z + 0.07], frame));
  return out;
}

/** A bookcase full of books, boxes and round things. */
export function shelf(at: Pose, width: number, height: number, random: Random): Primitive[] {
  const [a, depth] = [width / 2, 0.32];
  const board = timber(random, 0);
  const side = timber(random.fork('side'), 2);
  const out = [
    box(at, [-a, -a + 0.025], [0, depth], [0, height], side),
    box(at, [a - 0.025, a], [0, depth], [0, height], side),
    box(at, [-a, a], [0, 0.012], [0, height], board),
  ];
  const floors = Math.round(height / 0.36);
  const step = (height - 0.03) / floors;
  for (let f = 0; f <= floors; f++) {
    const z = f * step;
    out.push(box(at, [-a + 0.02, a - 0.02], [0.005, depth], [z, z + 0.025], board));
    if (f === floors) break;
    const r = random.fork(`floor ${f}`);
    let x = -a + 0.05;
    while (x < a - 0.15) {
      const w = Math.min(r.range(0.14, 0.42), a - 0.04 - x);
      const z0 = z + 0.025;
      const pick = r.next();
      if (pick < 0.55) {
        const h = r.range(0.6, 0.85) * (step - 0.03);
        const look: Material = { texture: books(r.int(1000), COLORS) };
        out.push(box(at, [x, x + w], [0.03, r.range(0.18, 0.26)], [z0, z0 + h], look));
      } else if (pick < 0.75) {
        out.push(box(at, [x, x + w], [0.05, 0.29], [z0, z0 + r.range(0.12, 0.25)], paint(r)));
      } else if (pick < 0.88) {
        const radius = Math.min(w / 2, 0.09, step / 2 - 0.03);
        out.push(ball(at, x + w / 2, 0.17, z0 + radius, radius, paint(r)));
      } else {
        out.push(round(at, x + w / 2, 0.17, z0, Math.min(w / 2, 0.07), r.range(0.1, 0.24), paint(r)));
      }
      x += w + r.range(0.01, 0.08);
    }
  }
  return out;
}

/** A sofa with round arms, cushions and two pillows. */
export function sofa(at: Pose, width: number, random: Random): Primitive[] {
  const look = cloth(random);
  const [a, depth] = [width / 2, 0.8];
  const out = [box(at, [-a, a], [0, depth], [0.08, 0.3], look), box(at, [-a, a], [0, 0.2], [0.3, 0.8], look)];
  const arm = compose(at, Float64Array.of(1, 0, 0, 0, 0, 0, 1, depth / 2, 0, -1, 0, 0.5)); // its axis along y
  for (const s of [-1, 1]) {
    out.push(box(at, s < 0 ? [-a, -a + 0.18] : [a - 0.18, a], [0, depth], [0.08, 0.5], look));
    out.push(
      painted(
        { kind: 'cylinder', pose: compose(arm, placed(s * (a - 0.09), 0, 0)), radius: 0.1, halfHeight: depth / 2, reflectivity: 0.5 },
        look,
      ),
    ); // prettier-ignore
  }
  const seats = Math.max(2, Math.round((width - 0.4) / 0.65));
  const step = (width - 0.4) / seats;
  for (let i = 0; i < seats; i++) {
    const x = -a + 0.2 + i * step;
    out.push(box(at, [x + 0.008, x + step - 0.008], [0.2, depth - 0.02], [0.3, 0.44], look));
    const leaning = compose(at, Float64Array.of(1, 0, 0, 0, 0, 0.97, 0.243, 0.2, 0, -0.243, 0.97, 0.44));
    out.push(box(leaning, [x + 0.015, x + step - 0.015], [0, 0.13], [0, 0.38], look));
  }
  const pillow = cloth(random.fork('pillow'));
  for (const s of [-1, 1]) {
    const tilted = compose(
      compose(at, placed(s * (a - 0.4), 0.42, 0.46, -0.5 * s)),
      Float64Array.of(1, 0, 0, 0, 0, 0.87, 0.5, 0, 0, -0.5, 0.87, 0),
    );
    out.push(box(tilted, [-0.2, 0.2], [-0.06, 0.06], [0, 0.36], pillow));
  }
  return out;
}

/** A low cabinet with doors; a screen stands on it. */
export function cabinet(at: Pose, width: number, random: Random): Primitive[] {
  const [a, depth, h] = [width / 2, 0.42, 0.52];
  const look = timber(random);
  const out = [
    box(at, [-a, a], [0.02, depth], [0.06, h], look),
    box(at, [-a - 0.02, a + 0.02], [0, depth + 0.02], [h, h + 0.03], look),
  ];
  const doors = Math.max(2, Math.round(width / 0.5));
  for (let i = 0; i < doors; i++) {
    const x = -a + (i * width) / doors;
    out.push(
      box(at, [x + 0.008, x + width / doors - 0.008], [depth, depth + 0.016], [0.08, h - 0.02], {
        texture: plain(srgb('#e4e0d6')),
      }),
    );
    out.push(ball(at, x + width / doors - 0.06, depth + 0.03, 0.32, 0.018, STEEL));
  }
  const screen: Material = {
    texture: writing(srgb('#15181c'), srgb('#39506b'), 0.8, random.int(99)),
    shiny: 0.9,
  };
  out.push(box(at, [-0.48, 0.48], [0.2, 0.24], [h + 0.12, h + 0.68], screen));
  out.push(
    box(at, [-0.12, 0.12], [0.12, 0.32], [h + 0.03, h + 0.05], STEEL),
    box(at, [-0.03, 0.03], [0.2, 0.23], [h + 0.04, h + 0.2], STEEL),
  );
  return out;
}

/** A desk with drawers, a screen and a lamp without light. */
export function desk(at: Pose, random: Random): Primitive[] {
  const top = timber(random);
  const body: Material = { texture: plain(srgb('#d5d8da')) };
  const out = [
    box(at, [-0.7, 0.7], [0, 0.7], [0.71, 0.74], top),
    box(at, [-0.68, -0.64], [0.03, 0.67], [0, 0.71], body),
    box(at, [0.25, 0.68], [0.05, 0.65], [0.03, 0.71], body),
  ];
  for (const z of [0.1, 0.31, 0.52])
    out.push(box(at, [0.27, 0.66], [0.65, 0.665], [z, z + 0.18], paint(random)));
  const face: Material = {
    texture: writing(srgb('#f3f5f7'), srgb('#26435f'), 0.5, random.int(99)),
    shiny: 0.3,
  };
  out.push(
    box(at, [-0.3, 0.3], [0.16, 0.19], [0.86, 1.22], face),
    box(at, [-0.11, 0.11], [0.1, 0.28], [0.74, 0.755], STEEL),
  );
  out.push(box(at, [-0.025, 0.025], [0.13, 0.16], [0.75, 1], STEEL));
  out.push(
    box(at, [-0.22, 0.22], [0.4, 0.54], [0.74, 0.76], {
      texture: checker(srgb('#2a2d31'), srgb('#4a4e54'), 0.02),
    }),
  );
  out.push(
    round(at, 0.5, 0.2, 0.74, 0.045, 0.12, paint(random)),
    ball(at, -0.52, 0.3, 0.8, 0.06, paint(random)),
  );
  return out;
}

/** A plant in a pot. */
export function plant(at: Pose, random: Random): Primitive[] {
  const out = [round(at, 0, 0, 0, 0.17, 0.34, { texture: mottled(srgb('#b0653f'), srgb('#8a4428'), 0.05) })];
  out.push(round(at, 0, 0, 0.3, 0.02, 0.5, { texture: plain(srgb('#5d4a2c')) }));
  const leaves: Material = { texture: mottled(srgb('#2f5d2a'), srgb('#7aa04a'), 0.025, random.int(50)) };
  for (let i = 0; i < 7; i++) {
    const angle = random.range(0, 2 * Math.PI);
    const r = random.range(0, 0.14);
    out.push(
      ball(
        at,
        r * Math.cos(angle),
        r * Math.sin(angle),
        random.range(0.6, 1.05),
        random.range(0.09, 0.16),
        leaves,
      ),
    );
  }
  return out;
}

/** A floor lamp; its light hangs at {@link LAMP_HEIGHT}. */
export function floorLamp(at: Pose): Primitive[] {
  return [
    round(at, 0, 0, 0, 0.15, 0.03, STEEL),
    round(at, 0, 0, 0.02, 0.014, 1.45, STEEL),
    round(at, 0, 0, 1.38, 0.17, 0.26, { texture: plain(srgb('#f3e3c2')), emission: [0.55, 0.45, 0.3] }),
  ];
}
export const LAMP_HEIGHT = 1.5;

/** A picture on a wall, its middle at height z. */
export function picture(
  at: Pose,
  x: number,
  z: number,
  width: number,
  height: number,
  random: Random,
): Primitive[] {
  const [a, b] = [width / 2, height / 2];
  const framed = random.chance(0.5);
  const look = framed ? landscape(height, random) : poster(width, height, random);
  const out = [box(at, [x - a, x + a], [0, framed ? 0.012 : 0.004], [z - b, z + b], { texture: look })];
  if (!framed) return out;
  const rail = timber(random);
  for (const s of [-1, 1]) {
    out.push(
      box(
        at,
        [x - a - 0.03, x + a + 0.03],
        [0, 0.025],
        s < 0 ? [z - b - 0.03, z - b] : [z + b, z + b + 0.03],
        rail,
      ),
    );
    out.push(
      box(at, s < 0 ? [x - a - 0.03, x - a] : [x + a, x + a + 0.03], [0, 0.025], [z - b, z + b], rail),
    );
  }
  return out;
}

/** A closed door in its frame. */
export function door(at: Pose, random: Random): Primitive[] {
  const look = timber(random, 2);
  const frame: Material = { texture: plain(srgb('#efece4')) };
  const out = [box(at, [-0.43, 0.43], [0, 0.035], [0, 2.02], look)];
  for (const z of [0.25, 1.15])
    for (const s of [-1, 1])
      out.push(box(at, s < 0 ? [-0.34, -0.04] : [0.04, 0.34], [0.03, 0.048], [z, z + 0.65], look));
  out.push(
    box(at, [-0.5, -0.43], [0, 0.05], [0, 2.09], frame),
    box(at, [0.43, 0.5], [0, 0.05], [0, 2.09], frame),
  );
  out.push(box(at, [-0.43, 0.43], [0, 0.05], [2.02, 2.09], frame), ball(at, 0.36, 0.08, 1.03, 0.03, STEEL));
  return out;
}

/** A white board with writing on it. */
export function whiteboard(at: Pose, width: number, random: Random): Primitive[] {
  const a = width / 2;
  const face: Material = {
    texture: writing(srgb('#f6f7f7'), srgb('#203a8c'), width * 0.8, random.int(99)),
    shiny: 0.5,
  };
  return [
    box(at, [-a, a], [0, 0.015], [0.95, 1.85], face),
    box(at, [-a - 0.02, a + 0.02], [0, 0.05], [0.92, 0.95], STEEL),
  ];
}
