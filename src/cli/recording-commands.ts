import { convertRecording, describeConversion } from './convert.js';
import { EXIT, inStage } from './exit-codes.js';
import { collectInfo, describeInfo } from './info.js';
import type { ConvertOptions, InfoOptions } from './command-options.js';

/** `feltmap info`: what a recording holds. */
export async function infoCommand(path: string, options: InfoOptions): Promise<number> {
  const info = await inStage('input', () => collectInfo(path));
  process.stdout.write(`${options.json ? toJson(info) : describeInfo(info)}\n`);
  return EXIT.ok;
}

/** `feltmap convert`: any recording as MCAP with ROS 2 messages. */
export async function convertCommand(
  input: string,
  output: string,
  options: ConvertOptions,
): Promise<number> {
  const live = process.stderr.isTTY && !options.json && !options.quiet;
  const result = await convertRecording(input, output, {
    onProgress: (messages) => {
      if (live) process.stderr.write(`\r\x1b[2K${messages} messages`);
    },
  });
  if (live) process.stderr.write('\r\x1b[2K');
  if (options.json) process.stdout.write(`${toJson(result)}\n`);
  else if (!options.quiet) process.stdout.write(`${describeConversion(result)}\n`);
  return EXIT.ok;
}

/** JSON numbers cannot hold nanoseconds: they become text. */
function toJson(value: unknown): string {
  return JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v), 2);
}
