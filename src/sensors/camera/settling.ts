/** Mean brightness (0…255) of a first image that needs no look at the next ones: the exposure has settled long ago. */
const BRIGHT = 45;
/** Change of the mean brightness from image to image below which the exposure has settled, as a share. */
const CALM = 0.08;
/** Images after which it counts as settled whatever it does: somebody switches lights. */
const PATIENCE = 30;

/**
 * Whether the exposure of a camera has settled: cameras start dark, and the colours that a map begins with are those that
 * all others are compared with.
 *
 * @example
 * const settling = new Settling();
 * settling.isSettled('camera', 19); // false: the first image is dark
 */
export class Settling {
  readonly #starting = new Map<string, { brightness: number; images: number }>();
  readonly #settled = new Set<string>();

  /** @param brightness mean of the camera's next image, 0…255 */
  isSettled(camera: string, brightness: number): boolean {
    if (this.#settled.has(camera)) return true;
    const before = this.#starting.get(camera);
    const images = (before?.images ?? 0) + 1;
    const settled =
      images > PATIENCE ||
      (before ? Math.abs(brightness - before.brightness) < CALM * before.brightness : brightness >= BRIGHT);
    if (settled) {
      this.#settled.add(camera);
      this.#starting.delete(camera);
    } else this.#starting.set(camera, { brightness, images });
    return settled;
  }
}
