// One mesh at three scales: the room, the table and what was touched, side by side.
import sharp from 'sharp';
import { meshPicture } from '../../../dist/export/picture.js';
import { renderMesh } from '../../../dist/export/render.js';
import { transformPoint } from '../../../dist/geometry/se3.js';

const [WIDTH, HEIGHT] = [560, 480];
/** What was made by touch is of this colour: a gel says nothing of colours. */
const TOUCHED = [240, 150, 60];
/** How far behind the object towards the robot, above it, and at what height of it a camera looks (m). */
const VIEWS = [
  { back: 1.25, up: 0.85, at: 0 },
  { back: 0.3, up: 0.2, at: 0.04 },
];

/**
 * @param mesh in the frame of the path, its vertices' colours included
 * @param touched vertices of the grid made by touch
 * @param T_odom_object where the object stands
 * @param poses of the path, the last one where the robot stands
 */
export async function threeScales(file, mesh, touched, T_odom_object, poses) {
  const colors = mesh.colors.slice();
  for (const v of touched) colors.set(TOUCHED, 3 * v);
  const painted = { ...mesh, colors };
  const object = [T_odom_object[3], T_odom_object[7], T_odom_object[11]];
  const robot = poses.at(-1);
  const away = Math.hypot(robot[3] - object[0], robot[7] - object[1]);
  const back = [(robot[3] - object[0]) / away, (robot[7] - object[1]) / away];
  const room = await sharp(meshPicture(painted, poses, { width: WIDTH, height: HEIGHT })).raw().ensureAlpha().toBuffer(); // prettier-ignore
  const near = VIEWS.map((view) =>
    renderMesh(painted, {
      width: WIDTH,
      height: HEIGHT,
      shading: 'colors',
      occlusionRadius: 0.1 * view.back,
      camera: {
        kind: 'perspective',
        eye: [object[0] + view.back * back[0], object[1] + view.back * back[1], object[2] + view.up],
        target: transformPoint(T_odom_object, 0, 0, view.at),
      },
    }),
  );
  const gap = 6;
  const background = '#10151f';
  await sharp({ create: { width: 3 * WIDTH + 2 * gap, height: HEIGHT, channels: 3, background } })
    .composite(
      [room, ...near].map((input, i) => ({
        input: Buffer.from(input),
        raw: { width: WIDTH, height: HEIGHT, channels: 4 },
        left: i * (WIDTH + gap),
        top: 0,
      })),
    )
    .jpeg({ quality: 82 })
    .toFile(file);
}
