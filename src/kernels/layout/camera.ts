// Byte offsets into the parameter block of the kernels that prepare depth images, and the constants both sides must
// agree on. This file is plain enough to be both AssemblyScript (kernels) and TypeScript (CameraPreparer).

/** Rows of the grid per chunk: fixed, so that results do not depend on threads. */
export const GRID_ROWS = 8;
/** Rows of the blurred image per chunk. */
export const GREY_ROWS = 8;
/** Samples of the surface per chunk. */
export const SAMPLES = 2048;
/** Bytes of scratch per chunk. */
export const SCRATCH = 128;
/** Floats left of a padded row's first pixel, and rows above and below the image: half a window, rounded up. */
export const PAD_LEFT = 4;
export const PAD_ROWS = 3;
/** Entry of the lens map where the lens sees nothing. */
export const NO_SOURCE = 0xffffffff;
/** What a lens does: nothing, a rational polynomial, the equidistant model. */
export const LENS_NONE = 0;
export const LENS_RATIONAL = 1;
export const LENS_EQUIDISTANT = 2;

// Depth image
export const A_SOURCE = 0; // u16* or f32*
export const A_SOURCE_FLOAT = 4; // i32: 1 = f32
export const A_LENS_MAP = 8; // u32* or 0: pixel of the pinhole image → pixel of the source
export const A_SOURCE_WIDTH = 12; // i32
export const A_FACTOR = 16; // i32: source pixels per pixel of the grid and axis
export const A_SCALE = 20; // f32: metres per unit
export const A_MIN_RANGE = 24; // f32
export const A_MAX_RANGE = 28; // f32
export const A_METRES = 32; // f32*: scratch of the source's size
export const A_COUNTS = 36; // per chunk: i32, known source pixels; f32, largest inverse depth
// Grid
export const A_WIDTH = 40; // i32
export const A_HEIGHT = 44; // i32
export const A_FX = 48; // f32
export const A_FY = 52; // f32
export const A_CX = 56; // f32
export const A_CY = 60; // f32
export const A_SIGMA = 64; // 4 × f32: a, b, z0 of σ(z) = a + b·(z − z0)², and σ(1)
export const A_Z = 80; // f32*, width·height, as the planes that follow
export const A_INFORMATION = 84; // f32*
export const A_NX = 88; // f32*
export const A_NY = 92; // f32*
export const A_NZ = 96; // f32*
export const A_PADDED = 100; // f32*: 1/z, with PAD_ROWS and PAD_LEFT around it
export const A_PADDED_STRIDE = 104; // i32: floats of a padded row
// Colour image
export const A_COLOR_SOURCE = 112; // u8*, 3 bytes a pixel
export const A_COLOR_WIDTH = 116; // i32
export const A_SHRINK = 120; // i32: source pixels per pixel of the reduced image and axis
export const A_IMAGE = 124; // u8*, 4 bytes a pixel
export const A_IMAGE_WIDTH = 128; // i32
export const A_IMAGE_HEIGHT = 132; // i32
export const A_BLUR = 136; // i32: pixels of the reduced image per pixel of the blurred one and axis
export const A_GREY = 140; // f32*
export const A_GREY_WIDTH = 144; // i32
export const A_GREY_HEIGHT = 148; // i32
export const A_GREY_SUMS = 152; // f32*: sum of the blurred image per chunk
// Colours of the grid
export const A_COLOR = 156; // u8*, 4 bytes a pixel
export const A_SCRATCH = 160; // SCRATCH bytes per chunk
export const A_COLOR_CAMERA = 164; // 4 × f32: fx, fy, cx, cy of the reduced image
export const A_COLOR_POSE = 180; // 12 × f32: T_color_depth
export const A_LENS = 228; // i32, see LENS_*
export const A_COEFFICIENTS = 232; // 8 × f32: k1 k2 k3 k4 k5 k6 p1 p2, or k1 … k4
export const A_LENS_REACH = 264; // f32: squared radius of the rays that the lens can see
// Surface: the pixels of every A_STEP-th row and column
export const A_STEP = 268; // i32
export const A_LATTICE_WIDTH = 272; // i32
export const A_LATTICE_HEIGHT = 276; // i32
export const A_ORDER = 280; // u32*: pixels of the lattice in an order that keeps neighbours together
export const A_PLACE = 284; // u32*: scratch of the lattice's size
export const A_SX = 288; // f32*
export const A_SY = 292; // f32*
export const A_SZ = 296; // f32*
export const A_SNX = 300; // f32*
export const A_SNY = 304; // f32*
export const A_SNZ = 308; // f32*
export const A_SQUALITY = 312; // f32*
export const A_SINFORMATION = 316; // f32*
export const A_SGREY = 320; // f32*
export const A_KEYPOINTS = 324; // u32*
export const A_MAX_KEYPOINTS = 328; // i32
export const A_SURFACE_COUNT = 332; // i32, result
export const A_KEYPOINT_COUNT = 336; // i32, result
export const A_OTHER_ROWS = 340; // i32: 1 = normals of the rows between the lattice's, 0 = of those
// Search for what hides a pixel from the colour camera
export const A_HIDDEN = 344; // u8*, width·height: 0 where the colour camera can see it; or 0: nothing is hidden
export const A_SEARCH = 348; // i32: pixels that are searched
export const A_SEARCH_STEP = 352; // 3 × f32: pixels right and down, and inverse depth, per step
export const A_NEAREST = 364; // f32: largest inverse depth of the grid
export const A_BYTES = 368;
