/**
 * One of several processes that serve one port and resume each other's sessions. Its parent tells it the port, and keys
 * of tickets whenever they change; it answers every message with its name. Runs on the built packages.
 */

import { createNet } from '../packages/core/dist/index.js';
import { pskServer } from '../packages/credentials/dist/index.js';
import { dtlsOpenssl } from '../packages/dtls-openssl/dist/index.js';
import { udp } from '../packages/udp/dist/index.js';

const [name, port] = process.argv.slice(2);
const net = createNet({ plugins: [udp, dtlsOpenssl] });
let ticketKeys = [];

async function serve() {
  const server = await net.createSocket('dtls', {
    security: pskServer({ lookup: (identity) => Buffer.from(`key of ${Buffer.from(identity)}`) }),
    server: { ticketKeys: () => ticketKeys, maxPeersPerHost: 10_000 },
    backendConfiguration: { reusePort: true },
  });
  server.on('connection', (peer) => peer.on('message', () => void peer.send(Buffer.from(name))));
  await server.bind('127.0.0.1', Number(port));
  return server;
}

let serving;
process.on('message', async (keys) => {
  ticketKeys = keys;
  serving ??= serve();
  process.send((await serving).localPort());
});
process.on('disconnect', () => void net.close());
