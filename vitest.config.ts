import { defineConfig } from 'vitest/config';

// Tests run on the sources of every package, so that no test can pass on a stale build. What only exists after a
// build (the command line tool, worker threads, the demo) is tested through dist, which `pnpm test` makes first.
const source = (path: string): string => new URL(`./packages/${path}`, import.meta.url).pathname;

// CI counts what ran: AVS_NET_REPORT names the file that gets the machine-readable report.
const report = process.env['AVS_NET_REPORT'];

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@avs-net\/([^/]+)$/, replacement: source('$1/src/index.ts') },
      { find: /^@avs-net\/([^/]+)\/(.+)$/, replacement: source('$1/src/$2.ts') },
    ],
  },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'examples/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    ...(report && { reporters: ['default', 'json'], outputFile: { json: report } }),
  },
});
