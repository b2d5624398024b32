import { decodeClock } from '../messages/clock.js';
import { overrideKeys } from './parameter-overrides.js';
import type {
  AnyCallback,
  RclContext,
  Rclnodejs,
  RclNode,
  RclNodeClass,
  RclParameter,
  RclSetResult,
  RclSubscriptionOptions,
} from './rclnodejs-api.js';
import { INPUT_QOS, type QosProfile } from './qos.js';

/** What the guarded node calls; a constructor of rclnodejs runs before fields exist, so these come from outside. */
export interface NodeHooks {
  /** A callback threw: rclnodejs would end the process. */
  onError(error: unknown): void;
  /** Time of /clock, ns. */
  onClock(timeNs: bigint): void;
  /** Parameters are about to change: veto with a reason, or the same parameters in their declared types. */
  onSet(parameters: readonly RclParameter[]): RclSetResult | RclParameter[];
  /** They have changed. @returns what to tell */
  afterSet(parameters: readonly RclParameter[]): string;
}

/** KEEP_LAST is 1; reliable 1, best effort 2; transient local 1, volatile 2 (rmw/types.h). */
export function toRclQos(rcl: Rclnodejs, { depth, reliability, durability }: QosProfile): object {
  return new rcl.QoS(1, depth, reliability === 'reliable' ? 1 : 2, durability === 'transient-local' ? 1 : 2);
}

/**
 * A node class of rclnodejs with its measured pitfalls closed: a callback that throws no longer aborts the process;
 * parameter files match nodes with namespaces; /clock is heard from publishers that are best effort; wrong parameters are
 * refused with a reason.
 */
export function guardedNode<N extends RclNode>(
  rcl: Rclnodejs,
  Base: RclNodeClass<N>,
  hooks: NodeHooks,
): RclNodeClass<N> {
  const Plain = Base as unknown as RclNodeClass;
  class GuardedNode extends Plain {
    override createSubscription(
      type: string,
      topic: string,
      options: RclSubscriptionOptions | AnyCallback,
      callback?: AnyCallback,
    ): unknown {
      // rclnodejs' own subscription to /clock is reliable, which players of bags do not offer.
      if (topic === '/clock')
        return super.createSubscription(
          type,
          topic,
          { isRaw: true, qos: toRclQos(rcl, INPUT_QOS.clock) },
          guard(hooks, (bytes: Uint8Array) => {
            const timeNs = decodeClock(bytes);
            if (timeNs < 0n) return;
            this.getClock().rosTimeOverride = new rcl.Time(0n, timeNs, rcl.ClockType.ROS_TIME);
            hooks.onClock(timeNs);
          }),
        );
      if (typeof options === 'function') return super.createSubscription(type, topic, guard(hooks, options));
      return super.createSubscription(type, topic, options, guard(hooks, callback!));
    }

    override createService(
      type: string,
      name: string,
      options: object | AnyCallback,
      callback?: AnyCallback,
    ): unknown {
      if (typeof options === 'function')
        return super.createService(type, name, guard(hooks, options as AnyCallback));
      return super.createService(type, name, options, guard(hooks, callback!));
    }

    override _getNativeParameterOverrides(): Map<string, RclParameter> {
      return readOverrides(rcl, this.context, this.name(), this.namespace());
    }

    override _setParametersAtomically(parameters: RclParameter[], declaring = false): RclSetResult {
      if (declaring) return super._setParametersAtomically(parameters, true);
      try {
        const wanted = hooks.onSet(parameters);
        if (!Array.isArray(wanted)) return wanted;
        const result = super._setParametersAtomically(wanted, false);
        return result.successful ? { successful: true, reason: hooks.afterSet(wanted) } : result;
      } catch (error) {
        return { successful: false, reason: error instanceof Error ? error.message : String(error) };
      }
    }

    /** Lifecycle nodes only: a transition that is not allowed now is answered, not thrown. */
    _onChangeState(request: unknown, response: LifecycleResponse): void {
      try {
        (Plain.prototype as { _onChangeState(a: unknown, b: unknown): void })._onChangeState.call(
          this,
          request,
          response,
        );
      } catch (error) {
        hooks.onError(error);
        response.send({ ...response.template, success: false });
      }
    }
  }
  return GuardedNode as unknown as RclNodeClass<N>;
}

interface LifecycleResponse {
  readonly template: object;
  send(response: object): void;
}

/**
 * Parameters given on the command line or in files, for the node of this name and namespace. Works before the node
 * exists.
 */
export function readOverrides(
  rcl: Rclnodejs,
  context: RclContext,
  name: string,
  namespace: string,
): Map<string, RclParameter> {
  const read = (rcl.Node.prototype as RclNode)._getNativeParameterOverrides;
  const all = new Map<string, RclParameter>();
  // rclnodejs takes `/**` and what name() says: ask it under each name that a file may use.
  const under = (key: string): Map<string, RclParameter> =>
    read.call({ context, name: () => key } as unknown as RclNode);
  const general = under('/**');
  for (const key of overrideKeys(name, namespace)) {
    const found = under(key);
    for (const [parameter, value] of found)
      if (key === '/**' || !sameParameter(general.get(parameter), value)) all.set(parameter, value);
  }
  return all;
}

function sameParameter(a: RclParameter | undefined, b: RclParameter): boolean {
  if (!a || a.type !== b.type) return false;
  return Array.isArray(a.value) ? String(a.value) === String(b.value) : a.value === b.value;
}

/** Exported for the tests of what cannot be provoked on a graph. */
export function guard(hooks: Pick<NodeHooks, 'onError'>, callback: AnyCallback): AnyCallback {
  const call = callback as (...args: unknown[]) => unknown;
  const guarded = (a: unknown, b: unknown): unknown => {
    try {
      const result = call(a, b);
      if (result instanceof Promise) return result.catch((error: unknown) => hooks.onError(error));
      return result;
    } catch (error) {
      hooks.onError(error);
      return undefined;
    }
  };
  // rclnodejs looks at the number of parameters to tell who wants message information.
  Object.defineProperty(guarded, 'length', { value: callback.length });
  return guarded as AnyCallback;
}
