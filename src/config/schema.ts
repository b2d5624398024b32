import { z } from 'zod';
import { ENGINES } from '../field/backends/names.js';
import { costmapSchema } from './costmap-schema.js';
import { metres } from './metres.js';
import { SENSOR_SETS } from './sensor-sets.js';

/**
 * Every setting of the system with its default, range and meaning. `docs/configuration.md` is generated from here.
 * Lengths marked "scaled" are given for a range of 100 m and multiplied by sensor.maxRange / 100.
 */
export const configSchema = z.strictObject({
  seed: z
    .int()
    .min(0)
    .max(0xffffffff)
    .default(1)
    .describe('Seed of every random choice. Same seed, same input: same bytes out.'),
  threads: z.int().min(0).max(64).default(0).describe('Threads for kernels, 0 = one per core.'),
  engine: z
    .enum(ENGINES)
    .default('auto')
    .describe(
      'Where heavy arithmetic runs. auto: a GPU through webgpu, else wasm. tfjs: the first backend of TensorFlow.js that works, tfjs-…: that one. docs/engines.md',
    ),
  sensor: z
    .strictObject({
      kind: z
        .enum(SENSOR_SETS)
        .default('lidar')
        .describe(
          'What the map is made with: LiDARs, depth cameras, tactile sensors, or several of them on one body; a replay takes what the recording holds.',
        ),
      minRange: z.number().min(0).default(0.5).describe('Nearer returns are dropped (m): the robot itself.'),
      maxRange: z
        .number()
        .positive()
        .max(1000)
        .default(100)
        .describe('Farther returns are dropped (m). Scaled lengths follow it.'),
      maxPoints: z
        .int()
        .min(1000)
        .max(4_000_000)
        .default(300_000)
        .describe('Points of the largest scan; memory is set aside for it.'),
      deskew: z.boolean().default(true).describe('Undo the motion during a sweep where points carry times.'),
      elevationOffset: z
        .number()
        .min(-5)
        .max(5)
        .default(0)
        .describe(
          'How much higher than they say the lasers of a spinning LiDAR point (degrees): the HDL-64E of KITTI 0.205. A map that leans more the longer the way is a sign of it.',
        ),
      transformGap: z
        .number()
        .positive()
        .max(10)
        .default(0.25)
        .describe(
          'Longest time without a transform on /tf (s) over which the place of a sensor that moves on the body, such as a gel on an arm, is interpolated; beyond it the measurement is left out and counted. Where it stands still, eight times as long, and without limit where transforms came more often before: some drivers are silent while nothing moves.',
        ),
      deskewAlways: z
        .boolean()
        .default(false)
        .describe(
          'Undo it also where the recording is known to be corrected already (KITTI odometry), and with times rebuilt from the order of the points where they carry none.',
        ),
    })
    .prefault({}),
  prepare: z
    .strictObject({
      mapVoxel: metres(0.2, 10).describe('One point per voxel of this side is mapped (m, scaled).'),
      trackVoxel: metres(0.6, 20).describe('One point per voxel of this side is registered (m, scaled).'),
      maxMapPoints: z
        .int()
        .min(500)
        .max(500_000)
        .default(60_000)
        .describe('At most so many points of a scan are mapped.'),
      maxTrackPoints: z
        .int()
        .min(200)
        .max(60_000)
        .default(4_000)
        .describe('At most so many points of a scan are registered.'),
    })
    .prefault({}),
  map: z
    .strictObject({
      voxel: metres(0.15, 10).describe('Distance between the corners that hold fused distances (m, scaled).'),
      truncation: z.number().min(1).max(8).default(2).describe('Largest stored distance, in voxels.'),
      featureCell: z
        .int()
        .min(1)
        .max(16)
        .default(4)
        .describe('Distance between the corners that hold learned features, in voxels.'),
      maxRange: metres(60, 1000).describe('Points farther than this are tracked but not mapped (m, scaled).'),
      maxWeight: z
        .number()
        .positive()
        .default(100)
        .describe(
          'Weight at which a running mean becomes an exponential one: how fast a changed world is relearned.',
        ),
      saturation: z
        .number()
        .positive()
        .default(4)
        .describe(
          'Where corners weigh more, only a share saturation/weight of new points is fused: known places cost less.',
        ),
      halfFeatures: z
        .boolean()
        .default(false)
        .describe('Engine webgpu keeps learned features as 16-bit halves: less to read per sample.'),
      carveEvery: z
        .int()
        .min(0)
        .max(16)
        .default(4)
        .describe(
          'Scans in which every part of the map is checked once for what has moved on; 0 = nothing is ever cleared.',
        ),
      memoryMiB: z
        .int()
        .min(384)
        .max(4095)
        .default(3072)
        .describe(
          'Address space for the map; pages are used only when needed. Once it is full, places far away are forgotten; their mesh is kept.',
        ),
    })
    .prefault({}),
  training: z
    .strictObject({
      iterations: z
        .int()
        .min(0)
        .max(100)
        .default(3)
        .describe('Optimisation steps per scan; 0 maps with fused distances only.'),
      firstScanFactor: z
        .int()
        .min(1)
        .max(100)
        .default(5)
        .describe('So many times more steps on the first scan.'),
      batch: z.int().min(512).max(65_536).default(8192).describe('Samples per step, half of them replayed.'),
      samplePoints: z
        .int()
        .min(256)
        .max(16_384)
        .default(2048)
        .describe('Points of a scan that give samples, four each.'),
      huber: z.number().positive().default(0.03).describe('Residual at which the loss becomes linear (m).'),
      learningRate: z.number().positive().max(1).default(0.003).describe("Adam's step size for features."),
      scalarRate: z
        .number()
        .min(0)
        .max(1)
        .default(0.3)
        .describe("Share of a sample's residual that the fused distances around it take in one step."),
      outputScale: z
        .number()
        .positive()
        .max(10)
        .default(0.1)
        .describe('Scale of the decoded residual (m at 0.15 m voxels, scaled).'),
      replayRadius: metres(50, 1000).describe('Keyframes nearer than this are replayed (m, scaled).'),
      keyframeDistance: metres(1, 100).describe('A keyframe is kept every so many metres (scaled) …'),
      keyframeAngle: z.number().positive().max(180).default(10).describe('… or degrees.'),
      window: z
        .int()
        .min(0)
        .max(32)
        .default(8)
        .describe('Latest keyframes whose poses are optimised together with the features; 0 = none.'),
      poseSigma: metres(0.002, 10).describe(
        'How well tracking is taken to know the poses of LiDARs (m, standard deviation, scaled; 0.1 rad a metre): the joint optimisation moves them within that.',
      ),
    })
    .prefault({}),
  tracking: z
    .strictObject({
      maxIterations: z.int().min(1).max(100).default(20).describe('Gauss–Newton steps per scan.'),
      kernelStart: metres(0.6, 10).describe('Robust scale of the first step (m, scaled).'),
      kernelEnd: metres(0.2, 10).describe('Robust scale of the last step (m, scaled).'),
      anneal: z
        .number()
        .min(0.1)
        .max(1)
        .default(0.75)
        .describe('The robust scale shrinks by this factor per step.'),
      gradientScale: z
        .number()
        .positive()
        .default(0.5)
        .describe('Scale of the weight by how far the gradient norm is from one.'),
      minWeight: z
        .number()
        .min(0)
        .default(0.05)
        .describe('Corners seen with less weight are not tracked against.'),
      groundWeight: z
        .number()
        .min(0)
        .max(10)
        .default(1)
        .describe('Weight of ground points relative to the others.'),
      twistSigmaLinear: z
        .number()
        .min(0)
        .default(1)
        .describe(
          'How far the velocity within a sweep may differ from its prediction (m/s, standard deviation); 0 = not at all.',
        ),
      twistSigmaAngular: z.number().min(0).default(1).describe('The same for the turn rate (rad/s).'),
      minInlierRatio: z
        .number()
        .min(0)
        .max(1)
        .default(0.35)
        .describe('With fewer inliers the track is lost.'),
      minValuedRatio: z
        .number()
        .min(0)
        .max(1)
        .default(0.15)
        .describe('With fewer points in the known map the track is lost.'),
      newMapAfter: z
        .number()
        .min(0)
        .max(3600)
        .default(10)
        .describe(
          'Seconds after which a lost track gives its map up: a new one starts, which is not connected to it. A map of five scans or fewer is given up after one second and ten scans. 0 = never.',
        ),
      minConditioning: z
        .number()
        .min(0)
        .max(1)
        .default(0.06)
        .describe(
          'Where the normals seen span a direction less than this (a third each is best), it is held to the prediction: degraded.',
        ),
    })
    .prefault({}),
  rgbd: z
    .strictObject({
      voxel: metres(0.02, 1).describe('Distance between the corners of a map made with cameras (m).'),
      truncation: z.number().min(1).max(8).default(3).describe('Largest stored distance, in voxels.'),
      minRange: z.number().min(0).default(0.1).describe('Nearer depth is dropped (m).'),
      maxRange: metres(8, 100).describe('Farther depth is dropped (m).'),
      noiseFloor: metres(0.0012, 1).describe('Standard deviation of depth at 0.4 m (m) …'),
      noiseGrowth: z
        .number()
        .min(0)
        .max(1)
        .default(0)
        .describe(
          "… and how it grows with the square of the distance beyond that (1/m). 0 = as a camera's first images show it, 0.0019 to 0.02.",
        ),
      maxWeight: z
        .number()
        .positive()
        .default(64)
        .describe('Weight at which a running mean becomes an exponential one.'),
      trackPoints: z
        .int()
        .min(200)
        .max(20_000)
        .default(2000)
        .describe('Points of a frame that are registered.'),
      fuseEvery: z
        .int()
        .min(1)
        .max(100)
        .default(2)
        .describe('At rest and in slow motion every so many frames are mapped; in fast motion all.'),
      metresPerLevel: z
        .number()
        .min(0)
        .max(1)
        .default(0.0004)
        .describe('What a grey level counts as in tracking (m); 0 = colour is not tracked.'),
      minConditioning: z
        .number()
        .min(0)
        .max(1)
        .default(0.02)
        .describe(
          'As tracking.minConditioning. Bare walls and floors have 0.013 at most, rooms that are tracked to millimetres 0.026 and more.',
        ),
      iterations: z
        .int()
        .min(0)
        .max(100)
        .default(0)
        .describe(
          'Optimisation steps of learned features per mapped frame; what they gain is measured in docs/benchmarks.md.',
        ),
      mountSigmaLinear: z
        .number()
        .min(0)
        .max(1)
        .default(0.02)
        .describe(
          'How well it is known where a camera is beside a LiDAR (m): within that it is refined. 0 = exactly.',
        ),
      mountSigmaAngular: z
        .number()
        .min(0)
        .max(30)
        .default(1)
        .describe('The same for its direction (degrees).'),
    })
    .prefault({}),
  touch: z
    .strictObject({
      voxel: metres(0.001, 0.1).describe(
        'Distance between the corners of the grid that is made by touch (m).',
      ),
      truncation: z.number().min(1).max(8).default(4).describe('Largest stored distance, in voxels.'),
      sigmaLinear: metres(0.002, 0.1).describe(
        'How well the arm knows where its tactile sensors are (m): within that touches are registered to the map.',
      ),
      sigmaAngular: z
        .number()
        .positive()
        .max(30)
        .default(1)
        .describe('The same for their direction (degrees).'),
      handEyeLinear: z
        .number()
        .min(0)
        .max(0.02)
        .default(0.001)
        .describe(
          'By how much the place of a tactile sensor on the hand may be wrong, the same in all touches (m): found where touches tell it. 0 = it is right.',
        ),
      handEyeAngular: z
        .number()
        .min(0)
        .max(10)
        .default(0.5)
        .describe('The same for its direction (degrees); 0 = the place is right.'),
      pitch: z
        .number()
        .min(0)
        .max(0.01)
        .default(0)
        .describe(
          'From one pixel to the next of tactile depth images (m); 0 = as their calibration says, which they need then.',
        ),
      lidarRange: metres(30, 1000).describe(
        'In a map that touch has a part in, returns of LiDARs farther than this are dropped too, and scaled lengths follow it where sensor.maxRange is larger (m): arms work in rooms. 100 outdoors.',
      ),
    })
    .prefault({}),
  mesh: z
    .strictObject({
      blocksPerScan: z
        .int()
        .min(0)
        .max(100_000)
        .default(48)
        .describe('Map blocks re-extracted per scan; the rest waits, and is done at the end.'),
      minWeight: z.number().min(0).default(0.01).describe('Corners seen with less weight are not meshed.'),
      minComponentTriangles: z
        .int()
        .min(0)
        .default(40)
        .describe('Smaller loose pieces are left out of the exported mesh.'),
    })
    .prefault({}),
  costmap: costmapSchema,
});

export type Config = z.infer<typeof configSchema>;
