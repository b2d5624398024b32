import { PATHS } from '../../protocol/index.js';
import { formatTum } from '../../../export/tum.js';
import type { Pose } from '../../../geometry/se3.js';
import type { Session } from '../model/session.js';
import { serverUrl } from '../net/connection.js';
import type { SceneView } from '../scene/view.js';
import { el } from './dom.js';

/** Saves the mesh: the server's own where it offers one, else what is on the screen. */
export async function downloadMesh(
  page: URL,
  session: Session,
  view: SceneView,
  online: boolean,
): Promise<void> {
  if (online && session.hello?.can.mesh) {
    save(serverUrl(page, PATHS.mesh, 'http'), 'mesh.glb');
    return;
  }
  // Loaded only when needed: an exporter is a third of the page.
  const { meshFile } = await import('../model/mesh-file.js');
  saveBlob(await meshFile(view.groups), 'mesh.glb');
}

/** Saves the completed objects as GLB, in the colours of their standard deviations. */
export async function downloadObjects({ objects }: SceneView): Promise<void> {
  const { objectsFile } = await import('../model/mesh-file.js');
  saveBlob(await objectsFile(objects.geometries), 'objects.glb');
}

/** Saves the trajectory in TUM format. */
export function downloadTrajectory(page: URL, session: Session, online: boolean): void {
  if (online && session.hello?.can.trajectory) {
    save(serverUrl(page, PATHS.trajectory, 'http'), 'trajectory.tum');
    return;
  }
  saveBlob(new Blob([trajectoryText(session)], { type: 'text/plain' }), 'trajectory.tum');
}

/** The session's trajectory as TUM. */
function trajectoryText({ trajectory, submaps }: Session): string {
  const stampsNs: bigint[] = [];
  const poses: Pose[] = [];
  for (let i = 0; i < trajectory.length; i++) {
    stampsNs.push(trajectory.stamp(i));
    poses.push(trajectory.pose(i, submaps));
  }
  return formatTum({ stampsNs, poses });
}

/** Saves what the canvas shows as a PNG. */
export function downloadPicture(view: SceneView): void {
  view.canvas.toBlob((blob) => {
    if (blob) saveBlob(blob, 'feltmap.png');
  }, 'image/png');
}

function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  save(url, name);
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

function save(href: string, name: string): void {
  const link = el('a', { href, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}
