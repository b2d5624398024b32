import type { Argument, Command, Option } from 'commander';
import { EXIT, EXIT_MEANINGS } from './exit-codes.js';

/** The command-line reference in Markdown; docs/cli.md is this text. */
export function renderCliReference(program: Command): string {
  const out = [
    '# Command line',
    '',
    'Generated from the command definitions by `npm run docs`; do not edit by hand.',
    '',
    'Run as `npx feltmap …`, or as `node dist/cli/main.js …` in a checkout after `npm run build`.',
    '',
    `Options of every command: ${globalOptions(program)}.`,
  ];
  for (const command of program.commands) out.push(...describeCommand(command, 'feltmap'));
  out.push('', '## Exit status', '', '| Status | Meaning |', '|---|---|');
  for (const [name, code] of Object.entries(EXIT))
    out.push(`| ${code} | ${EXIT_MEANINGS[name as keyof typeof EXIT]} |`);
  return `${out.join('\n')}\n`;
}

function globalOptions(program: Command): string {
  return [
    ...program.options.map(({ flags, description }) => `\`${flags}\` (${description})`),
    '`--help`',
  ].join(', ');
}

function describeCommand(command: Command, parent: string): string[] {
  const name = `${parent} ${command.name()}`;
  if (command.commands.length > 0) return command.commands.flatMap((child) => describeCommand(child, name));
  const usage = [
    name,
    ...command.registeredArguments.map(argumentUsage),
    ...(command.options.length > 0 ? ['[options]'] : []),
  ].join(' ');
  const description = command.description();
  const out = ['', `## \`${usage}\``, '', `${description[0]!.toUpperCase()}${description.slice(1)}.`];
  if (command.registeredArguments.length > 0) {
    out.push('', '| Argument | Meaning |', '|---|---|');
    for (const argument of command.registeredArguments)
      out.push(`| \`${argument.name()}\` | ${cell(argument.description + choices(argument.argChoices))} |`);
  }
  if (command.options.length > 0) {
    out.push('', '| Option | Default | Meaning |', '|---|---|---|');
    for (const option of command.options) out.push(optionRow(option));
  }
  return out;
}

function argumentUsage(argument: Argument): string {
  const name = argument.variadic ? `${argument.name()}...` : argument.name();
  return argument.required ? `<${name}>` : `[${name}]`;
}

function optionRow({ flags, description, defaultValue, argChoices }: Option): string {
  const none = defaultValue === undefined || (Array.isArray(defaultValue) && defaultValue.length === 0);
  return `| \`${cell(flags)}\` | ${none ? '' : `\`${String(defaultValue)}\``} | ${cell(description + choices(argChoices))} |`;
}

function choices(values: readonly string[] | undefined): string {
  return values ? ` (one of ${values.join(', ')})` : '';
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
