// Blue over teal and yellow-green to white: gets lighter all the way, so it also reads in grey; all of it stands out from a
// dark background, because the road is at its lower end.
const RAMP = [
  [92, 112, 176],
  [64, 140, 172],
  [70, 170, 140],
  [150, 200, 100],
  [244, 216, 110],
  [255, 250, 235],
] as const;

/** Colour of a height on the ramp from `low` to `high` metres: r g b, 0…255. */
export function heightRamp(z: number, low: number, high: number): [number, number, number] {
  const scale = high > low ? (RAMP.length - 1) / (high - low) : 0;
  const at = Math.min(RAMP.length - 1, Math.max(0, (z - low) * scale));
  const stop = Math.min(RAMP.length - 2, Math.floor(at));
  const [from, to] = [RAMP[stop]!, RAMP[stop + 1]!];
  const share = at - stop;
  return [
    from[0] + share * (to[0] - from[0]),
    from[1] + share * (to[1] - from[1]),
    from[2] + share * (to[2] - from[2]),
  ];
}
