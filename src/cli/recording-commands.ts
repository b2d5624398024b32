import { availableParallelism } from 'node:os';
import { convertRecording, describeConversion } from './convert.js';
import { describeEngines } from './engines.js';
import { EXIT, inStage } from './exit-codes.js';
import { catchInterrupt } from './interrupt.js';
import type { Survey } from '../field/backends/survey.js';
import { collectInfo, describeInfo } from './info.js';
import { printableLines } from './printable.js';
import type { ConvertOptions, InfoOptions } from './command-options.js';

/** `feltmap info`: what a recording holds; without one, or with --engines, the engines of this machine. */
export async function infoCommand(path: string | undefined, options: InfoOptions): Promise<number> {
  const survey = path === undefined || options.engines ? await measureEngines() : undefined;
  if (path === undefined) return print(options.json ? toJson(survey) : describeEngines(survey!));
  const info = await inStage('input', () => collectInfo(path, options));
  if (options.json) return print(toJson(survey ? { ...info, engines: survey } : info));
  return print(`${survey ? `${describeEngines(survey)}\n\n` : ''}${describeInfo(info)}`);
}

/** Two seconds for each engine that works. */
async function measureEngines(): Promise<Survey> {
  const { surveyEngines } = await import('../field/backends/survey.js');
  const live = process.stderr.isTTY;
  if (live) process.stderr.write('measuring the engines, two seconds each …');
  const survey = await surveyEngines(2, availableParallelism());
  if (live) process.stderr.write('\r\x1b[2K');
  return survey;
}

function print(text: string): number {
  process.stdout.write(`${printableLines(text)}\n`);
  return EXIT.ok;
}

/** `feltmap convert`: any recording as MCAP with ROS 2 messages. */
export async function convertCommand(
  input: string,
  output: string,
  options: ConvertOptions,
): Promise<number> {
  const live = process.stderr.isTTY && !options.json && !options.quiet;
  const interrupt = catchInterrupt(() => process.stderr.write('\nfeltmap: Stopped: nothing is written.\n'));
  const { signal } = interrupt;
  const result = await convertRecording(input, output, {
    signal,
    ...(options.layout !== undefined && { layout: options.layout }),
    onProgress: (messages) => {
      if (live) process.stderr.write(`\r\x1b[2K${messages} messages`);
    },
  })
    .catch((error: unknown) => {
      if (signal.aborted) return undefined;
      throw error;
    })
    .finally(() => interrupt.dispose());
  if (!result) return EXIT.interrupted;
  if (live) process.stderr.write('\r\x1b[2K');
  if (options.json) print(toJson(result));
  else if (!options.quiet) print(describeConversion(result));
  return EXIT.ok;
}

/** JSON numbers cannot hold nanoseconds: they become text. */
function toJson(value: unknown): string {
  return JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v), 2);
}
