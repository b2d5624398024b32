import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';
import { importRules } from './scripts/import-rules.mjs';
import { eslintParser } from './scripts/kernel-parsers.mjs';

/** What AssemblyScript knows without import, as far as the kernels use it. */
const KERNEL_GLOBALS =
  'i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 bool usize v128 i8x16 i16x8 i32x4 i64x2 f32x4 f64x2 ' +
  'load store memory atomic select min max abs floor ceil nearest sqrt clz ctz popcnt reinterpret NaN __heap_base';

export default tseslint.config(
  { ignores: ['dist/', 'out/', 'node_modules/', 'coverage/', '**/*.html'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // noUncheckedIndexedAccess makes every typed-array read `number | undefined`; hot loops assert instead.
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  ...importRules,
  {
    // AssemblyScript: the compiler checks its types, ESLint the rest.
    files: ['src/kernels/**/*.ts'],
    languageOptions: {
      parser: eslintParser,
      globals: Object.fromEntries(KERNEL_GLOBALS.split(' ').map((name) => [name, 'readonly'])),
    },
    rules: {
      'no-undef': 'error',
      // `import type` and `@ts-expect-error` are unknown to the compiler of the kernels.
      '@typescript-eslint/consistent-type-imports': 'off',
      '@typescript-eslint/ban-ts-comment': 'off',
    },
  },
  prettier,
);
