import { FeltmapError } from '../../../geometry/errors.js';
import { noVulkan } from '../webgpu/vulkan-loader.js';
import { registerGradients } from './gradients.js';
import { firstSentence, installed, load, type Importer, type Tf } from './packages.js';
import { openTfWebGpu } from './webgpu-backend.js';

export type { Importer, Tf } from './packages.js';

/** tfjs' backends in the order in which they are tried. */
export const TF_BACKENDS = ['node-gpu', 'webgpu', 'wasm', 'cpu'] as const;
export type TfBackendName = (typeof TF_BACKENDS)[number];

/** A backend that is ready for use. */
export interface TfBackend {
  readonly tf: Tf;
  readonly name: TfBackendName;
  /** What tfjs calls it. */
  readonly registered: string;
  /** What it runs on, for people. */
  readonly device: string;
}

/** Why a backend was not taken. */
export interface Skipped {
  readonly name: TfBackendName;
  readonly reason: string;
}

export interface OpenOptions {
  /** Only these, in this order; default: all. */
  readonly backends?: readonly TfBackendName[];
  /** Whether tfjs' webgpu backend may run on a software adapter. */
  readonly software?: boolean;
  readonly importer?: Importer;
}

/** Opens the first backend that works, and says why those before it did not. */
export async function openTfBackend(
  options: OpenOptions = {},
): Promise<{ backend: TfBackend; skipped: readonly Skipped[] }> {
  const { backends = TF_BACKENDS, software = false, importer = installed } = options;
  const skipped: Skipped[] = [];
  for (const name of backends) {
    try {
      return { backend: await open(name, importer, software), skipped };
    } catch (error) {
      skipped.push({ name, reason: firstSentence(error) });
    }
  }
  const reasons = skipped.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
  throw new FeltmapError(
    'unsupported',
    `TensorFlow.js does not work here (${reasons}); use engine wasm, which needs nothing.`,
  );
}

async function open(name: TfBackendName, importer: Importer, software: boolean): Promise<TfBackend> {
  const tf = (await load(importer, '@tensorflow/tfjs-core')) as Tf;
  const { registered, device } = await OPENERS[name](tf, importer, software);
  await start(tf, registered);
  registerGradients(tf);
  return { tf, name, registered, device };
}

/** Starts a backend if it is not started, and makes it the current one. */
async function start(tf: Tf, registered: string): Promise<void> {
  if (!(await tf.setBackend(registered))) throw new Error(`tfjs could not start its ${registered} backend`);
}

/**
 * Makes a started backend the current one, at once: tfjs has one per thread, and engines on different backends take
 * turns between two awaits.
 */
export function activate(tf: Tf, registered: string): void {
  if (tf.getBackend() !== registered) void tf.setBackend(registered); // synchronous for backends that are started
}

type Opener = (
  tf: Tf,
  importer: Importer,
  software: boolean,
) => Promise<{ registered: string; device: string }>;

const OPENERS: Record<TfBackendName, Opener> = {
  async 'node-gpu'(tf, importer) {
    await load(importer, '@tensorflow/tfjs-node-gpu'); // registers itself; libtensorflow for CUDA 11
    await start(tf, 'tensorflow');
    // Without CUDA's libraries it runs on the processor and says so only here.
    const backend = tf.backend() as { isUsingGpuDevice?: boolean };
    if (!backend.isUsingGpuDevice)
      throw new Error('it is installed, but found no CUDA device (it needs CUDA 11 and cuDNN 8)');
    return { registered: 'tensorflow', device: 'CUDA (TensorFlow)' };
  },
  async webgpu(tf, importer, software) {
    const lacking = importer === installed ? noVulkan() : undefined;
    if (lacking !== undefined) throw new Error(lacking);
    return { registered: 'webgpu', device: await openTfWebGpu(tf, importer, software) };
  },
  async wasm(_tf, importer) {
    await load(importer, '@tensorflow/tfjs-backend-wasm');
    return { registered: 'wasm', device: 'processor, WebAssembly SIMD, 1 thread' };
  },
  async cpu(tf, importer) {
    await load(importer, '@tensorflow/tfjs-backend-cpu');
    await start(tf, 'cpu');
    silenceAdvice(tf);
    return { registered: 'cpu', device: 'processor, plain JavaScript' };
  },
};

/** The cpu backend advises on stderr to install tfjs-node when its first tensor is made: make one while it may not. */
function silenceAdvice(tf: Tf): void {
  const inNode = tf.env().getBool('IS_NODE');
  tf.env().set('IS_NODE', false);
  tf.scalar(0).dispose();
  tf.env().set('IS_NODE', inNode); // the wasm backend finds its files by it
}
