import { sensorKinds } from '../../config/sensors.js';
import type { TouchInput } from '../../images/decode-touch.js';
import { ROS_TYPES } from '../../messages/types.js';
import { GEL_PRESETS, presetPitch } from '../../sensors/tactile/presets.js';
import type { ParameterStore } from '../parameter-check.js';

/** A tactile sensor of the parameters. */
export interface TactileTopic {
  /** For people. */
  readonly sensor: string;
  readonly input: TouchInput;
  /** As it is subscribed to; remappings apply. */
  readonly name: string;
  /** Type of the messages, unless a publisher has another one. */
  readonly type: string;
}

/** The tactile sensors that the parameters name; none where the map is made without touch. */
export function tactileOf(p: ParameterStore): TactileTopic[] {
  if (!sensorKinds(p.config).includes('touch')) return [];
  const input = p.string('tactile_input') as TouchInput;
  const type = input === 'points' ? ROS_TYPES.pointCloud2 : ROS_TYPES.image;
  return p.strings('tactile_sensors').map((sensor) => ({ sensor, input, name: `${sensor}/${input}`, type }));
}

/** From one pixel to the next of depth images (m): as it is given, else the preset's; 0 where neither says. */
export function tactilePitch(p: ParameterStore): number {
  const preset = GEL_PRESETS[p.string('tactile_preset')];
  return p.config.touch.pitch || (preset ? presetPitch(preset) : 0);
}
