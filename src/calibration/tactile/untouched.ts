import type { ColorImage } from '../../sensors/camera/frame.js';
import { coarsen, type CoarseImage } from '../../sensors/tactile/coarse.js';

/** So many images tell what the gel looks like where nothing presses it: a ball is in few of them at the same place. */
export const ENOUGH_IMAGES = 8;
/** More than these make the median no better, only slower. */
const MOST_IMAGES = 15;
/** Mean of a cell, grey levels, that noise, JPEG and the wear of some dozens of presses do not change by. */
const OTHERWISE = 8;

/** The median of each byte over images of one size (up to 15 of them, evenly taken): balls that are scattered vanish. */
export function medianImage(images: readonly ColorImage[]): ColorImage {
  const used = images.filter((_, i) => {
    const share = MOST_IMAGES / images.length;
    return Math.floor((i + 1) * share) > Math.floor(i * share) || share >= 1;
  });
  const { width, height } = used[0]!;
  const data = new Uint8Array(3 * width * height);
  const values = new Uint8Array(used.length);
  for (let i = 0; i < data.length; i++) {
    for (let k = 0; k < used.length; k++) values[k] = used[k]!.data[i]!;
    data[i] = values.sort()[used.length >> 1]!;
  }
  return { width, height, data };
}

/** How a reference lies to what most images show. */
export interface ReferenceCheck {
  /** Share of the gel on which it differs from their median, brightness of each colour apart. */
  readonly differing: number;
  /** Share of the images that look like their median there: nearly all of them where it is the reference that is wrong. */
  readonly agreeing: number;
}

/** Compares a reference with images of presses of its size. */
export function checkReference(reference: ColorImage, images: readonly ColorImage[]): ReferenceCheck {
  const [given, most] = [reference, medianImage(images)].map(coarse) as [CoarseImage, CoarseImage];
  const cells = differingCells(given, most);
  if (cells.size === 0) return { differing: 0, agreeing: 1 };
  let agreeing = 0;
  for (const image of images) {
    const others = differingCells(coarse(image), most);
    for (const cell of cells) if (!others.has(cell)) agreeing++;
  }
  const all = most.columns * most.rows;
  return { differing: cells.size / all, agreeing: agreeing / cells.size / images.length };
}

function coarse({ data, width, height }: ColorImage): CoarseImage {
  return coarsen(data, width, height);
}

/** Cells in which a channel differs, once its brightness is matched. */
function differingCells(a: CoarseImage, b: CoarseImage): Set<number> {
  const count = a.columns * a.rows;
  const gains = [0, 1, 2].map((c) => {
    const ratios = Array.from(
      { length: count },
      (_, i) => (b.data[3 * i + c]! + 1) / (a.data[3 * i + c]! + 1),
    );
    return ratios.sort((p, q) => p - q)[count >> 1]!;
  });
  const cells = new Set<number>();
  for (let i = 0; i < count; i++)
    if (gains.some((gain, c) => Math.abs(b.data[3 * i + c]! - gain * a.data[3 * i + c]!) > OTHERWISE))
      cells.add(i);
  return cells;
}
