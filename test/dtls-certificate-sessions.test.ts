/**
 * Sessions of dtls-openssl that were made with certificates: a resumed handshake verifies nothing, so a session must
 * not outlive what made it good.
 */

import { type Configurations, createNet, type Net, type Socket } from '@avs-net/core';
import {
  type CertificateOptions,
  certificateChainFromBuffer,
  certificateServer,
  certificates,
  certRevocationListFromBuffer,
  privateKeyFromBuffer,
} from '@avs-net/credentials';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { udp } from '@avs-net/udp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Authority, Identity, Pki } from './pki.ts';
import { pkiStage } from './pki-stage.ts';

let pki: Pki;
let root: Authority;
let identity: Identity;
let net: Net;
let port: number;
let session: Map<string, Uint8Array>;

pkiStage((made) => {
  pki = made;
  root = pki.authority('root');
  identity = root.issue('server.example');
});
beforeEach(async () => {
  session = new Map();
  net = createNet({ plugins: [udp, dtlsOpenssl] });
  const security = certificateServer({
    serverCert: certificateChainFromBuffer(identity.chain),
    serverKey: privateKeyFromBuffer(identity.key),
  });
  const server = await net.createSocket('dtls', { security, session: new Map() });
  await server.bind('127.0.0.1', 0);
  server.on('connection', () => {});
  port = server.localPort();
});
afterEach(async () => net?.close());

async function connect(options: CertificateOptions = {}, rest: Partial<Configurations['dtls']> = {}): Promise<Socket> {
  const trustedCerts = certificateChainFromBuffer(root.certificate);
  const security = certificates({ trustedCerts, ignoreSystemTrustStore: true, ...options });
  const socket = await net.createSocket('dtls', {
    security,
    session,
    serverNameIndication: 'server.example',
    ...WIDE,
    ...rest,
  });
  await socket.connect('127.0.0.1', port);
  return socket;
}

describe('a session made with certificates', () => {
  it('is resumed by a client of the same trust and the same name', async () => {
    expect((await connect()).getOption('sessionResumed')).toBe(false);
    expect((await connect()).getOption('sessionResumed')).toBe(true);
  });

  it.each<[string, () => Parameters<typeof connect>, string]>([
    [
      'another authority',
      () => [{ trustedCerts: certificateChainFromBuffer(pki.authority('other').certificate) }],
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    ],
    [
      'a list that revokes the server',
      () => [{ certRevocationLists: certRevocationListFromBuffer(root.revocationList([identity]).pem) }],
      'CERT_REVOKED',
    ],
    ['another name in mind', () => [{}, { serverNameIndication: 'other.example' }], 'HOSTNAME_MISMATCH'],
  ])('says nothing to a client with %s', async (_what, change, verdict) => {
    await connect();
    expect(session.size).toBe(1);
    await expect(connect(...change())).rejects.toMatchObject({ code: 'EPROTO', library: { code: verdict } });
  });
});

/** A hello with a ticket must fit one datagram, or the session is not offered. */
const WIDE = { backendConfiguration: { forcedMtu: 1_500 } };
