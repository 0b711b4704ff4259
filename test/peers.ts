/**
 * Programs that nobody here wrote and that tests talk to. A peer that is not installed makes its tests *unavailable*:
 * they are skipped with the reason, never passed. Where peers are required (`AVS_NET_REQUIRE_PEERS=1`, as in CI) an
 * unavailable one is a failure.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';

export type PeerProgram =
  | 'openssl'
  | 'gnutls-cli'
  | 'gnutls-serv'
  | 'coap-client-openssl'
  | 'coap-server-openssl'
  | 'coap-client-gnutls'
  | 'coap-server-gnutls';

/** Debian packages that bring the programs. */
export const PACKAGES: Readonly<Record<PeerProgram, string>> = {
  openssl: 'openssl',
  'gnutls-cli': 'gnutls-bin',
  'gnutls-serv': 'gnutls-bin',
  'coap-client-openssl': 'libcoap3-bin',
  'coap-server-openssl': 'libcoap3-bin',
  'coap-client-gnutls': 'libcoap3-bin',
  'coap-server-gnutls': 'libcoap3-bin',
};

/** Call it first in a test that needs `program`. */
export function needs(context: { skip(note?: string): void }, program: PeerProgram): void {
  if (isInstalled(program)) return;
  const reason = `unavailable: ${program} is not installed (Debian package ${PACKAGES[program]})`;
  if (process.env['AVS_NET_REQUIRE_PEERS'] === '1') throw new Error(reason);
  context.skip(reason);
}

export interface RunningPeer extends AsyncDisposable {
  readonly process: ChildProcess;
  /** Resolves with the first line of either output that matches; rejects when the program ends before. */
  line(pattern: RegExp): Promise<RegExpMatchArray>;
  /** Everything that it has printed so far. */
  output(): string;
  write(text: string): void;
}

/** Starts `program`; disposing it kills it and waits for its end. */
export function startPeer(program: PeerProgram, args: readonly string[]): RunningPeer {
  const process = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  let ended = false;
  const wake = (): void => {
    for (const watcher of watchers) watcher();
  };
  for (const stream of [process.stdout, process.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      wake();
    });
  }
  const exit = new Promise<void>((resolve) => {
    process.once('close', () => {
      ended = true;
      resolve();
      wake();
    });
    process.once('error', () => resolve());
  });
  process.stdin.on('error', () => {});
  return {
    process,
    output: () => lines.join('\n'),
    write: (text) => process.stdin.write(text),
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines.map((line) => line.match(pattern)).find((match) => match !== null);
          if (!found && !ended) return;
          watchers.delete(look);
          if (found) resolve(found);
          else reject(new Error(`${program} ended without printing ${pattern}:\n${lines.join('\n')}`));
        };
        watchers.add(look);
        look();
      }),
    async [Symbol.asyncDispose]() {
      process.kill('SIGKILL');
      await exit;
    },
  };
}

function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}
