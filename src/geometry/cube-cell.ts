/**
 * Number of the cell that a direction falls into, of a cube around the origin: face by the largest coordinate and its
 * sign, then row and column by the other two.
 *
 * @param side cells along an edge of each face: there are 6·side² of them, (face·side + row)·side + column
 */
export function cubeCell(x: number, y: number, z: number, side: number): number {
  const ax = Math.abs(x);
  const ay = Math.abs(y);
  const az = Math.abs(z);
  let face = 0;
  let u = 0;
  let v = 0;
  if (ax >= ay && ax >= az) {
    face = x < 0 ? 1 : 0;
    u = y / ax;
    v = z / ax;
  } else if (ay >= az) {
    face = y < 0 ? 3 : 2;
    u = x / ay;
    v = z / ay;
  } else {
    face = z < 0 ? 5 : 4;
    u = x / az;
    v = y / az;
  }
  const column = Math.min(side - 1, ((u + 1) * (side / 2)) | 0);
  const row = Math.min(side - 1, ((v + 1) * (side / 2)) | 0);
  return (face * side + row) * side + column;
}
