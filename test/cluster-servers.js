/** Two workers of a cluster that bind one port; prints what the second one is told. Runs on the built packages. */

import cluster from 'node:cluster';
import { createNet } from '../packages/core/dist/index.js';
import { udp } from '../packages/udp/dist/index.js';

if (cluster.isPrimary) {
  cluster.fork().once('message', (port) => {
    cluster.fork({ PORT: port }).once('message', (told) => {
      process.stdout.write(`${told}\n`);
      for (const worker of Object.values(cluster.workers)) worker.kill();
    });
  });
} else {
  const net = createNet({ plugins: [udp] });
  const socket = await net.createSocket('udp', {});
  try {
    await socket.bind('127.0.0.1', Number(process.env['PORT'] ?? 0));
    process.send(socket.localPort());
  } catch (error) {
    process.send(`${error.code}: ${error.message}`);
  }
}
