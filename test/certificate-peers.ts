/**
 * openssl and gnutls as DTLS 1.2 peers with certificates, behind one face: what differs between them is how they are
 * started and how their port is found out.
 */

import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import type { Child } from './child.ts';
import { type PeerProgram, type PeerServer, sClient, sServer, startPeer } from './peers.ts';
import type { Identity } from './pki.ts';

export interface ServerRules {
  /** Asks for a certificate of the client, insists on it, and verifies it with this. */
  readonly clientsOf?: Identity;
  readonly flags?: readonly string[];
}

export interface CertificatePeer {
  readonly server: PeerProgram;
  readonly client: PeerProgram;
  /** Kinds of keys that it can show. */
  readonly keys: readonly ('rsa' | 'p256' | 'p384' | 'ed25519')[];
  startServer(identity: Identity, rules?: ServerRules): Promise<PeerServer>;
  /** Verifies the server by `trusted` and `name`. */
  startClient(port: number, trusted: Identity, name: string, own?: Identity): Child;
  /** What its client prints when the handshake is done. */
  readonly connected: RegExp;
}

export const openssl: CertificatePeer = {
  server: 'openssl',
  client: 'openssl',
  keys: ['rsa', 'p256', 'p384'],
  startServer(identity, { clientsOf, flags = [] } = {}) {
    const own = opensslIdentity(identity);
    const asks = clientsOf && ['-Verify', '3', '-verify_return_error', '-CAfile', clientsOf.certificateFile];
    return sServer('-dtls1_2', ...own, ...(asks ?? ['-no-CAfile']), ...flags);
  },
  startClient(port, { certificateFile }, name, own) {
    const checks = ['-CAfile', certificateFile, '-verify_return_error', '-verify_hostname', name, '-servername', name];
    return sClient(port, '-dtls1_2', ...checks, ...(own ? opensslIdentity(own) : []));
  },
  connected: /Verify return code: 0 \(ok\)/,
};

export const gnutls: CertificatePeer = {
  server: 'gnutls-serv',
  client: 'gnutls-cli',
  keys: ['rsa', 'p256', 'p384', 'ed25519'],
  async startServer({ chainFile, keyFile }, { clientsOf, flags = [] } = {}) {
    const own = ['--x509certfile', chainFile, '--x509keyfile', keyFile];
    const asks = clientsOf && [
      '--require-client-cert',
      '--verify-client-cert',
      '--x509cafile',
      clientsOf.certificateFile,
    ];
    const rules = asks ?? ['--disable-client-cert'];
    const child = startPeer('gnutls-serv', ['--udp', '--echo', '--port', '0', ...own, ...rules, ...flags]);
    await child.line(/Server listening on IPv4 .*done/);
    return { child, port: udpPortOf(child.process.pid!) };
  },
  startClient(port, { certificateFile }, name, own) {
    const checks = ['--x509cafile', certificateFile, '--verify-hostname', name, '--sni-hostname', name];
    const shows = own && ['--x509certfile', own.chainFile, '--x509keyfile', own.keyFile];
    return startPeer('gnutls-cli', ['--udp', '--port', String(port), ...checks, ...(shows ?? []), '127.0.0.1']);
  },
  connected: /Handshake was completed/,
};

/** The chain goes without the leaf, which would be sent twice. */
function opensslIdentity({ certificate, certificateFile, chain, chainFile, keyFile }: Identity): string[] {
  const own = ['-cert', certificateFile, '-key', keyFile];
  if (chain.length === certificate.length) return own;
  const above = `${chainFile}.above`;
  writeFileSync(above, chain.subarray(certificate.length));
  return [...own, '-cert_chain', above];
}

/** gnutls-serv does not tell which port it was given; Linux does. */
function udpPortOf(pid: number): number {
  const descriptors = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  for (const line of readFileSync('/proc/net/udp', 'utf8').split('\n').slice(1)) {
    const [, local, , , , , , , , inode] = line.trim().split(/\s+/);
    if (local !== undefined && descriptors.includes(`socket:[${inode}]`))
      return Number.parseInt(local.split(':')[1]!, 16);
  }
  throw new Error(`process ${pid} has no udp socket`);
}
