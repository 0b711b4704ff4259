/**
 * Programs that nobody here wrote and that tests talk to. A peer that is not installed makes its tests *unavailable*:
 * they are skipped with the reason, never passed. Where peers are required (`AVS_NET_REQUIRE_PEERS=1`, as in CI) an
 * unavailable one is a failure.
 */

import { spawnSync } from 'node:child_process';
import { type Child, startChild } from './child.ts';

export type PeerProgram = keyof typeof PACKAGES;

/** Debian packages that bring the programs. */
export const PACKAGES = {
  openssl: 'openssl',
  'gnutls-cli': 'gnutls-bin',
  'gnutls-serv': 'gnutls-bin',
  'coap-client-openssl': 'libcoap3-bin',
  'coap-server-openssl': 'libcoap3-bin',
  'coap-client-gnutls': 'libcoap3-bin',
  'coap-server-gnutls': 'libcoap3-bin',
} as const;

/** Ends the test that `context` is of: skipped, or failed where peers are required. */
export function endUnavailable(context: { skip(note?: string): void }, reason: string): void {
  if (process.env['AVS_NET_REQUIRE_PEERS'] === '1') throw new Error(reason);
  context.skip(reason);
}

/** Call it first in a test that needs `program`. */
export function needs(context: { skip(note?: string): void }, program: PeerProgram): void {
  if (spawnSync('sh', ['-c', `command -v ${program}`]).status === 0) return;
  endUnavailable(context, `unavailable: ${program} is not installed (Debian package ${PACKAGES[program]})`);
}

export interface PeerServer {
  readonly child: Child;
  readonly port: number;
}

/** `openssl s_server` on a free port of loopback: prints what it gets and sends what is typed. */
export async function sServer(...flags: readonly string[]): Promise<PeerServer> {
  const child = startPeer('openssl', ['s_server', '-accept', '127.0.0.1:0', ...flags]);
  const [, port] = await child.line(/ACCEPT 127\.0\.0\.1:(\d+)/);
  return { child, port: Number(port) };
}

/** `openssl s_client` of a port of loopback; it likewise prints and sends. */
export function sClient(port: number, ...flags: readonly string[]): Child {
  return startPeer('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...flags]);
}

export function startPeer(program: PeerProgram, args: readonly string[]): Child {
  return startChild(program, args);
}
