import { FeltmapError } from '../../geometry/errors.js';
import type { SimObject } from '../objects/object.js';
import type { Scene } from '../looks/scene.js';
import { officeScene } from './office.js';
import { roomScene } from './room.js';

export const SCENES = ['room', 'office'] as const;
export type SceneName = (typeof SCENES)[number];

export function isScene(name: string): name is SceneName {
  return SCENES.includes(name as SceneName);
}

/**
 * @param object stands on the table of the room
 * @throws FeltmapError 'not-found' for an unknown scene, 'bad-config' where it has no table for an object
 */
export function makeScene(name: string, seed: number | string = 0, object?: SimObject): Scene {
  if (name === 'room') return roomScene(seed, object);
  if (name === 'office' && object)
    throw new FeltmapError('bad-config', 'In the office no object can be touched; take the room.');
  if (name === 'office') return officeScene(seed);
  throw new FeltmapError('not-found', `There is no simulated room '${name}'; choose ${SCENES.join(' or ')}.`);
}
