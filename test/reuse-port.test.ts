/**
 * Several processes on one port: shared where node has SO_REUSEPORT, refused with the reason where it has not, and
 * never by the shared socket of node:cluster.
 */

import { fileURLToPath } from 'node:url';
import { createNet } from '@avs-net/core';
import { psk, pskServer } from '@avs-net/credentials';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { udp } from '@avs-net/udp';
import { afterEach, expect, it } from 'vitest';
import { type Child, startChild } from './child.ts';

const BIN = fileURLToPath(new URL('../packages/cli/bin/avs-net.js', import.meta.url));
const CLUSTER = fileURLToPath(new URL('./cluster-servers.js', import.meta.url));
const shares = udp.claims.transport!.features.includes('reusePort');
const key = Buffer.from('secretPSK');

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

function started(...args: string[]): Child {
  const child = startChild(process.execPath, args);
  open.push(child);
  return child;
}

const serve = (port: string): Child =>
  started(BIN, 'serve', `dtls://127.0.0.1:${port}`, '--psk', `dev=${key.toString('hex')}`, '--echo', '--reuse-port');

it.runIf(!shares)('says which node shares ports where this one does not', async () => {
  const net = createNet({ plugins: [udp, dtlsOpenssl] });
  const security = pskServer({ lookup: () => key });
  await expect(net.createSocket('dtls', { security, backendConfiguration: { reusePort: true } })).rejects.toMatchObject(
    {
      code: 'ENOTSUP',
      message: expect.stringMatching(/reusePort.*Node 22\.12/),
    },
  );
  await net.close();
});

it.runIf(shares)('gives every client to one of several processes, and keeps it there', async () => {
  const first = serve('0');
  const [, port] = await first.line(/listening on 127\.0\.0\.1:(\d+)/);
  const others = [serve(port!), serve(port!)];
  for (const other of others) await other.line(/listening/);
  const net = createNet({ plugins: [udp, dtlsOpenssl] });
  for (let count = 0; count < 60; count++) {
    const client = await net.createSocket('dtls', { security: psk({ identity: 'dev', key }) });
    await client.connect('127.0.0.1', Number(port));
    for (const text of ['one', 'two', 'three']) {
      await client.send(Buffer.from(text));
      expect(Buffer.from((await client.receive())!).toString()).toBe(text);
    }
  }
  await net.close();
  const counts = (): number[] => [first, ...others].map((server) => server.output().match(/^accepted/gm)?.length ?? 0);
  // What they print arrives when it likes.
  while (counts().reduce((sum, each) => sum + each) < 60) await new Promise(setImmediate);
  expect(counts().filter((each) => each > 0).length).toBeGreaterThan(1);
});

it('explains to a worker of a cluster why it has no share in the port of another', async () => {
  const [line] = await started(CLUSTER).line(/EADDRINUSE.*/);
  expect(line).toMatch(/node:cluster.*reusePort/);
});
