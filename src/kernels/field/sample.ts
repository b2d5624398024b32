// Training samples of one scan. Of every chosen point: the surface itself (label 0), one sample along the ray with the
// normal-guided label d·|cos θ| and two along the normal with label d (N³-Mapping's normal guidance). Points without a
// normal give the surface sample only: a projective label off the surface would be wrong by 1/|cos θ|.

import {
  SAMPLE_BYTES,
  SAMPLE_CHUNK,
  SAMPLE_LABEL,
  SAMPLE_WEIGHT,
  S_BAND,
  S_CHOSEN,
  S_COUNT,
  S_ORIGIN,
  S_OUT,
  S_POINTS,
  S_QUALITY,
  S_SEED,
  S_STRIDE,
  S_UNORIENTED_RANGE,
} from '../layout/field';
import { noise } from './noise';

export function drawSamples(args: usize, chunk: i32): void {
  const count = load<u32>(args, S_COUNT),
    chosen = load<u32>(args, S_CHOSEN);
  const first = <u32>chunk * SAMPLE_CHUNK,
    end = min(first + SAMPLE_CHUNK, chosen);
  const stride = load<u32>(args, S_STRIDE),
    seed = load<u32>(args, S_SEED),
    origin = load<u32>(args, S_ORIGIN);
  const band = load<f32>(args, S_BAND),
    unorientedRange = load<f32>(args, S_UNORIENTED_RANGE);
  const qualities: usize = load<u32>(args, S_QUALITY);
  for (let i = first; i < end; i++) {
    const index = <u32>((<u64>i * <u64>stride + <u64>origin) % <u64>count);
    const o = (<usize>index) << 2;
    const px = load<f32>(<usize>load<u32>(args, S_POINTS) + o),
      py = load<f32>(<usize>load<u32>(args, S_POINTS + 4) + o),
      pz = load<f32>(<usize>load<u32>(args, S_POINTS + 8) + o);
    const nx = load<f32>(<usize>load<u32>(args, S_POINTS + 12) + o),
      ny = load<f32>(<usize>load<u32>(args, S_POINTS + 16) + o),
      nz = load<f32>(<usize>load<u32>(args, S_POINTS + 20) + o);
    // Negative: moves.
    const moves = load<f32>(qualities + o) < 0;
    const quality: f32 = moves ? 0 : load<f32>(qualities + o);
    const known: f32 = nx * nx + ny * ny + nz * nz > 0.5 ? 1 : 0;
    const range = sqrt(px * px + py * py + pz * pz);
    const rx = -px / range,
      ry = -py / range,
      rz = -pz / range; // towards the sensor: outside
    const cosine = abs(rx * nx + ry * ny + rz * nz);
    const counter = i << 2;
    // Sums of two uniforms: dense at the surface, none beyond the band.
    const along = (noise(seed, counter) + noise(seed, counter + 1) - <f32>1) * band;
    const n1 = (noise(seed, counter + 2) + noise(seed, counter + 3) - <f32>1) * band;
    const n2 = (noise(seed ^ 0x55555555, counter) * <f32>2 - <f32>1) * band;
    const out = <usize>load<u32>(args, S_OUT) + <usize>i * (4 * SAMPLE_BYTES);
    put(out, px, py, pz, 0, known > 0 ? quality : range < unorientedRange && !moves ? <f32>0.2 : <f32>0);
    put(
      out + SAMPLE_BYTES,
      px + rx * along,
      py + ry * along,
      pz + rz * along,
      along * cosine,
      quality * known,
    );
    put(out + 2 * SAMPLE_BYTES, px + nx * n1, py + ny * n1, pz + nz * n1, n1, quality * known);
    put(out + 3 * SAMPLE_BYTES, px + nx * n2, py + ny * n2, pz + nz * n2, n2, quality * known);
  }
}

// @ts-ignore: decorator
@inline
function put(at: usize, x: f32, y: f32, z: f32, label: f32, weight: f32): void {
  store<f32>(at, x);
  store<f32>(at, y, 4);
  store<f32>(at, z, 8);
  store<f32>(at, label, SAMPLE_LABEL);
  store<f32>(at, weight, SAMPLE_WEIGHT);
}
