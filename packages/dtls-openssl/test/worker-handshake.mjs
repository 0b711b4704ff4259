// A worker that shakes hands through the bare addon, reports what is alive, and leaves without freeing anything.
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

const addon = createRequire(import.meta.url)('../build/Release/dtls_openssl.node');
const arena = new Uint8Array(256 * 1024);
const DATAGRAM = 1;
const ESTABLISHED = 4;

const create = (server) => addon.createContext(server, 0xfefd, 0xfefd, 'PSK-AES128-CCM8', [0xc0a8], false);
const contexts = { client: create(false), server: create(true) };
addon.useClientPsk(contexts.client, Buffer.from('worker'), workerData.key);
addon.useServerPsk(contexts.server, undefined, true);
const client = addon.createAssociation(contexts.client, 1472, 1000, 60000, 64);
const server = addon.createAssociation(contexts.server, 1472, 1000, 60000, 64);
addon.answerPsk(server, workerData.key);

let established = 0;
const datagrams = (used) => {
  const found = [];
  for (let at = 0; at < used; ) {
    const size = arena[at + 2] | (arena[at + 3] << 8);
    if (arena[at] === DATAGRAM) found.push(arena.slice(at + 4, at + 4 + size));
    if (arena[at] === ESTABLISHED) established += 1;
    at += 4 + size;
  }
  return found;
};

let flight = datagrams(addon.start(client, undefined, arena));
for (let to = server; flight.length > 0; to = to === server ? client : server) {
  flight = flight.flatMap((bytes) => datagrams(addon.receive(to, bytes, arena)));
}
if (established !== 2) throw new Error('no handshake');
parentPort.postMessage(addon.liveObjects(true));
if (workerData.leave === 'exit') process.exit(0);
if (workerData.leave === 'terminate') setInterval(() => {}, 1000);
