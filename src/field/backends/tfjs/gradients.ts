import type { Tensor } from '@tensorflow/tfjs-core';
import type { Tf } from './packages.js';

/** ∂L/∂input of each input, from ∂L/∂output. */
type Rule = (
  tf: Tf,
  dy: Tensor,
  saved: Tensor[],
  attributes: Record<string, unknown>,
) => Record<string, () => Tensor>;

/** Sums a gradient over the axes along which its input was broadcast. */
function unbroadcast(tf: Tf, gradient: Tensor, like: Tensor): Tensor {
  const axes = tf.broadcast_util.getReductionAxes(like.shape, gradient.shape);
  return tf.reshape(axes.length ? tf.sum(gradient, axes) : gradient, like.shape);
}

/** Textbook rules of the operations that the model consists of. */
const RULES: Record<string, { saves: string[]; rule: Rule }> = {
  Add: {
    saves: ['a', 'b'],
    rule: (tf, dy, [a, b]) => ({ a: () => unbroadcast(tf, dy, a!), b: () => unbroadcast(tf, dy, b!) }),
  },
  Sub: {
    saves: ['a', 'b'],
    rule: (tf, dy, [a, b]) => ({
      a: () => unbroadcast(tf, dy, a!),
      b: () => unbroadcast(tf, tf.neg(dy), b!),
    }),
  },
  Multiply: {
    saves: ['a', 'b'],
    rule: (tf, dy, [a, b]) => ({
      a: () => unbroadcast(tf, tf.mul(dy, b!), a!),
      b: () => unbroadcast(tf, tf.mul(dy, a!), b!),
    }),
  },
  // C = A·B: ∂A = ∂C·Bᵀ, ∂B = Aᵀ·∂C. The model transposes neither.
  BatchMatMul: {
    saves: ['a', 'b'],
    rule: (tf, dy, [a, b]) => ({
      a: () => tf.matMul(dy, b!, false, true),
      // A column times a row is no contraction: tfjs' webgpu backend fills a whole tile for each of a batch of them.
      b: () =>
        a!.rank === 3 && a!.shape[1] === 1
          ? tf.mul(tf.reshape(a!, [a!.shape[0]!, a!.shape[2]!, 1]), dy)
          : tf.matMul(a!, dy, true, false),
    }),
  },
  Relu: { saves: ['x'], rule: (tf, dy, [x]) => ({ x: () => tf.mul(dy, tf.step(x!)) }) },
  Reshape: { saves: ['x'], rule: (tf, dy, [x]) => ({ x: () => tf.reshape(dy, x!.shape) }) },
  Sum: {
    saves: ['x'],
    rule: (tf, dy, [x], { axis }) => ({
      x: () => {
        const kept = x!.shape.slice();
        for (const a of axis === null || axis === undefined ? kept.keys() : [axis].flat())
          kept[a as number] = 1;
        return tf.mul(tf.reshape(dy, kept), tf.onesLike(x!));
      },
    }),
  },
};

/**
 * Gives tfjs the derivatives of the operations that the model uses, those it already knows excepted: the bundle that
 * tfjs-core ships for Node has automatic differentiation but no gradient functions (the union package registers them).
 */
export function registerGradients(tf: Tf): void {
  for (const [kernelName, { saves, rule }] of Object.entries(RULES)) {
    if (tf.getGradient(kernelName)) continue;
    tf.registerGradient({
      kernelName,
      inputsToSave: saves,
      gradFunc: (dy, saved, attributes) => rule(tf, dy as Tensor, saved, attributes),
    });
  }
}
