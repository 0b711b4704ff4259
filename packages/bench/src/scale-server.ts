/**
 * The server of `server-scale`: sends every message back, and says what it costs when it is asked. Keeps nothing about
 * its peers, as an application would, so that what it needs for them is what the library needs.
 */

import { createNet } from '@avs-net/core';
import { pskServer } from '@avs-net/credentials';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { createUdp } from '@avs-net/udp';
import { KEY, SUITE } from './credential.ts';
import type { Cost } from './server-scale.ts';

const net = createNet({ plugins: [createUdp({ peerLimit: 1_000_000 }), dtlsOpenssl] });
const server =
  process.argv[2] === 'udp'
    ? await net.createSocket('udp')
    : await net.createSocket('dtls', {
        security: pskServer({ lookup: () => KEY }),
        ciphersuites: [SUITE],
        server: { maxPeers: 1_000_000, maxPeersPerHost: 1_000_000 },
      });
await server.bind('127.0.0.1', 0);
server.on('connection', (peer) => peer.on('message', (data) => void peer.send(data)));

process.on('message', (what) => {
  // Collected only to measure memory, which is no cost of the messages: nobody asks for it while they are counted.
  if (what === 'memory') (globalThis as { gc?: () => void }).gc?.();
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  const cost: Cost = { cpu: user + system, user, rss, heapUsed, external, stats: server.stats() };
  process.send!(cost);
});
process.on('disconnect', () => void net.close());
process.send!(server.localPort());
