import type { Trajectory } from '../../slam/trajectory.js';
import type { ViewerSink } from '../../viewer/server/source.js';
import { showCamera } from './show-camera.js';
import { unpackBlocks, type ViewUpdate } from './view-update.js';

/** Hands an update to a viewer: blocks, those that have gone, the newest scan and the newest picture. */
export function showUpdate(sink: ViewerSink, update: ViewUpdate, trajectory: Trajectory): void {
  const { submap, deleted, scan, camera } = update;
  const newest = trajectory.local(-1);
  const time = newest ? trajectory.secondsOf(newest.index)! : 0;
  sink.blocks(
    unpackBlocks(update, (index) => trajectory.secondsOf(index)),
    time,
  );
  const removed: { submap: number; key: number; version: number }[] = [];
  for (let i = 0; i < deleted.length; i += 2)
    removed.push({ submap, key: deleted[i]!, version: deleted[i + 1]! });
  sink.removeBlocks(removed);
  // A picture that cannot be packed is missing in a corner of the page, and nothing else.
  if (camera) void showCamera(sink, submap, camera).catch(() => undefined);
  if (!scan) return;
  const { stampNs, pose, points } = scan;
  sink.scan({ sensor: 0, submap, stampNs, pose, positions: points });
}
