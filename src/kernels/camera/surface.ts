// Samples of the surface: every A_STEP-th pixel in rows and columns, and a few of them, spread evenly over the image, to
// register.
import {
  A_CX,
  A_CY,
  A_FX,
  A_FY,
  A_INFORMATION,
  A_KEYPOINTS,
  A_KEYPOINT_COUNT,
  A_LATTICE_HEIGHT,
  A_LATTICE_WIDTH,
  A_MAX_KEYPOINTS,
  A_NX,
  A_NY,
  A_NZ,
  A_ORDER,
  A_PLACE,
  A_SINFORMATION,
  A_SNX,
  A_SNY,
  A_SNZ,
  A_SQUALITY,
  A_STEP,
  A_SURFACE_COUNT,
  A_SX,
  A_SY,
  A_SZ,
  A_WIDTH,
  A_Z,
} from '../layout/camera';

/** No sample, or one without a normal. */
const NONE: u32 = 0xffffffff;
/** Quality of a sample without a normal. */
const UNORIENTED: f32 = 0.2;

/** One chunk: everything. */
export function cameraSurface(args: usize, _chunk: i32): void {
  collect(args);
  choose(args);
}

function collect(args: usize): void {
  const step = load<i32>(args, A_STEP);
  const width = load<i32>(args, A_WIDTH);
  const across = load<i32>(args, A_LATTICE_WIDTH);
  const down = load<i32>(args, A_LATTICE_HEIGHT);
  const cx = load<f32>(args, A_CX);
  const cy = load<f32>(args, A_CY);
  const overX: f32 = 1 / load<f32>(args, A_FX);
  const overY: f32 = 1 / load<f32>(args, A_FY);
  let place = load<u32>(args, A_PLACE) as usize;
  let n: usize = 0;
  for (let row = 0; row < down; row++) {
    const v = (((row * step) as f32) - cy) * overY;
    for (let column = 0; column < across; column++, place += 4) {
      store<u32>(place, NONE);
      const at = ((row * step * width + column * step) as usize) << 2;
      const z = load<f32>((load<u32>(args, A_Z) as usize) + at);
      if (z <= 0) continue;
      const nx = load<f32>((load<u32>(args, A_NX) as usize) + at);
      const ny = load<f32>((load<u32>(args, A_NY) as usize) + at);
      const nz = load<f32>((load<u32>(args, A_NZ) as usize) + at);
      const unoriented = nx == 0 && ny == 0 && nz == 0;
      if (!unoriented) store<u32>(place, (n >> 2) as u32);
      store<f32>((load<u32>(args, A_SX) as usize) + n, (((column * step) as f32) - cx) * overX * z);
      store<f32>((load<u32>(args, A_SY) as usize) + n, v * z);
      store<f32>((load<u32>(args, A_SZ) as usize) + n, z);
      store<f32>((load<u32>(args, A_SNX) as usize) + n, nx);
      store<f32>((load<u32>(args, A_SNY) as usize) + n, ny);
      store<f32>((load<u32>(args, A_SNZ) as usize) + n, nz);
      store<f32>((load<u32>(args, A_SQUALITY) as usize) + n, unoriented ? UNORIENTED : 1);
      store<f32>(
        (load<u32>(args, A_SINFORMATION) as usize) + n,
        load<f32>((load<u32>(args, A_INFORMATION) as usize) + at),
      );
      n += 4;
    }
  }
  store<i32>(args, (n >> 2) as i32, A_SURFACE_COUNT);
}

/** Every n-th of those with a normal along a curve that fills the image. */
function choose(args: usize): void {
  const cells = (load<i32>(args, A_LATTICE_WIDTH) * load<i32>(args, A_LATTICE_HEIGHT)) as usize;
  const order = load<u32>(args, A_ORDER) as usize;
  const place = load<u32>(args, A_PLACE) as usize;
  const out = load<u32>(args, A_KEYPOINTS) as usize;
  const limit = load<i32>(args, A_MAX_KEYPOINTS);
  let found = 0;
  for (let i: usize = 0; i < cells; i++) {
    const sample = load<u32>(place + ((load<u32>(order + (i << 2)) as usize) << 2));
    if (sample == NONE) continue;
    store<u32>(out + ((found as usize) << 2), sample);
    found++;
  }
  const count = min(found, limit);
  // The middle of each of `count` equal parts; reads never lie before writes.
  if (found > limit)
    for (let k = 0; k < count; k++) {
      const from = (((2 * k + 1) as i64) * (found as i64)) / (2 * (count as i64));
      store<u32>(out + ((k as usize) << 2), load<u32>(out + ((from as usize) << 2)));
    }
  store<i32>(args, count, A_KEYPOINT_COUNT);
}
