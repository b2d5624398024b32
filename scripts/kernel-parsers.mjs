/**
 * Parsers of the kernels (AssemblyScript) for Prettier and ESLint. AssemblyScript differs from TypeScript's grammar, as
 * far as the kernels use it, in one thing: `@inline` before a function. The parser gets to see a comment of the same
 * length there, so that every position stays true; Prettier prints comments from the source, hence `@inline`.
 */
import { parsers as typescript } from 'prettier/plugins/typescript';
import tseslint from 'typescript-eslint';

const hideDecorators = (text) => text.replace(/^@inline$/gm, '//nline');

/** A plugin of Prettier with the parser `assemblyscript`. */
export const parsers = {
  assemblyscript: {
    ...typescript.typescript,
    parse: (text, options) => typescript.typescript.parse(hideDecorators(text), options),
  },
};

/** A parser for ESLint. */
export const eslintParser = {
  meta: { name: 'assemblyscript' },
  parseForESLint: (text, options) => tseslint.parser.parseForESLint(hideDecorators(text), options),
};
