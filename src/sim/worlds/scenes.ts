import { FeltmapError } from '../../geometry/errors.js';
import type { Scene } from '../looks/scene.js';
import { officeScene } from './office.js';
import { roomScene } from './room.js';

export const SCENES = ['room', 'office'] as const;
export type SceneName = (typeof SCENES)[number];

export function isScene(name: string): name is SceneName {
  return SCENES.includes(name as SceneName);
}

/** @throws FeltmapError 'not-found' for an unknown scene */
export function makeScene(name: string, seed: number | string = 0): Scene {
  if (name === 'room') return roomScene(seed);
  if (name === 'office') return officeScene(seed);
  throw new FeltmapError('not-found', `There is no simulated room '${name}'; choose ${SCENES.join(' or ')}.`);
}
