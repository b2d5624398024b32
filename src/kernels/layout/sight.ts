// What a scan sees in each direction: constants and arguments of its kernels.

/** Cells along an edge of each face of a cube, words of a cell, cells of nine that must be known. */
export const SIGHT_SIDE = 64;
export const SIGHT_WORDS = 5;
export const SIGHT_CELLS = 6 * SIGHT_SIDE * SIGHT_SIDE;
export const SIGHT_CHUNK = 1024; // samples per chunk
export const SIGHT_KNOWN = 4;
/** Clearances before a surface from which on its plane does not matter. */
export const SIGHT_FAR = 12;

// Sights: arguments
export const S_COUNT = 0; // samples
export const S_PARTS = 4; // shares of them
export const S_POINTS = 8; // x y z nx ny nz
export const S_FLAGS = 32;
export const S_QUALITY = 36;
export const S_NEAREST = 40; // range f32 and number + 1 u32, per share and cell
export const S_CELLS = 44; // SIGHT_WORDS f32 per cell
export const S_SIGHTS = 48; // pointers to cells, of the sights that a place is compared with
export const S_POSES = 52; // f64×12 per sight, T_sight_sensor
export const S_SIGHT_COUNT = 56;
export const S_WITNESSES = 60; // sights that must have seen through a place
export const S_MARKED = 64; // u32 per chunk: samples that were marked
export const S_CLEAR = 72; // f64, m: how far before a surface its space counts as empty
export const S_REACH = 80; // f64, m
