import type { ScanResult } from '../slam/types.js';

/** Copies: the SLAM system may reuse its arrays for the next scan, or keep them in shared memory. */
export function detached(result: ScanResult): ScanResult {
  return {
    ...result,
    pose: Float64Array.from(result.pose),
    covariance: Float64Array.from(result.covariance),
    twist: Float64Array.from(result.twist),
  };
}
