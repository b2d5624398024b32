// A SLAM system that does nothing: what remains of the ROS node is the way of a message from ROS to the SLAM thread.
const identity = () => new Float64Array([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]);

export async function createSlam() {
  let index = 0;
  let listener = () => {};
  return {
    process: (scan) => {
      const tracked = {
        index: index++,
        stampNs: scan.stampNs,
        pose: identity(),
        covariance: new Float64Array(36),
        twist: new Float64Array(6),
        state: 'tracking',
        reason: '',
      };
      listener({ type: 'pose', sensor: scan.frameId, submap: 0, ...tracked });
      return {
        ...tracked,
        points: { input: scan.count, valid: scan.count, mapped: 0, registered: 0 },
        iterations: 0,
        inlierRatio: 1,
        times: { prepare: 0, track: 0, map: 0, optimise: 0, mesh: 0, total: 0 },
      };
    },
    imu: () => undefined,
    listen: (next) => {
      listener = next;
      return () => undefined;
    },
    view: {
      submap: 0,
      blockSizes: [1],
      meshVersion: 0,
      newestKeyframe: undefined,
      meshChanges: (version) => ({ version, blocks: [], deleted: [] }),
      points: () => new Float32Array(0),
    },
    statistics: () => ({
      blocks: 0,
      featureRows: 0,
      triangles: 0,
      keyframes: 0,
      memoryBytes: 0,
      forgottenBlocks: 0,
    }),
    close: async () => undefined,
  };
}
