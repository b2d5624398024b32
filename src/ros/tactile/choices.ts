import { TOUCH_INPUTS } from '../../images/decode-touch.js';
import { GEL_PRESETS } from '../../sensors/tactile/presets.js';

/** Values of the parameters `tactile_input` and `tactile_preset`. */
export const TACTILE_INPUTS: readonly string[] = TOUCH_INPUTS;
export const TACTILE_PRESETS: readonly string[] = ['none', ...Object.keys(GEL_PRESETS)];
