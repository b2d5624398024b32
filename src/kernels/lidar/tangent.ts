// Tangents of a surface in the range image: the straightest triple of cells along a row or a column. Depth edges bend
// a triple, so they choose the other side.

/** Address of the occupied cell at, or one step `side` beside, `at`; 0 if there is none. */
// @ts-ignore: decorator
@inline
export function occupied(at: usize, side: usize, weights: usize): usize {
  if (load<f32>(at + weights) > 0) return at;
  if (load<f32>(at + side + weights) > 0) return at + side;
  if (load<f32>(at - side + weights) > 0) return at - side;
  return 0;
}

// @ts-ignore: decorator
@inline
function squared(x: v128, y: v128, z: v128): v128 {
  return f32x4.add(f32x4.add(f32x4.mul(x, x), f32x4.mul(y, y)), f32x4.mul(z, z));
}

/** One coordinate of p1, p1, q1 relative to the centre; the last lane does not count. */
// @ts-ignore: decorator
@inline
function firstEnds(p1: usize, q1: usize, centre: v128): v128 {
  return f32x4.sub(v128.load32_lane(q1, v128.load32_splat(p1), 2), centre);
}

/** The same of q1, p2, q2. */
// @ts-ignore: decorator
@inline
function secondEnds(q1: usize, p2: usize, q2: usize, centre: v128): v128 {
  return f32x4.sub(v128.load32_lane(q2, v128.load32_lane(p2, v128.load32_splat(q1), 1), 2), centre);
}

/** The first lane after bytes have been put in another order. */
// @ts-ignore: decorator
@inline
function lane(v: v128, order: v128): f32 {
  return f32x4.extract_lane(i8x16.swizzle(v, order), 0);
}

/**
 * The tangent (in the three out slots) at the centre along one direction of the image, from the cells `p1`, `p2` (one and
 * two steps to one side) and `q1`, `q2` (to the other; 0 where there is none). Returns its leg length, 0 if none fits.
 *
 * A lane for each triple: p1–centre–q1, centre–p1–p2 and centre–q1–q2. Its score is the squared bend in units of what noise
 * explains, huge when a leg is too long or they differ wildly.
 */
// @ts-ignore: decorator
@inline
export function tangent(
  outX: usize,
  outY: usize,
  outZ: usize,
  p1: usize,
  p2: usize,
  q1: usize,
  q2: usize,
  plane: usize,
  cx: f32,
  cy: f32,
  cz: f32,
  noise2: f32,
  longest: f32,
): f32 {
  const longest2 = f32x4.replace_lane(f32x4.splat(longest * longest), 0, 4 * longest * longest);
  const negated = i32x4(i32.MIN_VALUE, 0, 0, 0); // the sign of the first lane
  const sides = i32x4(0, -1, -1, -1);
  const vx = f32x4.splat(cx);
  const vy = f32x4.splat(cy);
  const vz = f32x4.splat(cz);
  const px = firstEnds(p1, q1, vx);
  const py = firstEnds(p1 + plane, q1 + plane, vy);
  const pz = firstEnds(p1 + plane * 2, q1 + plane * 2, vz);
  const rx = secondEnds(q1, p2, q2, vx);
  const ry = secondEnds(q1 + plane, p2 + plane, q2 + plane, vy);
  const rz = secondEnds(q1 + plane * 2, p2 + plane * 2, q2 + plane * 2, vz);
  // The legs of the triples, a and then b, and the way from end to end.
  const ax = v128.xor(px, negated);
  const ay = v128.xor(py, negated);
  const az = v128.xor(pz, negated);
  const bx = f32x4.sub(rx, v128.and(px, sides));
  const by = f32x4.sub(ry, v128.and(py, sides));
  const bz = f32x4.sub(rz, v128.and(pz, sides));
  const wx = f32x4.add(ax, bx);
  const wy = f32x4.add(ay, by);
  const wz = f32x4.add(az, bz);
  const a2 = squared(ax, ay, az);
  const b2 = squared(bx, by, bz);
  const w2 = f32x4.add(squared(wx, wy, wz), f32x4.splat(1e-8));
  const ux = f32x4.sub(f32x4.mul(ay, wz), f32x4.mul(az, wy));
  const uy = f32x4.sub(f32x4.mul(az, wx), f32x4.mul(ax, wz));
  const uz = f32x4.sub(f32x4.mul(ax, wy), f32x4.mul(ay, wx));
  const explained = f32x4.mul(w2, f32x4.add(f32x4.splat(noise2), f32x4.mul(f32x4.splat(0.004), w2)));
  const ratio = f32x4.splat(25);
  const wild = v128.or(
    v128.or(f32x4.gt(a2, longest2), f32x4.gt(b2, longest2)),
    v128.or(f32x4.gt(a2, f32x4.mul(ratio, b2)), f32x4.gt(b2, f32x4.mul(ratio, a2))),
  );
  const score = v128.bitselect(f32x4.splat(1e9), f32x4.div(squared(ux, uy, uz), explained), wild);

  let best: f32 = 1;
  let found = -1;
  const bothSides = f32x4.extract_lane(score, 0);
  if (p1 && q1 && bothSides < best) {
    best = bothSides * 0.5; // two sides are better than one
    found = 0;
  }
  if (best > 0.1) {
    const alongP = f32x4.extract_lane(score, 1);
    if (p1 && p2 && alongP < best) {
      best = alongP;
      found = 1;
    }
    if (q1 && q2 && f32x4.extract_lane(score, 2) < best) found = 2;
  }
  if (found < 0) return 0;
  // Half the way from p1 to q1, from p2 to the centre, or from the centre to q2.
  const half = f32x4(0.5, -0.5, 0.5, 0.5);
  const order = i32x4.splat(0x03020100 + found * 0x04040404);
  const tx = lane(f32x4.mul(half, v128.bitselect(rx, wx, sides)), order);
  const ty = lane(f32x4.mul(half, v128.bitselect(ry, wy, sides)), order);
  const tz = lane(f32x4.mul(half, v128.bitselect(rz, wz, sides)), order);
  store<f32>(outX, tx);
  store<f32>(outY, ty);
  store<f32>(outZ, tz);
  return sqrt(tx * tx + ty * ty + tz * tz);
}
