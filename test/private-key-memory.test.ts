/**
 * Private keys after their sockets are disposed: nowhere in the memory of the process, neither in core's snapshot nor
 * in the backend nor in OpenSSL. Only for dtls-openssl, as with pre-shared keys.
 */

import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readSync } from 'node:fs';
import { createNet } from '@avs-net/core';
import { wipe } from '@avs-net/core/plugin';
import {
  certificateChainFromFile,
  certificateServer,
  certificates,
  privateKeyFromFile,
  wipeSecurity,
} from '@avs-net/credentials';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { udp } from '@avs-net/udp';
import { expect, it } from 'vitest';
import { type MarkedBytes, mark, occurrences, whyUnavailable } from '../packages/credentials/test/process-memory.ts';
import { needs } from './peers.ts';
import { createPki, type Identity } from './pki.ts';

it('keys of a client and a server are gone when these are disposed and the credentials wiped', async (test) => {
  needs(test, 'openssl');
  const missing = whyUnavailable();
  if (missing !== undefined) return void (await test.annotate(missing, 'unavailable'));
  using pki = createPki();
  const root = pki.authority('root');
  const [own, theirs] = [root.issue('device'), root.issue('server.example')];
  const marked = [markedKey(own), markedKey(theirs)];
  const trustedCerts = certificateChainFromFile(root.certificateFile);
  const security = certificates({
    trustedCerts,
    ignoreSystemTrustStore: true,
    clientCert: certificateChainFromFile(own.chainFile),
    clientKey: privateKeyFromFile(own.keyFile),
  });
  const serverSecurity = certificateServer({
    serverCert: certificateChainFromFile(theirs.chainFile),
    serverKey: privateKeyFromFile(theirs.keyFile),
    clientAuthentication: 'required',
    trustedCerts,
  });
  const net = createNet({ plugins: [udp, dtlsOpenssl] });
  const server = await net.createSocket('dtls', { security: serverSecurity });
  await server.bind('127.0.0.1', 0);
  server.on('connection', (peer) => peer.on('message', (data) => void peer.send(data)));
  const socket = await net.createSocket('dtls', { security, serverNameIndication: 'server.example' });
  await socket.connect(server.localHost(), server.localPort());
  await socket.send(new TextEncoder().encode('hello'));
  expect(await socket.receive({ timeout: 10_000 })).toHaveLength(5);
  for (const count of await occurrences(...marked)) expect(count).toBeGreaterThan(0);
  await net.close();
  for (const credential of [security, serverSecurity]) wipeSecurity(credential);
  expect(await occurrences(...marked)).toEqual([0, 0]);
});

/** The scalar of a P-256 key: 32 bytes behind the 36 that begin its PKCS#8. */
function markedKey({ keyFile }: Identity): MarkedBytes {
  const der = `${keyFile}.der`;
  execFileSync('openssl', ['pkcs8', '-topk8', '-nocrypt', '-in', keyFile, '-outform', 'DER', '-out', der]);
  const scalar = new Uint8Array(new ArrayBuffer(32));
  const file = openSync(der, 'r');
  readSync(file, scalar, 0, scalar.length, 36);
  closeSync(file);
  const marked = mark(scalar);
  wipe(scalar);
  return marked;
}
