// The thread that holds the GPU: does what backend.ts asks for, one thing after the other.
import { workerData } from 'node:worker_threads';
import { answer, type Line } from '../../../compute/synchronous-call.js';
import { deviceCalls } from './device-calls.js';
import { DeviceLostError } from './gpu.js';

const { memory, ...line } = workerData as Line & { memory: WebAssembly.Memory };
answer(line, deviceCalls(memory).calls, (error) => error instanceof DeviceLostError);
