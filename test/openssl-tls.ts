/**
 * A stage for tls-node against the openssl command line: a net over tcp on loopback, certificates, and programs and
 * sockets that are gone after each test.
 */

import { type Configurations, createNet, type Net, type Socket } from '@avs-net/core';
import {
  type CertificateOptions,
  type CertificateServerOptions,
  certificateChainFromBuffer,
  certificateServer,
  certificates,
  privateKeyFromBuffer,
} from '@avs-net/credentials';
import { tcp } from '@avs-net/tcp';
import { tlsNode } from '@avs-net/tls-node';
import { afterAll, afterEach, beforeEach, expect } from 'vitest';
import type { Child } from './child.ts';
import { needs, sClient, sServer } from './peers.ts';
import { type Authority, createPki, type Identity, type Pki } from './pki.ts';

export interface TlsStage {
  readonly net: Net;
  readonly pki: Pki;
  readonly root: Authority;
  /** Below `root`. */
  readonly middle: Authority;
  socket(configuration: Configurations['tls']): Promise<Socket>;
  /** Bound to loopback, as tls socket. */
  server(configuration: Configurations['tls']): Promise<Socket>;
  /** Listens on a free port; prints what it gets and sends what is typed. */
  sServer(...flags: readonly string[]): Promise<{ peer: Child; port: number }>;
  sClient(port: number, ...flags: readonly string[]): Child;
  /** Trusts `root` alone. */
  clientSecurity(change?: Partial<CertificateOptions>): Configurations['tls']['security'];
  serverSecurity(identity: Identity, change?: Partial<CertificateServerOptions>): Configurations['tls']['security'];
}

/** Registers hooks: call it once at the top of a file. */
export function tlsStage(): TlsStage {
  const open: AsyncDisposable[] = [];
  const opened = <T extends AsyncDisposable>(each: T): T => {
    open.push(each);
    return each;
  };
  let net: Net;
  let made: { pki: Pki; root: Authority; middle: Authority } | undefined;
  const certificatesMade = (): NonNullable<typeof made> => {
    if (made !== undefined) return made;
    const pki = createPki();
    const root = pki.authority('root');
    made = { pki, root, middle: root.authority('middle') };
    return made;
  };
  beforeEach((test) => {
    needs(test, 'openssl');
    net = createNet({ plugins: [tcp, tlsNode] });
  });
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
    await net.close();
  });
  afterAll(() => made?.pki[Symbol.dispose]());
  const stage: TlsStage = {
    get net() {
      return net;
    },
    get pki() {
      return certificatesMade().pki;
    },
    get root() {
      return certificatesMade().root;
    },
    get middle() {
      return certificatesMade().middle;
    },
    socket: async (configuration) => opened(await net.createSocket('tls', configuration)),
    async server(configuration) {
      const socket = await stage.socket(configuration);
      await socket.bind('127.0.0.1', 0);
      return socket;
    },
    async sServer(...flags) {
      const { child, port } = await sServer(...flags);
      return { peer: opened(child), port };
    },
    sClient: (port, ...flags) => opened(sClient(port, ...flags)),
    clientSecurity: (change) =>
      certificates({
        ignoreSystemTrustStore: true,
        trustedCerts: certificateChainFromBuffer(stage.root.certificate),
        ...change,
      }),
    serverSecurity: (identity, change) => certificateServer({ ...serverIdentity(identity), ...change }),
  };
  return stage;
}

/** Flags of `openssl s_server` and `s_client`. */
export function identityFlags({ certificateFile, keyFile, chainFile }: Identity): string[] {
  return ['-cert', certificateFile, '-key', keyFile, '-cert_chain', chainFile];
}

export function serverIdentity({ chain, key }: Identity): Pick<CertificateServerOptions, 'serverCert' | 'serverKey'> {
  return { serverCert: certificateChainFromBuffer(chain), serverKey: privateKeyFromBuffer(key) };
}

export function clientIdentity({ chain, key }: Identity): Pick<CertificateOptions, 'clientCert' | 'clientKey'> {
  return { clientCert: certificateChainFromBuffer(chain), clientKey: privateKeyFromBuffer(key) };
}

export const localhost: { readonly names: string[] } = { names: ['localhost', '127.0.0.1'] };

export function text(data: Uint8Array | null): string | undefined {
  return data === null ? undefined : Buffer.from(data).toString();
}

/** There and back: the program prints what it gets and sends what is typed. */
export async function echo(socket: Socket, peer: Child): Promise<void> {
  await socket.send(Buffer.from('from us\n'));
  await peer.line(/from us/);
  peer.write('from openssl\n');
  expect(text(await socket.receive({ timeout: 5_000 }))).toBe('from openssl\n');
}

export function derOf(pem: Buffer): Buffer {
  return Buffer.from(pem.toString().replace(/-----[^-]+-----|\s/g, ''), 'base64');
}
