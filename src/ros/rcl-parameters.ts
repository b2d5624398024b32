import type { ParameterStore } from './parameter-check.js';
import type { ParameterKind, ParameterSpec, ParameterValue } from './parameters.js';
import type { RclDescriptor, Rclnodejs, RclNode, RclParameter } from './rclnodejs-api.js';

/** rcl_interfaces/ParameterType. */
const TYPES: Record<ParameterKind, number> = {
  bool: 1,
  integer: 2,
  double: 3,
  string: 4,
  'string-array': 9,
  'double-array': 8,
};
const NOT_SET = 0;

/** Declares every parameter with the store's value and a complete descriptor. */
export function declareAll(rcl: Rclnodejs, node: RclNode, store: ParameterStore): void {
  for (const spec of store.specs)
    // The store has the overrides already, checked and in the right types.
    node.declareParameter(toRcl(rcl, spec, store.value(spec.name)!), descriptorOf(rcl, spec), true);
}

export function toRcl(rcl: Rclnodejs, spec: ParameterSpec, value: ParameterValue): RclParameter {
  const given = spec.kind === 'integer' ? BigInt(value as number) : Array.isArray(value) ? [...value] : value;
  return new rcl.Parameter(spec.name, TYPES[spec.kind], given);
}

/** The parameters of a request as the store takes them. @returns a reason to refuse it instead of a list */
export function valuesOf(parameters: readonly RclParameter[]): [string, unknown][] | string {
  const unset = parameters.find(({ type }) => type === NOT_SET);
  if (unset) return `${unset.name} cannot be deleted; set it to its default instead`;
  return parameters.map(({ name, value }) => [name, value]);
}

/**
 * rclnodejs' ranges refuse with a misleading reason and never reach `ros2 param describe`: the store checks, and the
 * descriptor's message is written here.
 */
function descriptorOf(rcl: Rclnodejs, spec: ParameterSpec): RclDescriptor {
  const readOnly = spec.change === 'start';
  const descriptor = new rcl.ParameterDescriptor(spec.name, TYPES[spec.kind], spec.description, readOnly);
  const constraints = [
    spec.constraints || (spec.choices ? `one of ${spec.choices.join(', ')}` : ''),
    spec.change === 'reset' ? 'in effect with the next map (~/reset)' : '',
  ];
  const [from, to] = spec.range ?? [0, 0];
  descriptor.toMessage = () => ({
    name: spec.name,
    type: TYPES[spec.kind],
    description: spec.description,
    additional_constraints: constraints.filter((text) => text !== '').join('; '),
    read_only: readOnly,
    dynamic_typing: false,
    floating_point_range:
      spec.range && spec.kind === 'double' ? [{ from_value: from, to_value: to, step: 0 }] : [],
    integer_range:
      spec.range && spec.kind === 'integer'
        ? [{ from_value: BigInt(from), to_value: BigInt(to), step: 0n }]
        : [],
  });
  return descriptor;
}
