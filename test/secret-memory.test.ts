/**
 * A pre-shared key after its sockets are disposed: nowhere in the memory of the process, neither in core's snapshot nor
 * in the backend nor in OpenSSL. Only for dtls-openssl: a backend in JavaScript has copies that nothing can reach.
 * Where memory cannot be searched, or the backend is unavailable, the reason is attached to the test.
 */

import { getRandomValues } from 'node:crypto';
import { createNet } from '@avs-net/core';
import { wipe } from '@avs-net/core/plugin';
import { psk, pskServer, wipeSecurity } from '@avs-net/credentials';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { udp } from '@avs-net/udp';
import { expect, it } from 'vitest';
import { mark, occurrences, whyUnavailable } from '../packages/credentials/test/process-memory.ts';
import { unavailable } from './backends.ts';

const missing = unavailable.some(({ name }) => name === dtlsOpenssl.name)
  ? 'dtls-openssl is unavailable'
  : whyUnavailable();

it('a key that client and server used is gone when they are disposed and the credentials wiped', async ({
  annotate,
}) => {
  if (missing !== undefined) return void (await annotate(missing, 'unavailable'));
  const key = getRandomValues(new Uint8Array(new ArrayBuffer(32)));
  const marked = mark(key);
  const security = psk({ identity: 'dev-1', key });
  const serverSecurity = pskServer({ identities: { 'dev-1': key } });
  wipe(key);
  const net = createNet({ plugins: [udp, dtlsOpenssl] });
  const server = await net.createSocket('dtls', { security: serverSecurity });
  await server.bind('127.0.0.1', 0);
  server.on('connection', (peer) => peer.on('message', (data) => void peer.send(data)));
  const socket = await net.createSocket('dtls', { security });
  await socket.connect(server.localHost(), server.localPort());
  await socket.send(new TextEncoder().encode('hello'));
  expect(await socket.receive({ timeout: 10_000 })).toHaveLength(5);
  expect((await occurrences(marked))[0]).toBeGreaterThan(0);
  await net.close();
  for (const credential of [security, serverSecurity]) wipeSecurity(credential);
  expect(await occurrences(marked)).toEqual([0]);
});
