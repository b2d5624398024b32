import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toIoError, writeFileAtomic } from '../export/atomic-file.js';
import { formatCovariances } from '../export/covariance.js';
import { encodeGlb } from '../export/glb.js';
import { formatKitti } from '../export/kitti.js';
import { ofMap } from '../export/map-names.js';
import { encodePcd } from '../export/pcd.js';
import { encodePly } from '../export/ply.js';
import { nounOf } from '../export/measurement-noun.js';
import { meshPicture } from '../export/picture.js';
import { writeMapFolder } from '../export/map-folder.js';
import { buildReport, formatReportJson, makeRunReport, type RunReportInput } from '../export/report.js';
import { formatTum } from '../export/tum.js';
import { mapCloud } from '../mesh/map-cloud.js';
import type { FrameSamples } from './frame-samples.js';
import { writeObjects, type ReplayObject } from './replay-objects.js';
import type { RunLog } from './run-log.js';
import type { SlamFinal } from '../host/protocol.js';
import { makeFolder } from '../export/make-folder.js';

const LEFTOVER =
  /^\.(trajectory\.(tum|kitti\.txt)|mesh\.(ply|glb)|cloud\.pcd|object-\d+\.(ply|glb)|report\.(json|html))\.[0-9a-f]{8}\.tmp$/;

/** Makes the folder, clears what a killed run left there, and checks that it can be written to before hours of work. */
export async function prepareOutput(dir: string): Promise<void> {
  await removeLeftovers(dir);
  const probe = join(dir, `.feltmap-${process.pid}.tmp`);
  try {
    await makeFolder(dir);
    await writeFile(probe, '');
    await rm(probe);
  } catch (error) {
    throw toIoError(error, dir);
  }
}

/** Temporary files of a run that was killed while it wrote its results. */
async function removeLeftovers(dir: string): Promise<void> {
  const names = await readdir(dir).catch(() => []);
  for (const name of names) if (LEFTOVER.test(name)) await rm(join(dir, name), { force: true });
}

/** What the report says beyond the files and the log. */
export type RunFacts = Omit<RunReportInput, 'results' | 'statistics' | 'files'>;

/**
 * Writes everything a replay leaves; every file appears complete or not at all.
 * @returns path of each file by what it is
 * @throws FeltmapError io
 */
export async function writeOutputs(
  dir: string,
  log: RunLog,
  final: SlamFinal,
  samples: Pick<FrameSamples, 'beside'>,
  facts: RunFacts,
  objects: readonly ReplayObject[] = [],
): Promise<Record<string, string>> {
  const poses = log.poses;
  const files: Record<string, string> = {};
  const write = async (what: string, name: string, data: string | Uint8Array | Iterable<Uint8Array>) => {
    const path = join(dir, name);
    await writeFileAtomic(path, data);
    files[what] = path;
  };
  // Smallest and dearest first: should the disk fill up, the trajectory is there.
  await write(
    'trajectory',
    'trajectory.tum',
    formatTum({ stampsNs: log.stamps, poses }, facts.input.bodyFrame),
  );
  await write('covariance', 'covariance.txt', formatCovariances(log.results));
  await write('poses', 'trajectory.kitti.txt', formatKitti(poses));
  const { sensor = 'lidar', bodyFrame } = facts.input;
  const ofSensor = sensor === 'lidar' && bodyFrame === undefined;
  const frame = `metres, z up, frame of the ${ofSensor ? 'first scan' : `body at the first ${nounOf(sensor)}`}`;
  const { submap, mesh, grids, map } = final;
  const maps = [...final.earlier, { submap, mesh, grids, files: map }];
  for (const { submap, files: map } of maps) {
    const name = ofMap('map', submap);
    if (map.size === 0) continue;
    files[name] = join(dir, name);
    await writeMapFolder(files[name], map);
  }
  for (const { submap, mesh } of maps) {
    const [ply, glb] = [ofMap('mesh', submap), ofMap('glb', submap)];
    await write(ply, `${ply}.ply`, encodePly(mesh, ['feltmap', frame]));
    await write(glb, `${ply}.glb`, await encodeGlb(mesh));
  }
  for (const { submap, mesh, grids } of maps) {
    const name = ofMap('cloud', submap);
    const { positions, colors } = mapCloud({ mesh, grids });
    await write(name, `${name}.pcd`, await encodePcd(positions, 'binary', colors));
  }
  Object.assign(files, await writeObjects(dir, objects));

  const [json, html] = [join(dir, 'report.json'), join(dir, 'report.html')];
  Object.assign(files, { data: json, report: html });
  const largest = maps.reduce((a, b) => (b.mesh.indices.length > a.mesh.indices.length ? b : a));
  // A path from touch to touch would hide what was touched.
  const path = facts.input.sensor === 'touch' ? [] : log.posesIn(largest.submap);
  const report = makeRunReport({ ...facts, results: log.results, statistics: log.statistics, files });
  await writeFileAtomic(json, formatReportJson(report));
  await writeFileAtomic(
    html,
    buildReport(report, {
      mesh: meshPicture(largest.mesh, path),
      meshInColor: largest.mesh.colors !== undefined,
      frames: samples.beside(largest.mesh, (stampNs) => log.poseAt(stampNs, largest.submap)),
    }),
  );
  return files;
}
