// The thread that holds the GPU, which can also be measured and broken: for benchmarks and tests.
import { workerData } from 'node:worker_threads';
import { answer } from '../../dist/compute/synchronous-call.js';
import { deviceCalls } from '../../dist/field/backends/webgpu/device-calls.js';
import { DeviceLostError } from '../../dist/field/backends/webgpu/gpu.js';

const { memory, heap, ...channel } = workerData;
const { calls, map } = deviceCalls(memory);
let forbidden = false;

const handlers = {
  ...calls,
  /** As if the adapter bound less, or the first segment of the heap were smaller. */
  open: async (o) => {
    if (forbidden) throw new Error('no adapter is left');
    return calls.open({ ...o, options: { ...o.options, ...heap } });
  },
  /** Segments of the heap on the device, the pages they hold, and those in use as of the last count. */
  heap: async () => map().heap,
  /** Submissions, round trips and bytes since the device was opened. */
  traffic: async () => map().gpu.traffic,
  /** Times every kernel by itself from now on; false where the adapter has no time stamps. */
  startProfile: async () => map().gpu.startProfile(),
  stopProfile: async () => map().gpu.stopProfile(),
  /** Waits until the device has done all it was asked for. */
  settle: async () => map().gpu.settle(),
  /** The device goes away as after a driver's reset. */
  loseDevice: async () => map().gpu.destroy(),
  /** Asks for memory until there is none. */
  exhaust: async () => {
    const { device } = map().gpu;
    for (let i = 0; i < 4096; i++) {
      device.pushErrorScope('out-of-memory');
      device.createBuffer({ size: device.limits.maxBufferSize, usage: GPUBufferUsage.STORAGE });
      if (await device.popErrorScope()) break;
    }
    map().gpu.setBuffer('outcome', device.limits.maxBufferSize);
  },
  /** No device can be opened from here on. */
  forbid: async () => {
    forbidden = true;
  },
};

answer(channel, handlers, (error) => error instanceof DeviceLostError);
