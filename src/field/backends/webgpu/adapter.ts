/// <reference types="@webgpu/types" />
import { FeltmapError } from '../../../geometry/errors.js';
import { noVulkan } from './vulkan-loader.js';

/** The parts of the package `webgpu` (Dawn for Node) used here. */
interface WebGpuPackage {
  create(options: string[]): GPU;
  readonly globals: Record<string, unknown>;
}

/** Limits that the engine reads and asks for. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupsPerDimension',
] as const;
export type AdapterLimits = Readonly<Record<(typeof LIMITS)[number], number>>;

/** What is known of an adapter; plain data. */
export interface AdapterReport {
  /** For people. */
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** Runs on the processor: SwiftShader, llvmpipe, WARP. Used only when asked for. */
  readonly software: boolean;
  readonly timestamps: boolean;
  /** Whether it computes with halves itself; storing them needs nothing. */
  readonly shaderF16: boolean;
  readonly limits: AdapterLimits;
}

export interface OpenedAdapter {
  /** Must be held as long as anything of it is used: Dawn ends with it. */
  readonly gpu: GPU;
  readonly adapter: GPUAdapter;
  readonly report: AdapterReport;
}

/**
 * The machine's WebGPU adapter.
 *
 * @param software whether one that runs on the processor is welcome
 * @throws FeltmapError unsupported that says why there is none: package missing, no driver, software only
 */
export async function openAdapter(software: boolean): Promise<OpenedAdapter> {
  const { create, globals } = await loadPackage();
  const lacking = noVulkan();
  if (lacking !== undefined)
    throw new FeltmapError('unsupported', `No WebGPU adapter can be had: ${lacking}; or use engine wasm.`);
  // GPUBufferUsage and the like; only what the process does not have yet.
  for (const [name, value] of Object.entries(globals))
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, configurable: true });
  // Without the quantisation of time stamps to 100 µs, which guards browsers against web pages.
  const gpu = create(['disable-dawn-features=timestamp_quantization']);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter)
    throw new FeltmapError(
      'unsupported',
      'No WebGPU adapter was found: a driver for Vulkan, Metal or D3D12 is needed (on Debian: libvulkan1 and the driver of the GPU); or use engine wasm.',
    );
  const report = describe(adapter);
  if (report.software && !software)
    throw new FeltmapError(
      'unsupported',
      `${report.name} is a software adapter, slower than engine wasm; it is used only when asked for.`,
    );
  return { gpu, adapter, report };
}

/** A device with all that the adapter can do rather than WebGPU's defaults. */
export function openDevice({ adapter, report }: OpenedAdapter): Promise<GPUDevice> {
  return adapter.requestDevice({
    requiredFeatures: report.timestamps ? ['timestamp-query'] : [],
    requiredLimits: { ...report.limits },
  });
}

async function loadPackage(): Promise<WebGpuPackage> {
  const name = 'webgpu'; // not a literal, so that type checking does not need the optional package
  try {
    return (await import(name)) as WebGpuPackage;
  } catch (cause) {
    const missing = String((cause as { code?: unknown }).code).includes('MODULE_NOT_FOUND');
    const line = String(cause instanceof Error ? cause.message : cause).split('\n')[0]!;
    throw new FeltmapError(
      'unsupported',
      missing && line.includes(`'${name}'`)
        ? 'The package webgpu is not installed; npm install webgpu adds it, or use engine wasm.'
        : `The package webgpu does not load here (${line}); use engine wasm.`,
      { cause },
    );
  }
}

function describe(adapter: GPUAdapter): AdapterReport {
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info as GPUAdapterInfo & {
    isFallbackAdapter?: boolean;
  };
  const name = device || description || [vendor, architecture].filter(Boolean).join(' ') || 'unnamed adapter';
  const text = [vendor, architecture, device, description].join(' ');
  return {
    name,
    vendor,
    architecture,
    device,
    description,
    software:
      isFallbackAdapter === true ||
      /swiftshader|llvmpipe|lavapipe|software|\bwarp\b|basic render/i.test(text),
    timestamps: adapter.features.has('timestamp-query'),
    shaderF16: adapter.features.has('shader-f16'),
    limits: Object.fromEntries(LIMITS.map((limit) => [limit, adapter.limits[limit]])) as AdapterLimits,
  };
}
