import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** An exported class, and every other declaration with an example. */
export interface Documented {
  readonly file: string;
  readonly name: string;
  readonly isClass: boolean;
  /** What stands after `@example`, without the fence; undefined where there is none. */
  readonly code: string | undefined;
}

/** TypeScript files of src, kernels aside (AssemblyScript), from the root. */
export function sourceFiles(): string[] {
  return (readdirSync(join(ROOT, 'src'), { recursive: true }) as string[])
    .map((name) => posix.join('src', name.replaceAll('\\', '/')))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts') && !name.startsWith('src/kernels/'))
    .sort();
}

const parse = (file: string, text: string): ts.SourceFile =>
  ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);

const isExported = (node: ts.Node): boolean =>
  ts.canHaveModifiers(node) &&
  (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);

/** Names that a statement declares. */
function declared(node: ts.Statement): string[] {
  if (ts.isVariableStatement(node))
    return node.declarationList.declarations.flatMap(({ name }) =>
      ts.isIdentifier(name) ? [name.text] : [],
    );
  const name = (node as ts.DeclarationStatement).name;
  return name && ts.isIdentifier(name) ? [name.text] : [];
}

/** The exported classes of a file, and whatever else in it has an example. */
export function documented(file: string, text: string): Documented[] {
  return parse(file, text)
    .statements.filter(isExported)
    .flatMap((node) => {
      const tag = ts.getJSDocTags(node).find(({ tagName }) => tagName.text === 'example');
      const isClass = ts.isClassDeclaration(node);
      if (!isClass && !tag) return [];
      const comment =
        tag &&
        ts
          .getTextOfJSDocComment(tag.comment)
          ?.replace(/^```\w*$/gm, '')
          .trim();
      return declared(node).map((name) => ({ file, name, isClass, code: comment || undefined }));
    });
}

/** Names that a piece of code uses and does not declare, and whether it calls them. */
function freeNames(code: string): Map<string, boolean> {
  const used = new Map<string, boolean>();
  const own = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const { parent } = node;
      const isMember =
        (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
        (ts.isPropertyAssignment(parent) && parent.name === node) ||
        (ts.isMethodDeclaration(parent) && parent.name === node) ||
        (ts.isBindingElement(parent) && parent.propertyName === node);
      const declares =
        (ts.isVariableDeclaration(parent) || ts.isParameter(parent) || ts.isBindingElement(parent)) &&
        parent.name === node;
      if (declares) own.add(node.text);
      else if (!isMember) {
        const called = ts.isCallExpression(parent) && parent.expression === node;
        used.set(node.text, called || (used.get(node.text) ?? false));
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(parse('example.ts', code));
  for (const name of [...own, 'undefined']) used.delete(name);
  return used;
}

/**
 * A module that an example can be compiled as: names of src are imported, first those of its own file, then what that
 * file imports, then classes, constants and called functions that one file alone exports; other variables are anything.
 */
export function asModule({ file, code }: Documented, texts: ReadonlyMap<string, string>): string {
  const free = freeNames(code ?? '');
  const lines: string[] = [];
  const take = (name: string, line: string): void => {
    if (free.delete(name)) lines.push(line);
  };
  const tree = parse(file, texts.get(file)!);
  const from = (target: string): string => {
    const path = posix.relative(dirname(file), target).replace(/\.ts$/, '.js');
    return path.startsWith('.') ? path : `./${path}`;
  };
  for (const node of tree.statements.filter(isExported))
    for (const name of declared(node)) take(name, `import { ${name} } from '${from(file)}';`);
  for (const node of tree.statements) {
    const names = ts.isImportDeclaration(node) && node.importClause?.namedBindings;
    if (!names || !ts.isNamedImports(names)) continue;
    const source = (node.moduleSpecifier as ts.StringLiteral).text;
    for (const { name, propertyName } of names.elements)
      take(name.text, `import { ${(propertyName ?? name).text} as ${name.text} } from '${source}';`);
  }
  for (const [name, called] of [...free]) {
    const homes = exportsOf(texts).get(name) ?? [];
    if (homes.length === 1 && (called || /^[A-Z](?!_)/.test(name)))
      take(name, `import { ${name} } from '${from(homes[0]!)}';`);
    else if (/^([a-z]|T_)/.test(name)) take(name, `declare const ${name}: any;`);
  }
  return `${lines.join('\n')}\nexport {};\n${code}\n`;
}

const indexes = new WeakMap<ReadonlyMap<string, string>, Map<string, string[]>>();

/** The files that export each name. */
function exportsOf(texts: ReadonlyMap<string, string>): Map<string, string[]> {
  let index = indexes.get(texts);
  if (!index) {
    indexes.set(texts, (index = new Map<string, string[]>()));
    for (const [file, text] of texts)
      for (const node of parse(file, text).statements.filter(isExported))
        for (const name of declared(node)) index.set(name, [...(index.get(name) ?? []), file]);
  }
  return index;
}

/** What the compiler has to say about modules, path from the root → text, that stand beside those of src. */
export function compile(modules: ReadonlyMap<string, string>): string[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    types: ['node', 'vite/client'],
    strict: true,
    noImplicitAny: false,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    noEmit: true,
    paths: { feltmap: [join(ROOT, 'src/index.ts')] },
  };
  const given = new Map([...modules].map(([name, text]) => [join(ROOT, name), text]));
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  host.readFile = (name) => given.get(name) ?? readFile(name);
  host.fileExists = (name) => given.has(name) || fileExists(name);
  const program = ts.createProgram([...given.keys()], options, host);
  return [...given.keys()].flatMap((name) => {
    const file = program.getSourceFile(name)!;
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
      ({ messageText, start = 0 }) => {
        const line = file.text.slice(start).split('\n')[0]!;
        return `${posix.relative(ROOT, name)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')} at: ${line}`;
      },
    );
  });
}

/** The texts of files, by name. */
export function readAll(files: readonly string[]): Map<string, string> {
  return new Map(files.map((name) => [name, readFileSync(join(ROOT, name), 'utf8')]));
}
