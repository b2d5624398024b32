import { FeltmapError } from '../../geometry/errors.js';
import type { PointCloud2, PointField } from '../../messages/pointcloud2.js';

/** Bytes of each sensor_msgs/PointField datatype, by its number. */
const SIZES = [0, 1, 1, 2, 2, 4, 4, 4, 8] as const;
const UINT16 = 4;
const FLOAT32 = 7;

type NumericArray = Float32Array | Float64Array | Uint16Array;

/** Where the points of a checked cloud lie in its bytes. */
export interface PointLayout {
  readonly count: number;
  readonly width: number;
  readonly height: number;
  readonly pointStep: number;
  readonly rowStep: number;
}

/**
 * Checks the sizes that a cloud claims against the bytes it has.
 * Throws FeltmapError 'bad-input' where they do not agree.
 */
export function checkLayout(cloud: PointCloud2): PointLayout {
  const { width, height, pointStep, data } = cloud;
  if (width === 0 || height === 0) return { count: 0, width, height, pointStep, rowStep: 0 };
  const packed = width * pointStep;
  // Some drivers leave row_step 0 or stale when there is only one row.
  const rowStep = height === 1 || cloud.rowStep === 0 ? packed : cloud.rowStep;
  const needed = (height - 1) * rowStep + packed;
  if (pointStep === 0 || rowStep < packed || needed > data.length) {
    throw new FeltmapError(
      'bad-input',
      `PointCloud2 in '${cloud.frameId}': ${width}×${height} points of ${pointStep} bytes (row step ${cloud.rowStep}) ` +
        `do not fit the ${data.length} bytes of data; the message is damaged or its driver is wrong`,
    );
  }
  return { count: width * height, width, height, pointStep, rowStep };
}

/** The first field with one of `names` (in order of preference, any case). */
export function findField(cloud: PointCloud2, names: readonly string[]): PointField | undefined {
  return findFields(cloud, names)[0];
}

/** One field for each of `names` that there is, in that order, of any case. */
export function findFields(cloud: PointCloud2, names: readonly string[]): PointField[] {
  return names.flatMap((name) => cloud.fields.find((f) => f.name.toLowerCase() === name) ?? []);
}

/** Throws FeltmapError 'bad-input' unless `field` is a number that lies inside the point. */
export function checkField(cloud: PointCloud2, field: PointField): void {
  const size = SIZES[field.datatype] ?? 0;
  if (size === 0 || field.offset + size > cloud.pointStep) {
    throw new FeltmapError(
      'bad-input',
      `PointCloud2 in '${cloud.frameId}': field '${field.name}' (datatype ${field.datatype} at byte ${field.offset}) ` +
        `does not fit into a point of ${cloud.pointStep} bytes; the message is damaged or its driver is wrong`,
    );
  }
}

/** Whether this machine stores numbers little-endian, as nearly all do. */
const HOST_LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function isAlignedFloat({ datatype, offset }: PointField): boolean {
  return datatype === FLOAT32 && offset % 4 === 0;
}

/**
 * Reads single fields of every point into typed arrays; built once per cloud.
 *
 * @example
 * const reader = new ColumnReader(cloud, layout);
 * const intensity = new Float32Array(count);
 * reader.read(layout.intensity, intensity);
 */
export class ColumnReader {
  readonly #data: Uint8Array;
  readonly #view: DataView;
  /** The same bytes as numbers, where alignment and endianness allow. */
  readonly #floats: Float32Array | undefined;
  readonly #shorts: Uint16Array | undefined;
  readonly #little: boolean;

  constructor(
    cloud: PointCloud2,
    readonly layout: PointLayout,
  ) {
    const { pointStep, rowStep } = layout;
    this.#little = !cloud.bigEndian;
    const wordwise = this.#little === HOST_LITTLE && pointStep % 4 === 0 && rowStep % 4 === 0;
    // One copy to an aligned buffer costs far less than reading every number bytewise.
    this.#data = wordwise && cloud.data.byteOffset % 4 !== 0 ? new Uint8Array(cloud.data) : cloud.data;
    this.#view = new DataView(this.#data.buffer, this.#data.byteOffset, this.#data.byteLength);
    if (wordwise) {
      const { buffer, byteOffset, length } = this.#data;
      this.#floats = new Float32Array(buffer, byteOffset, length >> 2);
      this.#shorts = new Uint16Array(buffer, byteOffset, length >> 1);
    }
  }

  /**
   * out[3·i + k] = field k of point i, in one pass where all three are plain floats. The fields must have passed
   * {@link checkField}.
   */
  readTriples(fields: readonly [PointField, PointField, PointField], out: Float32Array): void {
    const floats = this.#floats;
    if (!floats || !fields.every(isAlignedFloat)) {
      fields.forEach((field, k) => this.read(field, out, k, 3));
      return;
    }
    const { width, height, pointStep, rowStep } = this.layout;
    const [a, b, c] = [fields[0].offset >> 2, fields[1].offset >> 2, fields[2].offset >> 2];
    const step = pointStep >> 2;
    for (let row = 0, to = 0; row < height; row++) {
      let from = (row * rowStep) >> 2;
      for (let i = 0; i < width; i++, from += step, to += 3) {
        out[to] = floats[from + a]!;
        out[to + 1] = floats[from + b]!;
        out[to + 2] = floats[from + c]!;
      }
    }
  }

  /** out[first + i·stride] = the field of point i. The field must have passed {@link checkField}. */
  read(field: PointField, out: NumericArray, first = 0, stride = 1): void {
    const { width, height, pointStep, rowStep } = this.layout;
    let to = first;
    if (isAlignedFloat(field) && this.#floats) {
      const floats = this.#floats;
      const step = pointStep >> 2;
      for (let row = 0; row < height; row++) {
        let from = (row * rowStep + field.offset) >> 2;
        for (let i = 0; i < width; i++, from += step, to += stride) out[to] = floats[from]!;
      }
      return;
    }
    if (field.datatype === UINT16 && field.offset % 2 === 0 && this.#shorts) {
      const shorts = this.#shorts;
      const step = pointStep >> 1;
      for (let row = 0; row < height; row++) {
        let from = (row * rowStep + field.offset) >> 1;
        for (let i = 0; i < width; i++, from += step, to += stride) out[to] = shorts[from]!;
      }
      return;
    }
    for (let row = 0; row < height; row++) {
      this.#readRow(field.datatype, row * rowStep + field.offset, out, to, stride);
      to += width * stride;
    }
  }

  #readRow(datatype: number, from: number, out: NumericArray, to: number, stride: number): void {
    const [view, little, step] = [this.#view, this.#little, this.layout.pointStep];
    const n = this.layout.width;
    // One loop per datatype keeps each of them monomorphic.
    switch (datatype) {
      case 1:
        for (let i = 0; i < n; i++, from += step, to += stride) out[to] = view.getInt8(from);
        break;
      case 2:
        for (let i = 0; i < n; i++, from += step, to += stride) out[to] = view.getUint8(from);
        break;
      case 3:
        for (let i = 0; i < n; i++, from += step, to += stride) out[to] = view.getInt16(from, little);
        break;
      case 4:
        for (let i = 0; i < n; i++, from += step, to += stride) out[to] = view.getUint16(from, little);
        break;
      case 5:
        for (let i = 0; i < n; i++, from += step, to += stride) out[to] = view.getInt32(from, little);
        break;
      case 6:
        for (let i = 0; i < n; i++, from += step, to += stride) out[to] = view.getUint32(from, little);
        break;
      case 7:
        for (let i = 0; i < n; i++, from += step, to += stride) out[to] = view.getFloat32(from, little);
        break;
      default:
        for (let i = 0; i < n; i++, from += step, to += stride) out[to] = view.getFloat64(from, little);
    }
  }
}
