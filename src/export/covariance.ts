import { formatSeconds } from './tum.js';
import type { ScanResult } from '../slam/types.js';

const HEADER = `# Covariances of the poses: [x y z rotX rotY rotZ], fixed axes of the odom frame, m² and rad²; upper triangles, row by row.
# timestamp, 21 numbers of the sensor's pose in the map around it, 21 of the body's pose in the odom frame`;

/** Covariances of all poses, one line each. */
export function formatCovariances(
  results: readonly Pick<ScanResult, 'stampNs' | 'covariance' | 'odomCovariance'>[],
): string {
  const lines = results.map(({ stampNs, covariance, odomCovariance }) =>
    [formatSeconds(stampNs), ...triangle(covariance), ...triangle(odomCovariance)].join(' '),
  );
  return [HEADER, ...lines, ''].join('\n');
}

function triangle(S: Float64Array): string[] {
  const out: string[] = [];
  for (let r = 0; r < 6; r++) for (let c = r; c < 6; c++) out.push(S[r * 6 + c]!.toExponential(4));
  return out;
}

/** Standard deviation of the position (m), the root of the sum over the axes. */
export function positionSigma(S: Float64Array): number {
  return Math.sqrt(S[0]! + S[7]! + S[14]!);
}
