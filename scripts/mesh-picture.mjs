// Draws a mesh with the path through it, as the report does. Needs a build.
// Usage: node scripts/mesh-picture.mjs OUT_FOLDER_OF_A_REPLAY PICTURE.jpg [--no-path]
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { meshPicture } from '../dist/export/picture.js';
import { decodePly } from '../dist/export/ply-reader.js';
import { parseTum } from '../dist/export/tum.js';

const [folder, picture, option] = process.argv.slice(2);
if (!picture) throw new Error('Give the folder of a replay, and the picture to write.');
const mesh = decodePly(readFileSync(join(folder, 'mesh.ply')));
const { poses } = parseTum(readFileSync(join(folder, 'trajectory.tum'), 'utf8'));
await sharp(meshPicture(mesh, option === '--no-path' ? [] : poses))
  .jpeg({ quality: 82 })
  .toFile(picture);
