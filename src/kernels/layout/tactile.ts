// Byte offsets into the parameter block of the kernels that turn images of a gel into heights, and the constants both
// sides must agree on. This file is plain enough to be both AssemblyScript (kernels) and TypeScript (GelReader).

/** Inputs of the network: three colour ratios, and where the pixel is, −1 … 1 over the image in x and in y. */
export const INPUTS = 5;
/** Units of a hidden layer. */
export const UNITS = 32;
/** Outputs of the network: arctan of the slope in x and in y. */
export const OUTPUTS = 2;
/** Offsets of the layers in the weights, floats: for each layer [out][in], then a bias per output. */
export const LAYER_1 = 0;
export const LAYER_2 = 192;
export const LAYER_3 = 1248;
export const LAYER_4 = 2304;
export const WEIGHTS = 2370;
/** Added to a brightness of 0 … 1 before a ratio is taken, so that dark pixels do not explode. */
export const RATIO_FLOOR = 0.02;

/** Pixels that go through the network together: their activations stay in the nearest cache. */
export const BLOCK = 64;
/** Rows of the image of a chunk, even: fixed, so that results do not depend on threads. */
export const SLOPE_ROWS = 8;
/** Grey levels: pixels whose change from the reference differs by no more, in any channel, are looked at together. */
export const ALIKE = 12;
/** Floats of scratch per chunk: a block's inputs, activations and outputs, derivatives, and its places in the image. */
export const SCRATCH = 10944;
/** Samples of a chunk in training. */
export const SAMPLES = 256;
/** Rows of the image per chunk of the transforms, a multiple of 4. */
export const ROWS = 16;
/** Columns of a panel of the transforms' matrices: a panel's rows lie one after the other. */
export const PANEL = 8;
/** Columns of coefficients per chunk of the solver. */
export const COLUMNS = 16;

// Image to slopes
export const A_IMAGE = 0; // u8*, 3 bytes a pixel
export const A_REFERENCE = 4; // u8*, 3 bytes a pixel
export const A_INVERSE = 8; // f32*, 3 a pixel: 1 / (reference + RATIO_FLOOR)
export const A_WIDTH = 12; // i32
export const A_HEIGHT = 16; // i32
export const A_WEIGHTS = 20; // f32*, WEIGHTS
export const A_BASE = 24; // f32*: what the network says of the reference, a plane for x, then one for y; or 0
export const A_SLOPES = 28; // f32*: a plane for x, then one for y
export const A_DIFFERENCE = 32; // u8*: largest difference of a channel from the reference, per pixel
export const A_SCRATCH = 36; // f32*, SCRATCH per chunk
// Slopes to heights: a cosine transform of each row, an exact solve of each column of coefficients, and back
export const A_HALF = 40; // i32: coefficients of each parity, a multiple of 4
export const A_FORWARD = 44; // f32*: [x][even k], then [x][odd k], x in the left half of a row; in panels
export const A_BACKWARD = 48; // f32*: [even k][x], then [odd k][x]; in panels
export const A_PIVOTS = 52; // f64*: height × 2·half, the pivots of elimination
export const A_COEFFICIENTS = 56; // f64*: height × 2·half
export const A_HEIGHTS = 60; // f32*: width·height, in pixels
export const A_ROW_SCRATCH = 64; // f32*: ROWS × 2·half per chunk
// Training
export const A_INPUTS = 68; // f32*, INPUTS planes of A_COUNT
export const A_TARGETS = 72; // f32*, OUTPUTS planes of A_COUNT
export const A_COUNT = 76; // i32: a multiple of SAMPLES
export const A_TRANSPOSED = 80; // f32*: the weights of each layer as [in][out], same offsets
export const A_GRADIENTS = 84; // f32*: WEIGHTS + 2 per chunk; the last two are the sum of the loss, and 0
// Pixels at rest
export const A_GATE = 88; // f32*: what the slopes of each pixel are multiplied by; pixels at 0 are not looked at
export const A_BYTES = 96;
