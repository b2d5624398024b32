import { z } from 'zod';
import { configSchema } from './schema.js';

/** One leaf of the configuration, as documentation and error messages need it. */
export interface Setting {
  /** Dotted path, e.g. `sensor.maxRange`. */
  readonly path: string;
  /** What values it takes, in words: `number > 0 and ≤ 1000`. */
  readonly takes: string;
  /** Undefined where the setting is derived unless given. */
  readonly default: unknown;
  readonly description: string;
  /** JSON Schema type: boolean, integer, number, string, … */
  readonly type: string;
  /** Inclusive bounds of a number, those of the number type where there are none. */
  readonly bounds: readonly [number, number];
  /** The values of an enumeration. */
  readonly choices?: readonly string[];
}

/** The part of JSON Schema that zod emits for our settings. */
interface JsonSchema {
  type?: string;
  properties?: Record<string, JsonSchema>;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  items?: JsonSchema;
  minItems?: number;
  maxItems?: number;
}

/** All settings in the order of the schema, groups flattened to dotted paths. */
export function listSettings(schema: z.ZodType = configSchema): Setting[] {
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  const settings: Setting[] = [];
  collect(root, '', settings);
  return settings;
}

/** Descriptions of the groups themselves (`sensor`, `map`…), by path; groups without one are absent. */
export function groupDescriptions(schema: z.ZodType = configSchema): Map<string, string> {
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  const groups = new Map<string, string>();
  for (const [key, child] of Object.entries(root.properties ?? {})) {
    if (child.properties && child.description) groups.set(key, child.description);
  }
  return groups;
}

function collect(node: JsonSchema, path: string, out: Setting[]): void {
  for (const [key, child] of Object.entries(node.properties ?? {})) {
    const childPath = path === '' ? key : `${path}.${key}`;
    if (child.properties) collect(child, childPath, out);
    else
      out.push({
        path: childPath,
        takes: describeType(child),
        default: child.default,
        description: child.description ?? '',
        type: child.type ?? '',
        bounds: boundsOf(child),
        ...(child.enum ? { choices: child.enum.map(String) } : {}),
      });
  }
}

function boundsOf(node: JsonSchema): [number, number] {
  const limit = node.type === 'integer' ? Number.MAX_SAFE_INTEGER : Number.MAX_VALUE;
  return [node.minimum ?? node.exclusiveMinimum ?? -limit, node.maximum ?? node.exclusiveMaximum ?? limit];
}

function describeType(node: JsonSchema): string {
  if (node.anyOf) return node.anyOf.map(describeType).join(' or ');
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (node.enum) return `one of ${node.enum.map((value) => String(value)).join(', ')}`;
  if (node.type === 'array') return describeArray(node);
  const bounds: string[] = [];
  if (node.exclusiveMinimum !== undefined) bounds.push(`> ${node.exclusiveMinimum}`);
  // zod emits the safe-integer limits for plain integers: no bound that helps a reader.
  if (node.minimum !== undefined && node.minimum > Number.MIN_SAFE_INTEGER) bounds.push(`≥ ${node.minimum}`);
  if (node.exclusiveMaximum !== undefined) bounds.push(`< ${node.exclusiveMaximum}`);
  if (node.maximum !== undefined && node.maximum < Number.MAX_SAFE_INTEGER) bounds.push(`≤ ${node.maximum}`);
  const type = node.type === 'boolean' ? 'true or false' : (node.type ?? 'any value');
  return bounds.length === 0 ? type : `${type} ${bounds.join(' and ')}`;
}

function describeArray(node: JsonSchema): string {
  const items = node.items ? describeType(node.items) : 'any value';
  if (node.minItems !== undefined && node.minItems === node.maxItems)
    return `list of ${node.minItems} (${items})`;
  return `list of (${items})`;
}
