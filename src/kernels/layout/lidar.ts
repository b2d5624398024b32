// Byte offsets into the parameter block of the preparation kernels, and the constants both sides must agree on.
// This file is plain enough to be both AssemblyScript (kernels) and TypeScript (LidarPreparer).

/** Raw points per ingest chunk, and the distance between two chunks' segments of the compacted arrays. */
export const SEG = 4096;
export const SEG_STRIDE = 4112; // 16 spare slots: vector tails and the scratch of partly valid groups
/** Azimuth sectors of the range image and partitions of the voxel hash: fixed, so that results do not depend on threads. */
export const SECTORS = 8;
export const PARTS = 8;
/** Columns repeated at each side of an image row, so that a window never has to wrap. */
export const PAD = 8;
export const MAX_LEVELS = 8;
/** Entries of the sin(elevation) → row table. */
export const ELEVATION_STEPS = 4096;
/** i32 words of one ingest chunk's counters: valid, NaN, infinite, zero, too near, too far, on the vehicle, spare. */
export const COUNTERS = 8;
/** Fine points per chunk of the normal, gather and deskew kernels. */
export const FINE_CHUNK = 512;
/** f32 words of one deskew segment: 4 columns × 4 powers × 4 lanes, then ω (4), v (4), start time and spare (4). */
export const SEGMENT_WORDS = 76;
/** Bits of a point's flags. */
export const FLAG_NORMAL = 1;
export const FLAG_GROUND = 2;
/** No normal was looked for yet. */
export const FLAG_PENDING = 4;

// Input
export const A_COUNT = 0; // i32
export const A_POSITIONS = 4; // f32*, xyz interleaved
export const A_TIMES = 8; // f32* or 0
export const A_ROWS = 12; // u16* or 0: raw row of each point
export const A_RANK = 16; // u16*: raw row → image row
export const A_ELEVATION = 20; // u16*: sin(elevation) step → image row, when A_ROWS is 0
export const A_LOG_COLS = 24; // i32
export const A_MIN_RANGE = 28; // f32
export const A_MAX_RANGE = 32; // f32
export const A_INV_VOXEL = 36; // f32
export const A_BODY = 40; // i32: 1 when the vehicle box is set
export const A_BODY_MIN = 44; // 3 × f32
export const A_BODY_MAX = 56; // 3 × f32
// Valid points, compacted per chunk
export const A_PX = 68;
export const A_PY = 72;
export const A_PZ = 76;
export const A_PR = 80;
export const A_PT = 84;
export const A_PCELL = 88; // u32: image row << 16 | column
export const A_SECTOR = 92; // u8
export const A_PART = 96; // u8
export const A_COUNTERS = 100; // i32*
export const A_CHUNKS = 104; // i32
// Voxel hash
export const A_TABLE = 108; // u64*: stamp << 48 | key
export const A_TABLE_BITS = 112; // i32: log2 of one partition's entries
export const A_STAMP = 116; // u32, 1…65535
export const A_SINGLE = 120; // i32: 1 = one partition over everything
export const A_LIST = 124; // u32*: kept points, PARTS lists
export const A_LIST_STRIDE = 128; // i32
export const A_LIST_COUNT = 132; // i32*: per partition; −1 = table full
// Range image
export const A_LEVELS = 136; // i32
export const A_LEVEL = 140; // level records*, see L_*
export const A_SIGMA = 144; // f32, range noise
// Fine points
export const A_FINE = 148; // i32 count
export const A_INDEX = 152; // u32*: fine → compacted point
export const A_FX = 156;
export const A_FY = 160;
export const A_FZ = 164;
export const A_FNX = 168;
export const A_FNY = 172;
export const A_FNZ = 176;
export const A_FT = 180;
export const A_FR = 184;
export const A_FQ = 188; // quality
export const A_FO = 192; // offset from the fitted plane
export const A_FFLAGS = 196; // u8
// Coarse
export const A_TRACK_INV_VOXEL = 200; // f32
export const A_TRACK_LIST = 204; // u32*
export const A_TRACK_COUNT = 208; // i32*
// Deskewed
export const A_DX = 212;
export const A_DY = 216;
export const A_DZ = 220;
export const A_DNX = 224;
export const A_DNY = 228;
export const A_DNZ = 232;
export const A_SEGMENTS = 236; // f32*
export const A_SEGMENT_COUNT = 240; // i32
export const A_SEGMENT_START = 244; // f32, time of the first segment's start
export const A_SEGMENT_INV = 248; // f32, 1/duration of a segment
export const A_SWEEP = 252; // f32, dτ/dazimuth of a spinning sensor (s/rad), 0 if unknown
export const A_SLOTS = 256; // u32*: place in the list, parallel to A_TABLE
export const A_UP = 260; // 3 × f32: direction of up in the sensor frame, 0 0 0 if unknown
export const A_GRID = 272; // f32*: GROUND_WORDS
export const A_COARSE_STAMP = 276; // u32
export const A_TWIST = 280; // 6 × f32: v, ω of the constant-twist deskewing
export const A_SINE = 304; // 3 × POLYNOMIAL f32: see prepareDeskew
export const A_DEFER = 376; // i32: 1 = normals may be put off by what A_GRID knows of the scan before
export const A_LINKS = 380; // i32*: next pending point of the same cell, −1 at the end
export const A_HAS_GROUND = 384; // i32
export const A_LAST_UP = 388; // 3 × f32: up in the scan before
export const A_PKEY = 400; // u64*: voxel of each valid point
export const A_ACCELERATION = 448; // 6 × f32: how v, ω change over the sweep, m/s² and rad/s²
export const A_BYTES = 480;
/** Coefficients of each of the three series. */
export const POLYNOMIAL = 6;
/** Polar grid of the ground: sectors × rings, and the histogram of heights. */
export const GROUND_SECTORS = 64;
export const GROUND_RINGS = 64;
export const GROUND_CELLS = 4096;
export const GROUND_BINS = 512;
// Its tables, bytes from A_GRID: f32 per cell, lowest flat point and then the ground; i32 per bin, flat points and points
// whose normal is pending; i32 per cell, the first pending point; f32 per cell, the height above which points are expected
// not to matter in the next scan.
export const G_BINS = 16384;
export const G_PENDING_BINS = 18432;
export const G_HEADS = 20480;
export const G_LIMITS = 36864;
export const GROUND_WORDS = 13312;

// One level of the range image pyramid
// Each row holds its X, Y, Z and W values one after the other: whole planes would all fall into the same cache sets.
export const L_PLANES = 0; // f32*
export const L_PLANE_BYTES = 4; // i32: bytes of one quarter row
export const L_ROWS = 8; // i32
export const L_LOG_COLS = 12; // i32
export const L_ROW_SHIFT = 16; // i32: level-0 row → row
export const L_COL_SHIFT = 20; // i32
export const L_MAX_RANGE = 24; // f32: the level serves points nearer than this
export const L_GATE = 28; // f32: children farther than 0.12 + gate·range from the nearest are left out
export const L_ROW_PITCH = 32; // f32: angle between rows, rad
export const L_BYTES = 36;
