import { afterAll, describe, expect, it } from 'vitest';
import { openTfBackend, type Importer, type Tf } from '../../../../src/field/backends/tfjs/backends.js';
import { pointersOf } from '../../../../src/field/backends/tfjs/map-view.js';
import { TfjsOperations } from '../../../../src/field/backends/tfjs/operations.js';
import { KernelPool } from '../../../../src/compute/pool.js';
import { FeltmapError } from '../../../../src/geometry/errors.js';
import { compareFit } from '../agreement/compare.js';
import { makeScene } from '../agreement/scene.js';

const NODE_GPU = '@tensorflow/tfjs-node-gpu';

/** Imports what is installed, but answers for some packages itself. */
function importing(others: Record<string, () => unknown>): Importer {
  return async (specifier) => (others[specifier] ? others[specifier]() : import(specifier));
}

/** As Node answers for a package that is not there. */
function missing(specifier: string): () => never {
  return () => {
    throw Object.assign(new Error(`Cannot find package '${specifier}' imported from here`), {
      code: 'ERR_MODULE_NOT_FOUND',
    });
  };
}

/** Stands for tfjs-node-gpu: registers a backend under its name, with every kernel of the cpu backend. */
function nodeGpuLike(isUsingGpuDevice: boolean): () => Promise<unknown> {
  return async () => {
    const tf: Tf = await import('@tensorflow/tfjs-core');
    const { MathBackendCPU } = await import('@tensorflow/tfjs-backend-cpu');
    if (!tf.getKernel('Add', 'tensorflow')) tf.copyRegisteredKernels('cpu', 'tensorflow');
    if (tf.findBackendFactory('tensorflow')) tf.removeBackend('tensorflow');
    // firstUse: or it recommends its native backend on stderr
    tf.registerBackend(
      'tensorflow',
      () => Object.assign(new MathBackendCPU(), { isUsingGpuDevice, firstUse: false }) as never,
    );
    return {};
  };
}

const pool = await KernelPool.create({ threads: 1, memoryMiB: 512 });
afterAll(() => pool.close());

describe('the order of backends', () => {
  it('takes tfjs-node-gpu where it loads and has a device, and computes with it', async () => {
    const importer = importing({ [NODE_GPU]: nodeGpuLike(true) });
    const { backend, skipped } = await openTfBackend({ importer });
    expect(backend).toMatchObject({
      name: 'node-gpu',
      registered: 'tensorflow',
      device: 'CUDA (TensorFlow)',
    });
    expect(skipped).toEqual([]);
    const scene = makeScene(pool);
    const engine = new TfjsOperations(backend, pool.memory.memory.buffer, pointersOf(scene.field.memory));
    await compareFit(scene, engine);
    expect(backend.tf.getBackend()).toBe('tensorflow');
    engine.dispose();
  });

  it('says why each was not taken, and takes the next', async () => {
    const importer = importing({ [NODE_GPU]: missing(NODE_GPU), webgpu: missing('webgpu') });
    const { backend, skipped } = await openTfBackend({ importer });
    expect(backend.name).toBe('wasm');
    expect(skipped).toEqual([
      { name: 'node-gpu', reason: '@tensorflow/tfjs-node-gpu is not installed' },
      { name: 'webgpu', reason: 'webgpu is not installed' },
    ]);
  });

  it('tells a package that is installed but broken from one that is not there', async () => {
    const broken = (): never => {
      throw new Error('libcudart.so.11.0: cannot open shared object file: No such file\n    at somewhere');
    };
    const { skipped } = await openTfBackend({
      importer: importing({ [NODE_GPU]: broken }),
      backends: ['node-gpu', 'wasm'],
    });
    expect(skipped).toEqual([
      {
        name: 'node-gpu',
        reason:
          '@tensorflow/tfjs-node-gpu does not load: libcudart.so.11.0: cannot open shared object file: No such file',
      },
    ]);
  });

  it('does not take TensorFlow on the processor for CUDA', async () => {
    const { backend, skipped } = await openTfBackend({
      importer: importing({ [NODE_GPU]: nodeGpuLike(false) }),
      backends: ['node-gpu', 'cpu'],
    });
    expect(backend.name).toBe('cpu');
    expect(skipped[0]!.reason).toMatch(/found no CUDA device/);
  });

  it('does not take a software adapter unless asked', async () => {
    const adapter = {
      info: { description: 'llvmpipe (LLVM 15)', vendor: 'mesa' },
      limits: {},
      features: new Set(),
    };
    const webgpu = { globals: {}, create: () => ({ requestAdapter: () => Promise.resolve(adapter) }) };
    const options = { importer: importing({ webgpu: () => webgpu }), backends: ['webgpu', 'wasm'] as const };
    const { skipped } = await openTfBackend(options);
    expect(skipped[0]!.reason).toBe(
      'llvmpipe (LLVM 15) is a software adapter, which is used only when asked for',
    );
    const none = { globals: {}, create: () => ({ requestAdapter: () => Promise.resolve(null) }) };
    const without = await openTfBackend({ ...options, importer: importing({ webgpu: () => none }) });
    expect(without.skipped[0]!.reason).toMatch(/no WebGPU adapter/);
  });

  it('fails with all reasons in one sentence when nothing works', async () => {
    const attempt = openTfBackend({
      importer: importing({ [NODE_GPU]: missing(NODE_GPU) }),
      backends: ['node-gpu'],
    });
    await expect(attempt).rejects.toThrow(FeltmapError);
    await expect(attempt).rejects.toThrow(
      /node-gpu: @tensorflow\/tfjs-node-gpu is not installed.*engine wasm/,
    );
  });
});
