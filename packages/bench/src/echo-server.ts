/**
 * A DTLS server in a process of its own that sends every message back, on dtls-openssl: the same other end for every
 * client that is measured. Prints its port.
 */

import { createNet } from '@avs-net/core';
import { pskServer } from '@avs-net/credentials';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { udp } from '@avs-net/udp';
import { IDENTITY, KEY, SUITE } from './credential.ts';

const net = createNet({ plugins: [udp, dtlsOpenssl] });
const server = await net.createSocket('dtls', {
  security: pskServer({ identities: new Map([[IDENTITY, KEY]]) }),
  ciphersuites: [SUITE],
  backendConfiguration: { forcedMtu: 1_500 },
});
await server.bind('127.0.0.1', 0);
server.on('connection', (peer) => peer.on('message', (data) => void peer.send(data)));
process.stdout.write(`${server.localPort()}\n`);
// Whoever started it holds its standard input.
process.stdin.resume().once('end', () => void net.close());
