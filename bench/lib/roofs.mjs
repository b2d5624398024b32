// What the GPU itself can do: bytes per second of a copy kernel, floating-point operations per second of an FMA kernel.
import { openAdapter } from '../../dist/field/backends/webgpu/adapter.js';

const COPY = `
@group(0) @binding(0) var<storage, read> source: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> target_: array<vec4f>;
@compute @workgroup_size(256) fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) n: vec3u) {
  let i = id.x + id.y * n.x * 256u;
  if (i < arrayLength(&source)) { target_[i] = source[i]; }
}`;

/** Four independent chains of vec4 FMAs: 32 operations a round of the inner body. */
const FMA = `
@group(0) @binding(0) var<storage, read> source: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> target_: array<vec4f>;
@compute @workgroup_size(256) fn main(@builtin(global_invocation_id) id: vec3u) {
  let s = source[id.x & 255u];
  var a = s; var b = s + 1.0; var c = s + 2.0; var d = s + 3.0;
  for (var i = 0u; i < ROUNDS; i++) {
    a = fma(a, s, b); b = fma(b, s, c); c = fma(c, s, d); d = fma(d, s, a);
  }
  target_[id.x] = a + b + c + d;
}`;
const ROUNDS = 512;
const FLOPS_PER_INVOCATION = ROUNDS * 4 * 4 * 2;

/** @returns { report, bytesPerSecond, flopsPerSecond } of the adapter that engine webgpu takes */
export async function measureRoofs(seconds) {
  const { gpu, adapter, report } = await openAdapter(true);
  const device = await adapter.requestDevice({
    requiredLimits: {
      maxBufferSize: report.limits.maxBufferSize,
      maxStorageBufferBindingSize: report.limits.maxStorageBufferBindingSize,
    },
  });
  const most = report.software ? 16 * 2 ** 20 : 512 * 2 ** 20;
  const bytes =
    Math.min(most, report.limits.maxStorageBufferBindingSize, report.limits.maxBufferSize) & ~4095;
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  const [source, target] = [0, 1].map(() => device.createBuffer({ size: bytes, usage }));
  const runner = (code) => {
    const module = device.createShaderModule({ code });
    const pipeline = device.createComputePipeline({
      layout: 'auto',
      compute: { module, entryPoint: 'main' },
    });
    const group = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [source, target].map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
    return async (x, y, times) => {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      for (let i = 0; i < times; i++) pass.dispatchWorkgroups(x, y);
      pass.end();
      device.queue.submit([encoder.finish()]);
      await device.queue.onSubmittedWorkDone();
    };
  };
  const copyGroups = Math.ceil(bytes / 16 / 256);
  const x = Math.min(copyGroups, 32768);
  const copy = runner(COPY);
  const copies = await perSecond(seconds, (times) => copy(x, Math.ceil(copyGroups / x), times));
  const fmaGroups = Math.min(report.software ? 64 : 16384, Math.floor(bytes / 16 / 256));
  const fma = runner(FMA.replace('ROUNDS', `${ROUNDS}u`));
  const runs = await perSecond(seconds, (times) => fma(fmaGroups, 1, times));
  device.destroy();
  return {
    gpu, // held: Dawn ends with it
    report,
    bytesPerSecond: 2 * bytes * copies, // read and written
    flopsPerSecond: fmaGroups * 256 * FLOPS_PER_INVOCATION * runs,
  };
}

/** Repetitions a second: in ever longer rows until one takes `seconds`. */
async function perSecond(seconds, run) {
  await run(1);
  for (let times = 1; ; times *= 2) {
    const start = performance.now();
    await run(times);
    const elapsed = (performance.now() - start) / 1000;
    if (elapsed >= seconds) return times / elapsed;
  }
}
