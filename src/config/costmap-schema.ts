import { z } from 'zod';
import { metres } from './metres.js';

/** Settings of the cost map and the distance slice ({@link configSchema}). */
export const costmapSchema = z
  .strictObject({
    resolution: z
      .number()
      .min(0)
      .max(10)
      .default(0)
      .describe(
        'Side of a cell of the cost map (m), at most three voxels of the map; 0 = one voxel, 0.05 at least.',
      ),
    size: z
      .number()
      .min(1)
      .max(2000)
      .default(200)
      .describe('Largest side of the cost map (m); larger maps are cut to a square around the robot.'),
    height: z
      .number()
      .min(0.05)
      .max(100)
      .default(1.5)
      .describe('Height of the robot (m): what is lower than that above its ground is in its way.'),
    maxSlope: z
      .number()
      .min(1)
      .max(60)
      .default(20)
      .describe('Steepest ground that the robot climbs (degrees).'),
    maxStep: metres(0.15, 2).describe('Highest step that it takes, up or down (m).'),
    period: z
      .number()
      .min(0)
      .max(3600)
      .default(2)
      .describe('The node publishes cost map and distance slice every so many seconds; 0 = never.'),
    sliceHeight: z
      .number()
      .min(0)
      .max(100)
      .default(0.5)
      .describe('Height of the distance slice above the ground (m).'),
    sliceRadius: metres(10, 100).describe(
      'Half the side of the distance slice around the robot, and its largest distance (m).',
    ),
  })
  .prefault({});
