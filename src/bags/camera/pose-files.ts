import { FeltmapError } from '../../geometry/errors.js';
import { orthonormalise, type Pose } from '../../geometry/se3.js';
import { readText } from '../files.js';

/**
 * All the numbers of a text; nan and inf included, as they stand for poses that are not known.
 *
 * @throws FeltmapError bad-input for a word that is none
 */
export function numbersOf(text: string, path: string): number[] {
  return text
    .split('\n')
    .map((line) => line.split('#')[0]!.trim())
    .flatMap((line) => (line === '' ? [] : line.split(/[\s,]+/)))
    .map((word) => {
      const value = /^[+-]?(inf|infinity|nan)$/i.test(word) ? NaN : Number(word);
      if (Number.isNaN(value) && !/nan|inf/i.test(word))
        throw new FeltmapError('bad-input', `${path}: '${word.slice(0, 40)}' is no number`);
      return value;
    });
}

/** The pose in 16 (or 12) numbers, row by row, made a rotation again; undefined where it is not known or none. */
export function poseOf(numbers: readonly number[]): Pose | undefined {
  const pose = Float64Array.from(numbers.slice(0, 12));
  if (pose.length !== 12 || !pose.every(Number.isFinite)) return undefined;
  for (let row = 0; row < 12; row += 4) {
    const norm = Math.hypot(pose[row]!, pose[row + 1]!, pose[row + 2]!);
    if (Math.abs(norm - 1) > 0.1) return undefined;
    for (let i = row; i < row + 3; i++) pose[i]! /= norm;
  }
  return orthonormalise(pose);
}

/** The pose in a file of one 4×4 matrix; undefined where it is not known. @throws FeltmapError */
export async function readPoseFile(path: string): Promise<Pose | undefined> {
  const numbers = numbersOf(await readText(path), path);
  if (numbers.length !== 16 && numbers.length !== 12)
    throw new FeltmapError(
      'bad-input',
      `${path} holds ${numbers.length} numbers; expected a pose of 4×4 or 3×4 numbers`,
    );
  return poseOf(numbers);
}

/**
 * The poses of a file of many: one matrix of 16 or 12 numbers a line (Replica's traj.txt), or Open3D's trajectory.log,
 * where three whole numbers come before each 4×4.
 *
 * @returns undefined for poses that are not known
 * @throws FeltmapError
 */
export async function readPoseList(path: string): Promise<(Pose | undefined)[]> {
  const text = await readText(path);
  const first = text.split('\n').find((line) => line.trim() !== '') ?? '';
  const columns = first.trim().split(/[\s,]+/).length;
  const numbers = numbersOf(text, path);
  const [skip, size] = columns === 3 ? [3, 19] : columns === 4 ? [0, 16] : [0, columns];
  if ((size - skip !== 16 && size - skip !== 12) || numbers.length % size !== 0)
    throw new FeltmapError(
      'bad-input',
      `${path} is no list of poses: expected 16 numbers for each, or 3 and 16 as Open3D writes them`,
    );
  return Array.from({ length: numbers.length / size }, (_, i) =>
    poseOf(numbers.slice(i * size + skip, (i + 1) * size)),
  );
}
