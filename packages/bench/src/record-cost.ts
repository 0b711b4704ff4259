/**
 * What one record costs: sealed and opened by our record layer and by OpenSSL's connection, both in node's OpenSSL, in
 * one process and in turn, medians of processor time. With more peers than the layer keeps cipher contexts for, every
 * record pays for a key schedule. Usage: `node packages/bench/dist/record-cost.js [peers,…]`, default `1,1000`.
 * Compiles an addon with the C++ compiler (`CXX`, default c++) and the headers of this node (`npm_config_nodedir`).
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Bench {
  /** Nanoseconds to seal and to open: OpenSSL's connection, our layer, our layer with ids of 8 bytes. */
  measure(cipherList: string, suite: number, size: number, peers: number): readonly number[];
}

function compare(bench: Bench, [name, suite]: readonly [string, number], size: number, peers: number): void {
  const [sslSeal, sslOpen, seal, open, idSeal, idOpen] = bench.measure(name, suite, size, peers) as Six;
  const both = (one: number, other: number): string =>
    `${pad(one)} + ${pad(other)} ns (${((one + other) / (sslSeal + sslOpen)).toFixed(2)})`;
  process.stdout.write(
    `${name.padEnd(24)} ${String(size).padStart(4)} bytes, ${String(peers).padStart(5)} peers: ` +
      `OpenSSL ${pad(sslSeal)} + ${pad(sslOpen)} ns, ours ${both(seal, open)}, with ids ${both(idSeal, idOpen)}\n`,
  );
}

function compile(folder: string): Bench {
  const headers = join(process.env['npm_config_nodedir'] ?? join(dirname(process.execPath), '..'), 'include/node');
  const engine = here('../../dtls-openssl/native');
  const sources = [here('../native/record-cost.cc'), ...PARTS.map((part) => join(engine, `${part}.cc`))];
  const output = join(folder, 'record-cost.node');
  const link = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : [];
  const options = ['-std=c++17', '-O2', '-Wall', '-Wextra', '-shared', '-fPIC', ...link, `-I${headers}`, `-I${engine}`];
  execFileSync(process.env['CXX'] ?? 'c++', [...options, ...sources, '-o', output], { stdio: 'inherit' });
  return createRequire(import.meta.url)(output) as Bench;
}

const pad = (nanoseconds: number): string => String(Math.round(nanoseconds)).padStart(5);
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

type Six = [number, number, number, number, number, number];

/** Of dtls-openssl/native: the record layer and what it is made of. */
const PARTS = [
  'cipher-pool',
  'key-block',
  'record-header',
  'record-layer',
  'record-protection',
  'record-state',
  'record-suite',
  'replay-window',
  'slabs',
];

const SUITES = [
  ['PSK-AES128-CCM8', 0xc0a8],
  ['PSK-AES128-GCM-SHA256', 0x00a8],
  ['PSK-AES256-GCM-SHA384', 0x00a9],
  ['PSK-CHACHA20-POLY1305', 0xccab],
] as const;

const folder = mkdtempSync(join(tmpdir(), 'avs-net-record-cost-'));
try {
  const bench = compile(folder);
  for (const peers of (process.argv[2] ?? '1,1000').split(',').map(Number)) {
    for (const suite of SUITES) for (const size of [64, 1_024]) compare(bench, suite, size, peers);
  }
} finally {
  rmSync(folder, { recursive: true });
}
