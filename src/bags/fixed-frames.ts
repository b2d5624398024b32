import { frameName } from '../messages/tf-buffer.js';

/** Frames that stand still by REP-105, and as LOAM and its kin call theirs. */
const FIXED = /^(.*\/)?(map|odom|world|earth|global|camera_init|local_map)$/i;

/**
 * What to know of clouds in a frame that by its name stands still: another SLAM may have put them where they belong already.
 *
 * @returns undefined for the frames of sensors
 */
export function fixedFrameNote(topic: string, frame: string): string | undefined {
  const name = frameName(frame);
  if (!FIXED.test(name)) return undefined;
  return (
    `${topic}: its clouds are in the frame '${name}', which by its name stands still: if another SLAM has registered them already ` +
    "(/cloud_registered and the like), no motion is left in them and the path stays where it began; use the sensor's own topic"
  );
}
