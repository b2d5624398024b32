import type { Command } from 'commander';
import type { Actions } from './command-options.js';
import { nonNegative, positive } from './option-values.js';
import type { TouchOptions } from './touch.js';

/** Declares `feltmap touch`. */
export function addTouch(program: Command, actions: Actions, done: (status: number) => void): void {
  program
    .command('touch')
    .description('map an object by touch alone: images of a gel, and where the arm says that it was')
    .argument(
      '<folder>',
      'images of the gel in their order, reference.png of the untouched gel, and poses.txt with a line t x y z qx qy qz qw each',
    )
    .requiredOption('--calibration <file>', 'of the gel, from feltmap calibrate-touch')
    .option('--out <dir>', 'folder for the results (default: out/<name of the input>)')
    .option('--voxel <mm>', 'distance between the corners of the map in millimetres (default: 1)', positive)
    .option('--sigma <mm>', "standard deviation of the arm's positions in millimetres (default: 2)", positive)
    .option('--sigma-turn <deg>', 'and of its directions in degrees (default: 1)', positive)
    .option(
      '--hand-eye <mm>',
      "how wrong the sensor's place on the hand may be, in millimetres; it is found then (default: 0)",
      nonNegative,
    )
    .option(
      '--no-optimise',
      'leave each touch where it was registered first, instead of finding all poses together',
    )
    .option('--json', 'print the result as JSON')
    .option('--quiet', 'print nothing')
    .action(async (folder: string, options: TouchOptions) => done(await actions.touch(folder, options)));
}
