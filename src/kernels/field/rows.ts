// Feature rows: one pool that the corners of all feature levels take theirs from.
import {
  L_COUNT,
  L_MAX,
  L_OVERFLOW,
  L_POOL,
  ROW_BYTES,
  W_FREE,
  W_MAX,
  W_ROWS,
  W_STAMPS,
  W_STEPS,
  W_TOP,
  W_USED,
} from '../layout/field';

/** Takes a row from the pool for a level; 0 when there is none to take. Not for use by two threads at a time. */
export function takeRow(level: usize): i32 {
  const pool: usize = load<u32>(level, L_POOL);
  const count = load<i32>(level, L_COUNT);
  let row = load<i32>(pool, W_FREE);
  if (count >= load<i32>(level, L_MAX) || (row == 0 && load<i32>(pool, W_TOP) >= load<i32>(pool, W_MAX))) {
    store<i32>(level, 1, L_OVERFLOW);
    return 0;
  }
  if (row != 0) {
    const steps = <usize>load<u32>(pool, W_STEPS) + ((<usize>row) << 2);
    store<i32>(pool, load<i32>(steps), W_FREE);
    store<i32>(steps, 0);
  } else {
    row = load<i32>(pool, W_TOP);
    store<i32>(pool, row + 1, W_TOP);
  }
  store<i32>(pool, load<i32>(pool, W_USED) + 1, W_USED);
  store<i32>(level, count + 1, L_COUNT);
  return row;
}

/** Empties a row of a level and hands it to the pool; row 0 stands for "none". */
export function dropRow(level: usize, row: i32): void {
  if (row == 0) return;
  const pool: usize = load<u32>(level, L_POOL);
  memory.fill(<usize>load<u32>(pool, W_ROWS) + <usize>row * ROW_BYTES, 0, ROW_BYTES);
  store<i32>(<usize>load<u32>(pool, W_STAMPS) + ((<usize>row) << 2), 0);
  store<i32>(<usize>load<u32>(pool, W_STEPS) + ((<usize>row) << 2), load<i32>(pool, W_FREE));
  store<i32>(pool, row, W_FREE);
  store<i32>(pool, load<i32>(pool, W_USED) - 1, W_USED);
  store<i32>(level, load<i32>(level, L_COUNT) - 1, L_COUNT);
  if (load<i32>(pool, W_USED) == 1) {
    // Nothing is left: number from the start.
    memory.fill(<usize>load<u32>(pool, W_STEPS), 0, (<usize>load<u32>(pool, W_TOP)) << 2);
    store<i32>(pool, 1, W_TOP);
    store<i32>(pool, 0, W_FREE);
  }
}
