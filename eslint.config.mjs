import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/', 'out/', 'node_modules/', 'src/kernels/', 'coverage/', '**/*.html'] },
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
  {
    // The core takes typed arrays and returns typed arrays: no files, no sockets, no ROS.
    files: [
      'src/geometry/**',
      'src/sensors/**',
      'src/slam/**',
      'src/mesh/**',
      'src/eval/**',
      'src/field/*.ts',
    ],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            'node:fs*',
            'node:net',
            'node:http*',
            'rclnodejs',
            'ws',
            '**/ros/**',
            '**/bags/**',
            '**/cli/**',
          ],
        },
      ],
    },
  },
  prettier,
);
