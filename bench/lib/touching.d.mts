type Distance = (x: number, y: number, z: number) => number;
export function press(
  distance: Distance,
  target: readonly number[],
  way: readonly number[],
  angle: number,
): { at: number[]; along: number } | undefined;
