/**
 * The demo: a LwM2M registration over DTLS-PSK, once with every DTLS backend that is there. The backend is one word of
 * configuration; nothing else in this program knows which library does the DTLS.
 *
 *   main.js                                                           against an embedded server
 *   main.js --server coaps://host:port --identity TEXT --key HEX      against a real one
 */

import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { createNet, type Net, useFromEnvironment } from '@avs-net/core';
import { psk, pskServer } from '@avs-net/credentials';
import { dtlsNodeDtlsClient } from '@avs-net/dtls-node-dtls-client';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { udp } from '@avs-net/udp';
import Table from 'cli-table3';
import { register } from './registration.ts';
import { serveRegistrations } from './registration-server.ts';

const plugins = [udp, dtlsOpenssl, dtlsNodeDtlsClient];

interface Server {
  readonly host: string;
  readonly port: number;
  readonly identity: string;
  readonly key: Uint8Array;
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: { server: { type: 'string' }, identity: { type: 'string' }, key: { type: 'string' } },
  });
  if (values.server === undefined) return await withEmbeddedServer(registerWithEveryBackend);
  const uri = /^coaps:\/\/(\[[^\]]+\]|[^:/]+)(?::(\d+))?\/?$/.exec(values.server);
  if (!uri || values.identity === undefined || !/^([0-9a-f]{2})+$/i.test(values.key ?? '')) {
    throw new Error('usage: --server coaps://host[:port] --identity TEXT --key HEX');
  }
  return await registerWithEveryBackend({
    host: (uri[1] ?? '').replace(/^\[|\]$/g, ''),
    port: Number(uri[2] ?? 5684),
    identity: values.identity,
    key: Buffer.from(values.key ?? '', 'hex'),
  });
}

/** A server of our own on a free loopback port, for as long as `run` takes. */
async function withEmbeddedServer(run: (server: Server) => Promise<boolean>): Promise<boolean> {
  const [identity, key] = ['urn:dev:os:demo-1', randomBytes(16)];
  const net = createNet({ plugins, use: { dtls: 'dtls-openssl' } });
  try {
    const server = await net.createSocket('dtls', { security: pskServer({ identities: new Map([[identity, key]]) }) });
    await server.bind('127.0.0.1', 0);
    await serveRegistrations(server);
    return await run({ host: server.localHost(), port: server.localPort(), identity, key });
  } finally {
    await net.close();
  }
}

async function registerWithEveryBackend(server: Server): Promise<boolean> {
  const table = new Table({
    head: ['backend', 'library', 'ciphersuite', 'handshake', 'inner MTU', 'location', 'result'],
    style: { head: [], border: [] },
  });
  let registered = 0;
  let failed = 0;
  for (const backend of await dtlsBackends()) {
    if (!backend.available) {
      table.push([backend.name, '', '', '', '', '', `unavailable: ${backend.reason}`]);
      continue;
    }
    const net = createNet({ plugins, use: { dtls: backend.name } });
    const library = [backend.library?.name, backend.library?.running].filter(Boolean).join(' ');
    try {
      table.push([backend.name, library, ...(await registerOnce(net, server)), 'registered, updated, de-registered']);
      registered += 1;
    } catch (error) {
      table.push([backend.name, library, '', '', '', '', error instanceof Error ? error.message : String(error)]);
      failed += 1;
    } finally {
      await net.close();
    }
  }
  process.stdout.write(
    `LwM2M server coaps://${server.host}:${server.port}, endpoint ${server.identity}\n${table.toString()}\n`,
  );
  return registered > 0 && failed === 0;
}

/** The application: everything below is the same for every backend. */
async function registerOnce(net: Net, server: Server): Promise<string[]> {
  const socket = await net.createSocket('dtls', { security: psk({ identity: server.identity, key: server.key }) });
  try {
    await socket.connect(server.host, server.port);
    const registration = await register(socket, server.identity);
    await registration.update();
    await registration.deregister();
    const { ciphersuite, handshakeMs } = socket.info();
    return [
      ciphersuite?.name ?? 'unknown',
      handshakeMs === undefined ? '' : `${handshakeMs.toFixed(1)} ms`,
      String(socket.getOption('innerMtu')),
      registration.location,
    ];
  } finally {
    await socket.dispose();
  }
}

/** All of them, or the one that `AVS_NET_USE=dtls=NAME` names. */
async function dtlsBackends() {
  const chosen = useFromEnvironment({}).dtls;
  const backends = await createNet({ plugins, use: { dtls: 'dtls-openssl' } }).backends();
  return backends.filter(
    ({ name, provides }) => provides === 'dtls' && (chosen === undefined || [chosen].flat().includes(name)),
  );
}

process.exitCode = (await main()) ? 0 : 1;
