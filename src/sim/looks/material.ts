/** Linear light, not sRGB; albedo components lie in [0, 1]. */
export type Rgb = readonly [number, number, number];

/** Writes the linear albedo at a point in the solid's own frame (metres) into out[0…2]. Pure: the same everywhere. */
export type Texture = (x: number, y: number, z: number, out: Float64Array) => void;

/** How a solid looks to a camera and to the infrared light of a depth camera. */
export interface Material {
  readonly texture: Texture;
  /** Mirror-like share in [0, 1]: depth is lost where the projector's light is thrown away or dazzles. Default 0. */
  readonly shiny?: number;
  /** Light that it gives by itself, in the unit of radiance. Default none. */
  readonly emission?: Rgb;
}

/** Linear albedo of an sRGB colour #rrggbb. */
export function srgb(hex: string): Rgb {
  const part = (i: number): number => {
    const v = parseInt(hex.slice(i, i + 2), 16) / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  };
  return [part(1), part(3), part(5)];
}

/** Rec. 709 luminance of linear light. */
export function luminance(r: number, g: number, b: number): number {
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
