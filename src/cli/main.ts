#!/usr/bin/env node
import { dieWithTerminal } from './leave.js';
import { run } from './run.js';

// The terminal is closed, or whoever read our output has left: what is being written to files goes on.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

process.exitCode = await run(process.argv.slice(2));
dieWithTerminal();
