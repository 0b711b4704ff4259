/**
 * A LwM2M registration server over DTLS-PSK: keys by identity from a file, every endpoint bound to the identity that it
 * authenticated with, the directory printed when it changes.
 *
 *   main.js devices.json [port]        devices.json: { "urn:dev:os:1": "hex of its key", … }
 */

import { readFile } from 'node:fs/promises';
import { serveRegistrations } from '@avs-net/cli/registration-server';
import { createNet } from '@avs-net/core';
import { pskServer } from '@avs-net/credentials';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { udp } from '@avs-net/udp';

const [file, port = '5684'] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: main.js devices.json [port]');

const net = createNet({ plugins: [udp, dtlsOpenssl] });
const server = await net.createSocket('dtls', {
  // Read at every handshake: a device that was added may come at once, one that was taken out may not come again.
  security: pskServer({
    async lookup(identity) {
      const devices = JSON.parse(await readFile(file, 'utf8')) as Record<string, string>;
      const name = new TextDecoder().decode(identity);
      return Object.hasOwn(devices, name) ? Buffer.from(devices[name]!, 'hex') : undefined;
    },
  }),
  server: { idleTimeout: 24 * 3_600_000 },
});
await server.bind('', Number(port));

serveRegistrations(server, {
  authorise: (identity, endpoint) => identity === endpoint,
  changed(change, { endpoint, location, lifetime, peer }, directory) {
    process.stdout.write(`${change} ${endpoint} (/rd/${location}, ${lifetime} s, ${peer})\n`);
    for (const known of directory.registrations()) process.stdout.write(`  ${known.endpoint} ${known.objects}\n`);
  },
});
process.stdout.write(`listening on port ${server.localPort()}\n`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void net.close());
