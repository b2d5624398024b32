import { compiledUrl } from '../compute/compiled-url.js';
import { configText } from './config-command.js';
import { EXIT, inStage } from './exit-codes.js';
import type { Actions } from './command-options.js';

/** What the commands do. Modules are loaded when their command runs, so that `--help` is quick. */
export const actions: Actions = {
  async replay(input, options) {
    const { replay } = await import('./replay.js');
    return replay(input, options, {
      factoryUrl: compiledUrl(import.meta.url, '../slam/create.js').href,
      stdout: process.stdout,
      stderr: process.stderr,
      signals: process,
    });
  },

  async view(path, options) {
    const { viewCommand } = await import('./view-command.js');
    return viewCommand(path, options, {
      factoryUrl: compiledUrl(import.meta.url, '../slam/create.js').href,
      stderr: process.stderr,
      signals: process,
    });
  },

  async complete(path, options) {
    const { completeCommand } = await import('./complete.js');
    return completeCommand(path, options, {
      factoryUrl: compiledUrl(import.meta.url, '../slam/create.js').href,
      stdout: process.stdout,
    });
  },

  async info(path, options) {
    const { infoCommand } = await import('./recording-commands.js');
    return infoCommand(path, options);
  },

  async convert(input, output, options) {
    const { convertCommand } = await import('./recording-commands.js');
    return convertCommand(input, output, options);
  },

  async sim(world, options) {
    const { simCommand } = await import('./sim-command.js');
    return simCommand(world, options);
  },

  async evalTrajectory(estimate, truth, options) {
    const { evalTrajectory } = await import('./eval.js');
    return inStage('input', () => evalTrajectory(estimate, truth, options));
  },

  async evalMesh(mesh, truth, options) {
    const { evalMesh } = await import('./eval.js');
    return inStage('input', () => evalMesh(mesh, truth, options));
  },

  async touch(folder, options) {
    const { touch } = await import('./touch.js');
    return touch(folder, options);
  },
  async calibrateTouch(folder, options) {
    const { calibrateTouch } = await import('./calibrate-touch.js');
    return calibrateTouch(folder, options);
  },

  async node(args) {
    const { rosArguments, runNode } = await import('../ros/node.js');
    return runNode({
      factoryUrl: compiledUrl(import.meta.url, '../slam/create.js').href,
      argv: rosArguments(args),
    });
  },

  async config(options) {
    process.stdout.write(await configText(options));
    return EXIT.ok;
  },
};
