// The thread that holds the GPU: does what backend.ts asks for, one thing after the other.
import { workerData } from 'node:worker_threads';
import { answer, type CallChannel } from '../../../compute/synchronous-call.js';
import { deviceCalls } from './device-calls.js';
import { DeviceLostError } from './gpu.js';

const { memory, ...channel } = workerData as CallChannel & { memory: WebAssembly.Memory };
answer(channel, deviceCalls(memory).calls, (error) => error instanceof DeviceLostError);
