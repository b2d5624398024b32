import { Route, turnReach, type RoutePiece } from '../route.js';

const LAPS = 20;

/**
 * Laps of a rectangle of half sizes p × q with smooth corners, each turn `turn` metres of arc, at a walker's pace.
 * The way starts in the middle of a long side: the one at y − q going left (way 1), `side` 1 the opposite one.
 */
export function indoorLoop(
  centre: { readonly x: number; readonly y: number },
  p: number,
  q: number,
  turn: number,
  way: 1 | -1,
  side = 0,
  speed = 0.28,
): Route {
  const reach = turnReach(turn);
  const corner: RoutePiece = { length: turn, turn: (way * Math.PI) / 2 };
  const straight = (length: number): RoutePiece[] => (length > 1e-6 ? [{ length, turn: 0 }] : []);
  const half = straight(p - reach);
  const long = straight(2 * (p - reach));
  const short = straight(2 * (q - reach));
  const pieces: RoutePiece[] = [...half];
  for (let i = 0; i < LAPS; i++)
    pieces.push(corner, ...short, corner, ...long, corner, ...short, corner, ...(i + 1 < LAPS ? long : half));
  const turned = side === 0 ? 1 : -1;
  const start = { x: centre.x, y: centre.y - turned * way * q, heading: side === 0 ? 0 : Math.PI };
  return new Route(start, pieces, { smooth: [0.8 * speed, 1.2 * speed], walking: speed }, 0.5);
}
