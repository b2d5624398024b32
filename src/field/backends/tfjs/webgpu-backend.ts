import type { KernelBackend } from '@tensorflow/tfjs-core';
import { load, type Importer, type Tf } from './packages.js';

/** The parts of the package `webgpu` (Dawn for Node) used here: the browser's API. */
interface WebGpuPackage {
  create(options: string[]): { requestAdapter(options: object): Promise<Adapter | null> };
  readonly globals: Record<string, unknown>;
}

/** What is read of a GPUAdapter. tfjs-core brings old global types of WebGPU that know no `info`. */
interface Adapter {
  readonly info: AdapterInfo;
  readonly limits: Readonly<Record<string, number>>;
  readonly features: ReadonlySet<string>;
  requestDevice(descriptor: object): Promise<object>;
}

interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly isFallbackAdapter?: boolean;
}

/** The parts of tfjs-backend-webgpu used here; its registration of itself looks for a browser's window. */
interface TfWebGpuPackage {
  readonly WebGPUBackend: new (device: object, info?: AdapterInfo) => object;
}

/** Dawn's instance, its adapter and device must outlive everything made of them; nothing else holds on to them. */
const alive: object[] = [];

/** Registers tfjs' webgpu backend on an adapter of Dawn's; returns the adapter's name. */
export async function openTfWebGpu(tf: Tf, importer: Importer, software: boolean): Promise<string> {
  const { create, globals } = (await load(importer, 'webgpu')) as WebGpuPackage;
  Object.assign(globalThis, globals); // GPUBufferUsage and the like, which tfjs expects to be global
  const { WebGPUBackend } = (await load(importer, '@tensorflow/tfjs-backend-webgpu')) as TfWebGpuPackage;
  const gpu = create([]);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('no WebGPU adapter was found (a Vulkan, Metal or D3D12 driver is needed)');
  const name = adapterName(adapter.info);
  if (isSoftware(adapter.info) && !software)
    throw new Error(`${name} is a software adapter, which is used only when asked for`);
  if (!tf.engine().registryFactory.webgpu) {
    const device = await adapter.requestDevice(largestLimits(adapter));
    alive.push(gpu, adapter, device);
    const backend = asInBrowser(gpu, () => new WebGPUBackend(device, adapter.info));
    tf.registerBackend('webgpu', () => backend as KernelBackend, 3);
  }
  return name;
}

/** Runs `make` while there is a navigator.gpu: tfjs' backend does not start without, though it uses only the device. */
function asInBrowser<T>(gpu: object, make: () => T): T {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  try {
    return make();
  } finally {
    if (before) Object.defineProperty(globalThis, 'navigator', before);
    else Reflect.deleteProperty(globalThis, 'navigator');
  }
}

function adapterName({ description, device, vendor, architecture }: AdapterInfo): string {
  return description || device || [vendor, architecture].filter(Boolean).join(' ') || 'unnamed adapter';
}

function isSoftware(info: AdapterInfo): boolean {
  return (
    info.isFallbackAdapter === true ||
    /swiftshader|llvmpipe|lavapipe|software|\bwarp\b|basic render/i.test(adapterName(info))
  );
}

/** Limits that tfjs makes use of, as large as the adapter has them rather than WebGPU's defaults. */
const LIMITS = [
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
];

function largestLimits({ limits, features }: Adapter): object {
  return {
    requiredFeatures: ['timestamp-query'].filter((feature) => features.has(feature)),
    requiredLimits: Object.fromEntries(LIMITS.map((name) => [name, limits[name]])),
  };
}
