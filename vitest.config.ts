import { defineConfig } from 'vitest/config';

const http = ['**/*.http.test.ts', 'e2e/*.test.ts'];
const notOurs = ['**/node_modules/**', '**/.git/**', '**/dist/**', '**/generated/**', '**/.bed/**'];

// Two cores: one worker for each, and a process per file, since a relay under test has signals and environment to itself.
// Unit takes every test that no other project claims, so that no file is forgotten by its place.
export default defineConfig({
  test: {
    maxWorkers: 2,
    exclude: notOurs,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['**/*.test.{ts,tsx}'], exclude: [...notOurs, ...http], testTimeout: 10_000 },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: http,
          globalSetup: ['e2e/postgres.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['**/*.spec.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'wordpress',
          include: ['plugins/wordpress/test/*.wp.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
