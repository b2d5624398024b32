// Byte offsets into the parameter blocks of the field's kernels, and the constants both sides must agree on.
// This file is plain enough to be both AssemblyScript (kernels) and TypeScript (WasmField, BlockGrid).

// Blocks
/** Corners along a block's edge, and in a block. */
export const BLOCK_SIDE = 8;
export const BLOCK_CORNERS = 512;

// Grid descriptor
export const G_VERSION = 56; // u32: changes whenever corners do, so that copies of them can tell that they are old

// Fusion
/** Parts that fit into a ray's word. */
export const MAX_PARTS = 8;
/** Bits of a block's number in a ray's word: parts take the lowest 8 bits, the highest says that a block is missing. */
export const RAY_BLOCK_BITS = 23;
/** A ray: its point in voxels (f32×3), then these. */
export const RAY_BYTES = 32;
export const RAY_NORMAL = 12; // f32×3; before it is known: the block of the point
export const RAY_WEIGHT = 24; // f32
export const RAY_WORD = 28; // u32: parts, block
export const F_RAYS = 112; // RAY_BYTES per point
export const F_BUCKETS = 140; // u32 per block: scratch of the sort
export const F_ORDER = 144; // u32×2 per point: the chosen points, block by block, each with its word
export const F_CHOSEN = 148; // u32: how many
export const F_FETCHED = 152; // FETCHED_BYTES per part: what was read only to bring it into the cache
export const FETCHED_BYTES = 128;

export const F_FIRM_WEIGHT = 156; // f32: weight that corners may reach in this call where that is more than their grid's; else 0
/** Corners with so much weight are held: training leaves them alone, and nothing learned is added. More than a grid's own largest weight. */
export const FIRM_WEIGHT = 512;

// Carving
export const CARVE_CHUNK = 16; // blocks per chunk

// Registration
export const REGISTER_CHUNK = 256; // points per chunk
/** Most chunks of a registration, of whatever kind. */
export const REGISTER_CHUNKS = 256;
/**
 * Sums of a chunk's points of a kind, f64: upper triangles of w·j·jᵀ, w·τ·j·jᵀ, w·τ²·j·jᵀ, right-hand sides of w and w·τ, Σw,
 * Σwr², points with a fine value, inliers among them, points in all, Σ|r| of inliers, and of the points with a coarse value
 * only: how many, and inliers among them.
 */
export const R_SUMS = 83;
/** The same in f32 while a chunk is summed, three times six rows of eight. */
export const R_PARTIAL = 576;
/** Bytes of a chunk: sums of two kinds, scratch, partial sums of two kinds. */
export const R_STRIDE = 2544;
export const R_CELLS = 168; // CELL_BYTES per point
/** A point's latest fine cell: coordinates i32×3, version of the grid u32, corners {sdf, weight} f32×16. */
export const CELL_BYTES = 80;
export const CELL_CORNERS = 16; // offset of the corners
/** What is read of a sample once: x y z, τ in units of the time scale, class. */
export const TAKEN_BYTES = 20;

// Optimisation
/** Samples per chunk, in drawing and in fitting. */
export const SAMPLE_CHUNK = 256;
/** A sample: x y z (keyframe frame), then these; three words unused. */
export const SAMPLE_FLOATS = 8;
export const SAMPLE_BYTES = 32;
export const SAMPLE_LABEL = 12; // f32, metres
export const SAMPLE_WEIGHT = 16; // f32
/** What fitting knows of a sample of the batch: ∂L/∂f (f32×8), then these. */
export const RECORD_BYTES = 112;
export const RECORD_CELL = 32; // feature cell: rows i32×8, fraction f32×3
export const RECORD_FLAGS = 76; // which of its values take part
export const RECORD_BLOCK = 80;
export const RECORD_CORNER = 84; // lowest corner of the fine cell, within the block
export const RECORD_FRACTION = 88; // f32×3, within the fine cell
export const RECORD_RESIDUAL = 100; // f32: weighted, no larger than the Huber scale
/** Sums of a chunk of samples: H (21), b (6), Σ loss, count, and what fills 32 f64. */
export const FIT_OUT_BYTES = 256;
/** Scratch of the decoder: a chunk's, or a block's. */
export const SCRATCH_BYTES = 512;
export const CORNERS_BYTES = 64; // {sdf, weight} of a cell's eight corners
export const T_CELLS = 72; // CORNERS_BYTES per sample of the batch

// Carving: arguments
export const K_GRID = 0;
export const K_COUNT = 4; // blocks
export const K_BLOCKS = 8; // i32×4 per block: block, bx, by, bz
export const K_SIGHT = 12; // SIGHT_WORDS f32 per cell: normal towards the sensor, its distance, range (0 = nothing seen)
export const K_POSE = 32; // f32×12, T_submap_sensor
export const K_MAX_RANGE = 88; // f32
export const K_KEEP = 92; // f32: share of its weight that a corner keeps

// Fusion: arguments
export const F_GRID = 0;
export const F_COUNT = 4;
export const F_POINTS = 8; // 6 pointers: x y z nx ny nz, f32[count], sensor frame
export const F_QUALITY = 32; // f32[count]
export const F_POSE = 36; // f32×12, T_submap_sensor
export const F_STEPS = 84; // layers on either side of the surface
export const F_SCAN = 88; // number of the scan, for the time stamps of blocks
export const F_INDICES = 92; // u32[count] into the points, or 0 for all
export const F_PARTS = 96; // how many disjoint parts the blocks are divided into, a power of two
export const F_MAX_RANGE = 100; // f32: farther points are left out
export const F_UNORIENTED_RANGE = 104; // f32: points without a normal are fused along their ray up to here …
export const F_UNORIENTED_QUALITY = 108; // f32: … with this weight
export const F_SATURATION = 116; // f32: where a corner weighs more, only a share saturation/weight of the points is fused
/** Corners that weigh more take no points along the ray, which is but a guess of where outside is. */
export const KNOWN_WEIGHT = 0.3;
export const F_SEED = 120; // u32
export const F_FLAGS = 124; // u8 per point, bit 1 = ground
export const F_UP = 128; // f32×3: normal of ground points that have none of their own, sensor frame

// Registration: arguments
export const R_LEVELS = 0; // number of scalar levels, finest first
export const R_GRIDS = 4; // 4 descriptors
export const R_COUNT = 20;
export const R_INDICES = 24; // u32[count] into the points
export const R_POINTS = 28; // x y z tau: f32, sensor frame, deskewed
export const R_FLAGS = 44; // u8 per point, bit 1 = ground
export const R_POSE = 48; // f32×12 T_submap_sensor
export const R_KERNEL = 96; // f32×4: robust scale per level, 0 = level not used
export const R_GRADIENT = 112; // f32, scale of the gradient-norm weight
export const R_OUT = 116; // R_STRIDE per chunk
export const R_TIME_SCALE = 120; // f32, 1/s: τ is used in these units
export const R_MIN_WEIGHT = 124; // f32: corners with less are not trusted
export const R_LEVEL_WEIGHT = 128; // f32×4
export const R_TWIST = 144; // f32×6: correction of the deskewing twist, turned into the submap frame
export const R_TAKEN = 172; // TAKEN_BYTES per point, side by side
export const R_TAKE = 176; // 1 = the samples have moved and are read anew

// Joint optimisation: arguments
export const T_SCALAR = 0; // fine scalar grid
export const T_LEVEL = 4; // feature level
export const T_POOL = 8; // samples
export const T_CHUNKS = 12; // u32×4 per chunk: first sample, count, pose number, 1 = pose takes part
export const T_POSES = 16; // f32×12 per pose, T_submap_keyframe
export const T_RECORDS = 20; // RECORD_BYTES per sample of the batch
export const T_OUT = 24; // FIT_OUT_BYTES per chunk
export const T_HUBER = 28; // f32, metres
export const T_RATE = 32; // f32, Adam step size
export const T_ITERATION = 36; // i32, ever growing
export const T_TOTAL = 40; // chunks in the batch
export const T_PARTS = 44; // disjoint parts the rows are divided into
export const T_TOUCHED = 48; // u32 lists, one of T_CAPACITY per part
export const T_CAPACITY = 52;
export const T_BIAS = 56; // f32×2 per step number: 1/(1−β₁ᵗ), 1/(1−β₂ᵗ), 1024 entries
export const T_SCRATCH = 64; // SCRATCH_BYTES per chunk
export const T_SCALAR_RATE = 68; // f32: step of the fused scalars, 0 = leave them

// Training samples: arguments
export const S_POINTS = 0; // 6 pointers: x y z nx ny nz
export const S_QUALITY = 24;
export const S_COUNT = 28; // points to choose from
export const S_CHOSEN = 32; // points to choose
export const S_STRIDE = 36; // coprime with S_COUNT
export const S_SEED = 40;
export const S_OUT = 44; // samples, 4 per chosen point
export const S_BAND = 48; // f32: largest offset, metres
export const S_ORIGIN = 52; // u32 offset of the first point
export const S_UNORIENTED_RANGE = 56; // f32: farther points without a normal give nothing

// Distances at points: arguments
export const Q_SCALAR = 0;
export const Q_LEVEL = 4; // 0 = no features
export const Q_POINTS = 8; // f32×3 per point, submap frame
export const Q_COUNT = 12;
export const Q_OUT = 16; // f32×5 per point: distance, gradient, smallest weight (0 = not observed)
export const Q_SCRATCH = 20; // SCRATCH_BYTES per chunk

// Distances at the corners of blocks: arguments
export const E_SCALAR = 0;
export const E_LEVEL = 4; // 0 = no features
export const E_BLOCKS = 8; // u32 per slot: block index
export const E_VALUES = 12; // f32[729] per slot
export const E_COORDS = 16; // i32×4 per slot, filled here
export const E_MIN_WEIGHT = 20; // f32: corners with less are not observed
export const E_BAND = 24; // f32: corners with a larger |fused distance| are left out
export const E_SCRATCH = 28; // SCRATCH_BYTES per slot
export const E_BESIDE = 32; // u32: 1 = corners that are not observed take the mean of those beside them

// Making and dropping blocks: arguments
export const B_GRID = 0;
export const B_COORDS = 4; // i32×4 per block to make: bx, by, bz, unused; or i32 per block to drop: its number
export const B_COUNT = 8;
export const B_LEVEL = 12; // feature level whose rows dropped blocks refer to, 0 = they hold none

// Grid descriptor
export const G_KEYS = 0; // i64[capacity], 0 = free
export const G_VALUES = 4; // i32[capacity], block index
export const G_MASK = 8; // capacity − 1
export const G_COUNT = 12; // blocks of this grid, the empty one (block 0 of the pool) included
export const G_MAX = 16; // most blocks that this grid may have, the empty one included
export const G_COORDS = 20; // i32×4 per block: bx, by, bz, scan that last changed it
export const G_NEIGHBOURS = 24; // i32×8 per block: the block at +(bit0, bit1, bit2); 0 = none
export const G_DATA = 28;
export const G_VOXEL = 32; // f32, metres
export const G_INVERSE = 36; // f32, 1 / voxel
export const G_TRUNCATION = 40; // f32, metres
export const G_OVERFLOW = 44; // set when the arena is full
export const G_CHANGE = 48; // f32 per block: how much it changed since it was last meshed
export const G_MAX_WEIGHT = 52; // f32
export const G_POOL = 60; // descriptor of the pool that keys, values, coordinates, neighbours, data and changes belong to
export const G_KEY = 64; // i64: number of the grid, where a key holds it
export const G_FIRST = 72; // first and last block in the order of their making; 0 = none
export const G_LAST = 76;
export const G_COLOUR = 80; // colours of corners by the number of the block (layout/gather.ts), 0 = it has none
export const GRID_BYTES = 88;

// Block pool descriptor
export const P_TOP = 0; // blocks that were ever used, the empty one included
export const P_MAX = 4;
export const P_FREE = 8; // first of the blocks that were dropped, 0 = none; others follow by P_NEXT
export const P_USED = 12; // blocks in use, the empty one included
export const P_NEXT = 16; // u32 per block: the next of its grid, or of the dropped ones; 0 = none
export const P_PLACE = 20; // u32 per block: its place in the order of its grid, from 1
export const P_BYTES = 24; // of a block's corners
export const POOL_BYTES = 28;
/** A dropped block that its grid's order still holds. */
export const DROPPED = 0xffffffff;

// Keys of blocks: three coordinates, then the number of the grid
export const KEY_BITS = 17;
/** Block coordinates lie within ±this: from −BLOCK_LIMIT to BLOCK_LIMIT − 1. */
export const BLOCK_LIMIT = 65536; // 1 << (KEY_BITS − 1)
/** Grids that a pool numbers, from 1. */
export const MAX_GRIDS = 8190;

// Row pool descriptor
export const W_TOP = 0; // rows that were ever used, the zero row included
export const W_MAX = 4;
export const W_FREE = 8; // first of the dropped rows, 0 = none; others follow by their steps
export const W_ROWS = 12;
export const W_STAMPS = 16;
export const W_STEPS = 20;
export const W_USED = 24; // rows in use, the zero row included
export const ROW_POOL_BYTES = 28;
/** Bytes of a row: features, gradient, Adam's m and v; f32×8 each. */
export const ROW_BYTES = 128;

// Feature level descriptor
export const L_GRID = 0;
export const L_ROWS = 4; // pointer to the rows
export const L_COUNT = 8; // rows of this level, the zero row included
export const L_MAX = 12; // most rows that this level may have, the zero row included
export const L_STAMPS = 16; // i32 per row: last iteration that touched it
export const L_STEPS = 20; // i32 per row: Adam steps taken
export const L_DECODER = 24;
export const L_OVERFLOW = 28;
export const L_COORDS = 32; // i32×4 per row: corner coordinates
export const L_POOL = 36; // descriptor of the pool that rows, stamps, steps and coordinates belong to
export const LEVEL_BYTES = 40;
