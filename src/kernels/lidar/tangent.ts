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

/** Squared bend of the triple e1–m–e2 in units of what noise explains; huge when a leg is too long or they differ wildly. */
// @ts-ignore: decorator
@inline
function bend(
  ax: f32,
  ay: f32,
  az: f32, // m − e1
  bx: f32,
  by: f32,
  bz: f32, // e2 − m
  noise2: f32,
  longest2: f32,
): f32 {
  const a2 = ax * ax + ay * ay + az * az;
  const b2 = bx * bx + by * by + bz * bz;
  if (a2 > longest2 || b2 > longest2 || a2 > 25 * b2 || b2 > 25 * a2) return 1e9;
  const cx = ax + bx;
  const cy = ay + by;
  const cz = az + bz;
  const c2 = cx * cx + cy * cy + cz * cz + 1e-8;
  const ux = ay * cz - az * cy;
  const uy = az * cx - ax * cz;
  const uz = ax * cy - ay * cx;
  return (ux * ux + uy * uy + uz * uz) / (c2 * (noise2 + 0.004 * c2));
}

/**
 * The tangent (in the three out slots) at the centre along one direction of the image, from the cells `p1`, `p2` (one and
 * two steps to one side) and `q1`, `q2` (to the other; 0 where there is none). Returns its leg length, 0 if none fits.
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
  const both: f32 = 4 * longest * longest;
  const single: f32 = longest * longest;
  let best: f32 = 1;
  let found = false;
  const px = load<f32>(p1) - cx;
  const py = load<f32>(p1 + plane) - cy;
  const pz = load<f32>(p1 + plane * 2) - cz;
  const qx = load<f32>(q1) - cx;
  const qy = load<f32>(q1 + plane) - cy;
  const qz = load<f32>(q1 + plane * 2) - cz;
  let tx: f32 = 0;
  let ty: f32 = 0;
  let tz: f32 = 0;
  if (p1 && q1) {
    const score = bend(-px, -py, -pz, qx, qy, qz, noise2, both);
    if (score < best) {
      best = score * 0.5; // two sides are better than one
      found = true;
      tx = 0.5 * (qx - px);
      ty = 0.5 * (qy - py);
      tz = 0.5 * (qz - pz);
    }
  }
  if (best > 0.1) {
    if (p1 && p2) {
      const rx = load<f32>(p2) - cx;
      const ry = load<f32>(p2 + plane) - cy;
      const rz = load<f32>(p2 + plane * 2) - cz;
      const score = bend(px, py, pz, rx - px, ry - py, rz - pz, noise2, single);
      if (score < best) {
        best = score;
        found = true;
        tx = -0.5 * rx;
        ty = -0.5 * ry;
        tz = -0.5 * rz;
      }
    }
    if (q1 && q2) {
      const rx = load<f32>(q2) - cx;
      const ry = load<f32>(q2 + plane) - cy;
      const rz = load<f32>(q2 + plane * 2) - cz;
      const score = bend(qx, qy, qz, rx - qx, ry - qy, rz - qz, noise2, single);
      if (score < best) {
        found = true;
        tx = 0.5 * rx;
        ty = 0.5 * ry;
        tz = 0.5 * rz;
      }
    }
  }
  if (!found) return 0;
  store<f32>(outX, tx);
  store<f32>(outY, ty);
  store<f32>(outZ, tz);
  return sqrt(tx * tx + ty * ty + tz * tz);
}
