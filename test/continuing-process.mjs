/**
 * A client that talks as fast as it can, or a server that echoes, on an association that it found in a directory, until
 * it is killed: node continuing-process.mjs client|server PORT DIRECTORY KEY
 */

import { createNet, fileAssociationStore } from '../packages/core/dist/index.js';
import { psk, pskServer } from '../packages/credentials/dist/index.js';
import { dtlsOpenssl } from '../packages/dtls-openssl/dist/index.js';
import { udp } from '../packages/udp/dist/index.js';

const [role, port, directory, key] = process.argv.slice(2);
const net = createNet({ plugins: [udp, dtlsOpenssl] });
const associations = { store: fileAssociationStore(directory), keys: [Buffer.from(key, 'hex')], reserve: 32 };
const psks = Buffer.from('secretPSK');

if (role === 'client') {
  const security = psk({ identity: 'dev-1', key: psks });
  const socket = await net.createSocket('dtls', { security, connectionId: true, associations });
  const found = await socket.continueAssociation('dev-1');
  if (found === undefined) {
    await socket.connect('127.0.0.1', Number(port));
    await socket.exportAssociation('dev-1', { replace: true });
  }
  console.log(found === undefined ? 'connected' : 'continued');
  for (let count = 0; ; count++) {
    await socket.send(Buffer.from(`${count}`));
    await new Promise(setImmediate);
  }
} else {
  const security = pskServer({ lookup: () => psks });
  const server = await net.createSocket('dtls', { security, connectionId: true, associations });
  const serve = (peer) => peer.on('message', (data) => peer.send(data).catch(() => {}));
  server.on('connection', (peer) => {
    serve(peer);
    void peer.exportAssociation('dev-1', { replace: true }).then(() => console.log('exported'));
  });
  await server.bind('127.0.0.1', Number(port));
  const peer = await server.continueAssociation('dev-1');
  if (peer !== undefined) serve(peer);
  console.log(`${peer === undefined ? 'listening' : 'continued'} ${server.localPort()}`);
}
