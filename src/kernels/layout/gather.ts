// Byte offsets into the parameter blocks of the kernels that work on organised ranges and on colours.
// This file is plain enough to be both AssemblyScript (kernels) and TypeScript.

/** Blocks per chunk of a fusion. */
export const GATHER_CHUNK = 8;
/** Side of a tile of which the nearest and the farthest range are kept, pixels. */
export const TILE = 16;
/** Points per chunk of what is asked point by point. */
export const POINT_CHUNK = 256;

// Fusion by gathering: arguments
export const D_GRID = 0;
export const D_WIDTH = 4; // pixels
export const D_HEIGHT = 8;
export const D_CAMERA = 12; // f32×4: fx fy cx cy
export const D_POSE = 28; // f32×12, T_submap_sensor
export const D_PLANES = 76; // 5 pointers: z nx ny nz information, f32 per pixel
export const D_COLOR = 96; // 4 bytes per pixel: r g b known; 0 = no image
export const D_STEP = 100; // blocks are made around every so many rows and columns
export const D_SCAN = 104; // number of the scan, for the time stamps of blocks
export const D_BLOCKS = 108; // u32 per block: those in view, listed here
export const D_MOST = 112; // how many fit
export const D_COUNT = 116; // how many there are
export const D_TILES = 120; // f32×2 per tile: nearest and farthest range; farthest 0 = nothing known
export const D_FREE_WEIGHT = 124; // f32: weight of what is seen to be free
export const D_EXPOSURE = 128; // f32×2: brightness of the map = first·pixel + second
// … of an orthographic sensor besides, whose camera is pixels per metre
export const D_LATERAL = 136; // f32 per pixel: metres across the axis to the nearest contact or border
export const D_SPAN = 140; // f32×2: least and largest z
export const D_BODY = 148; // f32: how far behind its surface the sensor's body is

// Colours of corners: u16 each
export const COLOUR_BLOCK = 4096; // bytes of a block: red, green, blue, weight each; 256 = one level, or a weight of one
/** Largest weight of a colour: 65535/256 is the most that fits. */
export const MAX_COLOUR_WEIGHT = 64;

// Registration of oriented points: arguments
export const O_LEVELS = 0; // number of scalar levels, finest first
export const O_COUNT = 4;
export const O_INDICES = 8; // u32[count] into the points
export const O_POINTS = 12; // x y z nx ny nz information: f32, sensor frame
export const O_POSE = 40; // f32×12 T_submap_sensor
export const O_KERNEL = 88; // f32: robust scale
export const O_GRADIENT = 92; // f32: scale of the gradient-norm weight
export const O_MIN_WEIGHT = 96; // f32: corners with less are not trusted
export const O_OUT = 100; // O_STRIDE per chunk
export const O_GRIDS = 104; // 8 descriptors
export const MAX_LEVELS = 8;
/** Upper triangle of H (21), b (6), Σw, Σwr², points with a fine value, inliers among them, points, Σ|r| of inliers, points with a coarse value only, inliers among them, Σ information of points with a value. */
export const O_SUMS = 36;
/** Bytes of a chunk: sums (f64) and scratch. */
export const O_STRIDE = 352;

// Photometric registration: arguments
export const C_GRID = 0; // finest grid
export const C_COUNT = 4;
export const C_INDICES = 8;
export const C_POINTS = 12; // x y z grey information: f32, sensor frame
export const C_POSE = 32; // f32×12 T_submap_sensor
export const C_GAIN = 80; // f32: 1 + gain
export const C_BIAS = 84; // f32
export const C_KERNEL = 88; // f32: robust scale, grey levels
export const C_REACH = 92; // f32: largest distance from the surface, metres
export const C_WEIGHT = 96; // f32: square of metres per grey level
export const C_OUT = 100; // C_STRIDE per chunk
/** Upper triangle over pose, gain, bias (36), b (8), Σw, Σwr², points. */
export const C_SUMS = 47;
/** Bytes of a chunk: sums (f64) and scratch. */
export const C_STRIDE = 472;
/** Gains are per so many grey levels: of the order of the bias. */
export const GAIN_LEVELS = 128;

// Colours at points: arguments
export const H_GRID = 0;
export const H_POINTS = 4; // f32×3 per point, submap frame
export const H_COUNT = 8;
export const H_OUT = 12; // 4 bytes per point: r g b known
