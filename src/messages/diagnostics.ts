import { type Encoding, WireReader, WireWriter } from './wire.js';
import { type Header, readHeader, writeHeader } from './header.js';

/** diagnostic_msgs/DiagnosticStatus levels. */
export const DiagnosticLevel = { ok: 0, warn: 1, error: 2, stale: 3 } as const;

/** diagnostic_msgs/DiagnosticStatus. */
export interface DiagnosticStatus {
  /** One of {@link DiagnosticLevel}. */
  readonly level: number;
  readonly name: string;
  readonly message: string;
  readonly hardwareId: string;
  readonly values: readonly { readonly key: string; readonly value: string }[];
}

/** diagnostic_msgs/DiagnosticArray. */
export interface DiagnosticArray extends Header {
  readonly status: readonly DiagnosticStatus[];
}

export function decodeDiagnosticArray(bytes: Uint8Array, encoding: Encoding = 'cdr'): DiagnosticArray {
  const r = new WireReader(bytes, encoding, 'diagnostic_msgs/DiagnosticArray');
  const header = readHeader(r);
  const status: DiagnosticStatus[] = [];
  for (let n = r.sequenceLength(17); n > 0; n--) {
    const [level, name, message, hardwareId] = [r.uint8(), r.string(), r.string(), r.string()];
    const values: { key: string; value: string }[] = [];
    for (let k = r.sequenceLength(8); k > 0; k--) values.push({ key: r.string(), value: r.string() });
    status.push({ level, name, message, hardwareId, values });
  }
  return { ...header, status };
}

export function encodeDiagnosticArray(m: DiagnosticArray, encoding: Encoding = 'cdr'): Uint8Array {
  const w = new WireWriter(encoding, 2048);
  writeHeader(w, m);
  w.uint32(m.status.length);
  for (const status of m.status) {
    w.uint8(status.level);
    w.string(status.name);
    w.string(status.message);
    w.string(status.hardwareId);
    w.uint32(status.values.length);
    for (const { key, value } of status.values) {
      w.string(key);
      w.string(value);
    }
  }
  return w.finish();
}
