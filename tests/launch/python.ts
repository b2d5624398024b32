import { spawnSync } from 'node:child_process';

/** Parses a Python file with Python's own `ast` and gives the literals assigned at its top level, by name. */
const READ_LITERALS = `
import ast, json, sys
literals = {}
for node in ast.parse(open(sys.argv[1], encoding='utf-8').read(), sys.argv[1]).body:
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        try:
            literals[node.targets[0].id] = ast.literal_eval(node.value)
        except ValueError:
            pass
    elif isinstance(node, ast.FunctionDef):
        literals[node.name + '()'] = len(node.args.args)
print(json.dumps(literals))
`;

/** Calls a function of a Python file that needs no more than modules of Python itself, and prints what it returns. */
const CALL = `
import ast, json, os, sys, tempfile
with open(sys.argv[1], encoding='utf-8') as file:
    nodes = ast.parse(file.read()).body
made = [node for node in nodes if isinstance(node, ast.FunctionDef) and node.name == sys.argv[2]]
exec(compile(ast.Module(body=made, type_ignores=[]), sys.argv[1], 'exec'))
print(json.dumps(globals()[sys.argv[2]](*json.loads(sys.argv[3]))))
`;

export const python = ['python3', 'python'].find((name) => spawnSync(name, ['--version']).status === 0);

/** @throws with Python's message (file, line, what) when the file does not parse */
export function literalsOf(path: string): Record<string, unknown> {
  const { status, stdout, stderr } = spawnSync(python!, ['-c', READ_LITERALS, path], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** @throws with Python's message when the call fails */
export function callOf(path: string, name: string, args: readonly unknown[]): unknown {
  const { status, stdout, stderr } = spawnSync(python!, ['-c', CALL, path, name, JSON.stringify(args)], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}
