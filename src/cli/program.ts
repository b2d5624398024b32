import { Argument, Command, Option } from 'commander';
import { SENSOR_SETS } from '../config/sensor-sets.js';

import { addCalibrateTouch } from './calibrate-touch-command.js';
import { addTouch } from './touch-command.js';
import { ENGINES } from '../field/backends/names.js';
import { OBJECT_FAMILIES } from '../sim/objects/object.js';
import { PROBING } from '../sim/touch/probing.js';
import type {
  ReplayOptions,
  InfoOptions,
  CompleteOptions,
  ConvertOptions,
  SimCommandOptions,
  ConfigOptions,
  ViewOptions,
  EvalTrajCommandOptions,
  EvalMeshCommandOptions,
  Actions,
} from './command-options.js';
import {
  collect,
  collectNumbers,
  depthScale,
  finite,
  integer,
  list,
  nonNegative,
  numbers,
  percent,
  port,
  positive,
  seconds,
} from './option-values.js';
import { DEPTH_SCALE, LAYOUT, RECORDING } from './recording-texts.js';
import { TOUCH_KINDS } from './sim-touch-recorder.js';

const VIEWER_PORT = 8642;

/** The command line, for parsing and for docs/cli.md. The result of an action is given to `done`. */
export function buildProgram(actions: Actions, version: string, done: (status: number) => void): Command {
  const program = new Command('feltmap')
    .description(
      'Live neural signed-distance mapping and odometry from recordings of a LiDAR or a depth camera',
    )
    .version(version)
    .option('--debug', 'print stack traces of errors')
    .showHelpAfterError('(feltmap COMMAND --help lists the options)')
    .configureHelp({ showGlobalOptions: true });

  program
    .command('replay')
    .description('run odometry and mapping on a recording; writes trajectory, mesh, map and a report')
    .argument('<input>', RECORDING)
    .option('--out <dir>', 'folder for the results (default: out/<name of the input>)')
    .option(
      '--gt <file|topic>',
      'true trajectory to compare with: a TUM or KITTI file, a pose topic of the recording, or a folder of images that has poses',
    )
    .option(
      '--topic <names>',
      'point cloud topic, needed only when there are several; those of several LiDARs on one body with commas between',
    )
    .addOption(
      new Option(
        '--sensor <kind>',
        'which sensors of a bag to map with (default: LiDAR and depth camera where /tf_static connects them, else the LiDAR; with what tactile sensors felt)',
      ).choices(SENSOR_SETS),
    )
    .option(
      '--base-frame <name>',
      "frame of tf whose poses are written (default: base_link where /tf_static connects it with the sensors, else the sensor's own)",
    )
    .option(
      '--depth <names>',
      'depth image topic, needed only when there are several; those of several cameras on one body with commas between; none: cameras colour what a LiDAR maps',
    )
    .option(
      '--color <names>',
      'colour image topic, one for each of --depth with commas between, or none (default: that of the depth camera, or all that are placed beside a LiDAR)',
    )
    .option('--touch <names>', 'topics of tactile sensors with commas between, or none (default: by name)')
    .option(
      '--touch-calibration <file>',
      'what turns images of their gels into heights (see calibrate-touch)',
    )
    .option(
      '--imu <name>',
      'IMU topic that predicts the motion and tells which way is up, or none (default: the first one)',
    )
    .option(
      '--odometry <name>',
      'Odometry topic (wheels, legs, a camera) that predicts the motion and holds what the scans leave open, or tf:FRAME (default: none)',
    )
    .addOption(
      new Option(
        '--deskew <when>',
        'undo the motion during a sweep: auto (where points have times and are not known to be corrected), always or never (settings sensor.deskew, sensor.deskewAlways)',
      ).choices(['auto', 'always', 'never']),
    )
    .option('--layout <columns>', LAYOUT)
    .option('--depth-scale <number>', DEPTH_SCALE, depthScale)
    .option('--config <file>', 'settings as YAML, see docs/configuration.md')
    .option('--set <key=value>', 'one setting, e.g. sensor.maxRange=60; may be repeated', collect, [])
    .addOption(
      new Option('--engine <name>', 'where heavy arithmetic runs (setting engine)').choices([...ENGINES]),
    )
    .option('--threads <n>', 'threads for kernels, 0 = one per core (setting threads)', integer)
    .option('--seed <n>', 'seed of every random choice (setting seed)', integer)
    .option('--start <s>', 'seconds of the recording to skip', seconds)
    .option('--duration <s>', 'seconds of the recording to use', seconds)
    .option(
      '--map <dir>',
      'saved map (the map/ folder of an earlier run) to find the place in and to continue',
    )
    .option(
      '--complete <x0,y0,z0,x1,y1,z1>',
      'box of the map (m) whose object is written whole, as object-1.ply and .glb; may be repeated',
      collectNumbers,
    )
    .option(
      '--complete-in <frame:x0,y0,z0,x1,y1,z1>',
      'box in a tf frame that moves with its object, such as one in a hand; written like those of --complete, after them; may be repeated',
      collect,
      [],
    )
    .option(
      '--max-lost <percent>',
      'share of scans, lost or with a pose that slid, above which the exit status is 4; a single one counts only with 0',
      percent,
      5,
    )
    .option('--json', 'print one JSON object with the results on stdout, nothing else')
    .option('--quiet', 'no progress and no summary')
    .addOption(
      new Option(
        '--view [port]',
        `show the run in the browser; stays open at the end until Ctrl-C (default port: ${VIEWER_PORT}, 0 = any free one)`,
      )
        .argParser(port)
        .preset(String(VIEWER_PORT)),
    )
    .option(
      '--view-host <address>',
      'address that the viewer listens on (default: 127.0.0.1); beyond this machine it demands a token',
    )
    .option('--view-token <token>', 'token that the viewer demands (default: none on 127.0.0.1, else random)')
    .option('--view-exit', 'end when the replay ends instead of showing it on')
    .option('--open', 'open the viewer in a browser')
    .action(async (input: string, options: ReplayOptions) => done(await actions.replay(input, options)));

  program
    .command('view')
    .description("show a finished run in the browser: a mesh, a saved map, or a run's folder")
    .argument('<path>', 'folder of a run, its map/ folder, or a .ply or .glb mesh')
    .option('--port <n>', 'port of the viewer, 0 = any free one', port, VIEWER_PORT)
    .option('--host <address>', 'address to listen on; beyond this machine a token is needed', '127.0.0.1')
    .option('--token <token>', 'token that the viewer demands (default: none on 127.0.0.1, else random)')
    .option('--trajectory <file>', 'TUM or KITTI trajectory to show with a mesh')
    .option('--open', 'open the viewer in a browser')
    .action(async (path: string, options: ViewOptions) => done(await actions.view(path, options)));

  program
    .command('complete')
    .description(
      'write the whole of an object on a table that a map shows in part, coloured by how sure it is',
    )
    .argument('<map>', 'folder of a run, its map/ folder, or a .ply or .glb mesh')
    .requiredOption(
      '--box <x0,y0,z0,x1,y1,z1>',
      'box around the object, in the frame of the map (m)',
      numbers,
    )
    .requiredOption('--out <file>', 'mesh to write, .ply or .glb')
    .option(
      '--table <a,b,c,d>',
      'plane that it stands on, ax+by+cz=d (default: found in and around the box)',
      numbers,
    )
    .option('--sigma <m>', 'standard deviation of the surface of the map (default: 0.3 voxels)', positive)
    .option('--json', 'print the result as JSON')
    .action(async (path: string, options: CompleteOptions) => done(await actions.complete(path, options)));

  program
    .command('info')
    .description(
      'list the topics of a recording with counts, rates, frames, point fields, gaps and depth cameras; without one, the engines of this machine',
    )
    .argument('[input]', RECORDING)
    .option('--layout <columns>', LAYOUT)
    .option('--depth-scale <number>', DEPTH_SCALE, depthScale)
    .option('--engines', 'list the engines: whether and why each works here, adapter, limits, speed')
    .option('--json', 'print everything as JSON')
    .action(async (input: string | undefined, options: InfoOptions) =>
      done(await actions.info(input, options)),
    );

  program
    .command('convert')
    .description('write a recording as MCAP with ROS 2 messages')
    .argument('<input>', RECORDING)
    .argument('<output>', 'MCAP file to write')
    .option('--layout <columns>', LAYOUT)
    .option('--json', 'print what was written as JSON')
    .option('--quiet', 'print nothing')
    .action(async (input: string, output: string, options: ConvertOptions) =>
      done(await actions.convert(input, output, options)),
    );

  program
    .command('sim')
    .description('make a recording of a simulated world, with its true path beside it')
    .addArgument(
      new Argument(
        '<world>',
        'what to move through; in a room a colour and depth camera looks; touch: an object on a table is felt',
      ).choices(['touch', 'street', 'quad', 'corridor', 'room', 'office']),
    )
    .option('--out <file>', 'MCAP file to write (default: <world>.mcap)')
    .option('--seed <n>', 'same seed, same bytes (default: 0)', integer)
    .option('--duration <s>', 'length of the recording in seconds (default: 10)', seconds)
    .option('--length <m>', 'length of the path in metres, instead of --duration', positive)
    .addOption(
      new Option(
        '--motion <kind>',
        'how the sensor moves (default: violent in the quad, gentle in rooms, else smooth)',
      ).choices(['smooth', 'violent', 'gentle', 'fast', 'robot', 'arm']),
    )
    .option('--beams <n>', 'lasers of the sensor: 16, 32, 64 or 128 (default: 64)', integer)
    .option('--columns <n>', 'measurements a turn and laser (default: 1024)', integer)
    .option(
      '--rate <hz>',
      'turns (default: 10), images (default: 30) or touches (default: 1) a second',
      positive,
    )
    .option(
      '--noise <m>',
      'standard deviation of the range (default: 0.02); 0 turns dropout off too',
      nonNegative,
    )
    .addOption(
      new Option('--stamp <when>', 'instant of the stamp within the sweep (default: start)').choices([
        'start',
        'middle',
      ]),
    )
    .option('--organised', 'clouds with rows and columns, invalid points as NaN')
    .option(
      '--max-rate <deg/s>',
      'fastest turn of violent (default: 150) or fast motion (default: 90)',
      positive,
    )
    .option(
      '--elevation-offset <deg>',
      'how much higher than it says each laser points, as of a sensor off its calibration (default: 0)',
      finite,
    )
    .option(
      '--camera',
      "street, quad, corridor: a colour camera beside the LiDAR, with the geometry of KITTI's",
    )
    .option('--no-imu', 'leave inertial measurements out')
    .option('--odometry', 'write wheel odometry too, as /odom: 1 % too long, with noise and covariance')
    .option(
      '--width <pixels>',
      'rooms: columns of both images (default: 640); with --camera: of its images (default: 1242); touch: of the gel (default: 320)',
      integer,
    )
    .option(
      '--height <pixels>',
      'rooms: rows of both images (default: three quarters of the columns)',
      integer,
    )
    .option('--registered', 'rooms: depth as seen by the colour camera (default: two cameras 25 mm apart)')
    .addOption(
      new Option('--without <effects...>', 'rooms, touch: leave out what real cameras, gels and arms do (default: all on)').choices([
        'noise', 'steps', 'edges', 'holes', 'shadow', 'bias', 'blur', 'exposure', 'grain', 'rolling-shutter', 'delay',
        'markers', 'shear', 'drift', 'unevenness', 'falloff', 'skirt', 'kinematics', 'hand-eye',
      ]), // prettier-ignore
    )
    .option('--raw', 'rooms: uncompressed colour images (default: JPEG)')
    .option('--quality <n>', 'JPEG quality of colour images (default: 90)', integer)
    .option('--compressed-depth', 'rooms: depth as PNG (compressedDepth)')
    .option('--lidar', 'rooms: a LiDAR above the camera too')
    .addOption(
      new Option(
        '--object <family>',
        'touch: what stands on the table (default: mug); room: the same, and a robot with an arm drives there and touches it',
      ).choices(OBJECT_FAMILIES),
    )
    .option('--touches <n>', 'touch: how many (default: 20)', integer)
    .option('--touch-rate <hz>', 'room with --object: how often the arm touches (default: 1)', positive)
    .addOption(
      new Option('--probing <policy>', 'touch: where, one after the other (default: spread)').choices(
        PROBING,
      ),
    )
    .option(
      '--position-error <m>',
      'touch: standard deviation of the pose that the arm gives, per axis and touch (default: 0.002)',
      nonNegative,
    )
    .option('--rotation-error <deg>', 'touch: the same of its rotation (default: 1)', nonNegative)
    .option(
      '--exposure <factor>',
      'touch: brightness of the images; above 1.5 they clip (default: 1)',
      positive,
    )
    .addOption(
      new Option('--only <kinds...>', 'touch: what the MCAP file holds (default: all)').choices(TOUCH_KINDS),
    )
    .option(
      '--presses <n>',
      'touch: presses of a ball for the calibration, in a folder (default: 40)',
      integer,
    )
    .option(
      '--folder',
      'rooms: a folder like those of TUM RGB-D, depth registered, instead of an MCAP file; touch: images and poses',
    )
    .option('--threads <n>', 'rooms: threads that render (default: as many as cores)', integer)
    .option('--json', 'print the result as JSON')
    .option('--quiet', 'print nothing')
    .action(async (world: string, options: SimCommandOptions) => done(await actions.sim(world, options)));

  addEvalCommands(program, actions, done);
  addCalibrateTouch(program, actions, done);
  addTouch(program, actions, done);

  program
    .command('node')
    .description('run as a ROS 2 node (with ROS 2 sourced); docs/ros.md describes its interface')
    .argument('[ros-args...]', 'arguments for ROS: --ros-args -p base_frame:=base_link -r lidar:=/points')
    .allowUnknownOption()
    .action(async (args: string[]) => done(await actions.node(args)));

  program
    .command('config')
    .description('print every setting with its default as YAML')
    .option('--docs', 'print the reference in Markdown instead')
    .option('--config <file>', 'check this file and print the settings that result from it')
    .option('--set <key=value>', 'one setting on top; may be repeated', collect, [])
    .action(async (options: ConfigOptions) => done(await actions.config(options)));

  return program;
}

function addEvalCommands(program: Command, actions: Actions, done: (status: number) => void): void {
  const evaluate = program.command('eval').description('measure trajectories and meshes against the truth');

  evaluate
    .command('traj')
    .description('ATE, relative error and KITTI drift of a trajectory')
    .argument('<estimate>', 'TUM or KITTI file')
    .argument('<truth>', 'TUM or KITTI file, or with --bag a pose topic')
    .addOption(
      new Option('--align <how>', 'how the estimate is laid over the truth')
        .choices(['se3', 'first', 'none'])
        .default('se3'),
    )
    .addOption(
      new Option('--match <how>', 'true pose at a stamp: interpolated, or the nearest as evo does')
        .choices(['interpolate', 'nearest'])
        .default('interpolate'),
    )
    .option('--tolerance <s>', 'poses farther apart in time are not compared (default: 0.01)', seconds)
    .option(
      '--lengths <m,...>',
      "drift over segments of these lengths (default: KITTI's, or what fits)",
      list,
    )
    .option('--step <n>', 'a segment starts at every so many poses (default: 10)', integer)
    .option('--bag <file>', 'recording that holds the topic of the truth')
    .option('--json', 'print everything as JSON')
    .action(async (estimate: string, truth: string, options: EvalTrajCommandOptions) =>
      done(await actions.evalTrajectory(estimate, truth, options)),
    );

  evaluate
    .command('mesh')
    .description('accuracy, completion, Chamfer distance and F-score of a mesh')
    .argument('<mesh>', 'PLY mesh')
    .argument('<truth>', 'PLY mesh or points of the true surface')
    .option('--thresholds <m,...>', 'distances of the F-score (default: 0.05,0.1)', list)
    .option('--spacing <m>', 'distance between samples on the mesh (default: 0.02)', positive)
    .option('--gt <file>', 'true trajectory, in the frame of the true surface')
    .option(
      '--trajectory <file>',
      'estimated trajectory in the frame of the mesh: with --gt it aligns the mesh',
    )
    .option('--radius <m>', 'with --gt: only surfaces this near to the true path count', positive)
    .option('--seed <n>', 'seed of the samples (default: 1)', integer)
    .option('--json', 'print everything as JSON')
    .action(async (mesh: string, truth: string, options: EvalMeshCommandOptions) =>
      done(await actions.evalMesh(mesh, truth, options)),
    );
}
