import type { z } from 'zod';
import { damagedAt, misfit } from './damage.js';

/** Finer or coarser rounding than the standard; for measurements. */
export interface SaveOptions {
  /** Steps of the truncation on the finest level and on coarser ones. */
  readonly fineLimit?: number;
  readonly coarseLimit?: number;
  /** What features are rounded to. */
  readonly featureStep?: number;
}

/** How large a layer is, by level: known before anything is unpacked. */
export interface LayerSize {
  readonly blocks: readonly number[];
  /** Corners that hold something. */
  readonly corners: readonly number[];
}

/** A layer of a saved map whose parameters are checked but whose bytes are not read yet. */
export interface OpenedLayer<Content> {
  readonly size: LayerSize;
  /**
   * @param bytes as many as it was opened with
   * @throws FeltmapError bad-input when they make no sense
   */
  decode(bytes: Uint8Array): Content;
}

export interface EncodedLayer {
  /** Goes into the manifest. */
  readonly parameters: Record<string, unknown>;
  /** Goes into a file. */
  readonly bytes: Uint8Array;
  /** bx by bz of each saved block of the finest level. */
  readonly coords: Int32Array;
}

/** How one kind of layer is saved. */
export interface LayerCodec<Content> {
  /** Raised when the bytes or the parameters of the layer change so that older programs cannot read them. */
  readonly coding: number;
  /** Whether the map means something else without this layer: a program that does not know it must not load the map. */
  readonly required: boolean;
  /** The bytes of a layer and what must be known to read them; undefined for a layer that holds nothing. */
  encode(content: Content, options: SaveOptions): EncodedLayer | undefined;
  /**
   * Checks what the manifest says of a layer.
   *
   * @param levels scalar levels of the grid
   * @param bytes length of the layer's file
   * @throws FeltmapError bad-input when the parameters are damaged or do not fit
   */
  open(parameters: unknown, levels: number, bytes: number): OpenedLayer<Content>;
}

/** @throws FeltmapError bad-input that names the damaged parameter */
export function checkParameters<T>(schema: z.ZodType<T>, layer: string, parameters: unknown): T {
  const parsed = schema.safeParse(parameters);
  if (parsed.success) return parsed.data;
  throw damagedAt([layer, 'parameters', ...(parsed.error.issues[0]?.path ?? [])], parsed.error);
}

/** A block takes a quarter of a byte at the very least: a small file cannot ask for much memory. */
export function checkPlausible(blocks: number, bytes: number): void {
  if (blocks > 4 * bytes + 64) throw misfit();
}
