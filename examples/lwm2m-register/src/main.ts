/**
 * The demo: a LwM2M registration over DTLS-PSK, once with every DTLS backend that is there. The backend is one word of
 * configuration; nothing else in this program knows which library does the DTLS.
 *
 *   main.js                                                           against an embedded server
 *   main.js --server coaps://host:port --identity TEXT --key HEX      against a real one
 */

import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { serveRegistrations } from '@avs-net/cli/registration-server';
import { type BackendReport, createNet, type Net, useFromEnvironment } from '@avs-net/core';
import { psk, pskServer } from '@avs-net/credentials';
import { dtlsNodeDtlsClient } from '@avs-net/dtls-node-dtls-client';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { udp } from '@avs-net/udp';
import Table from 'cli-table3';
import { register } from './registration.ts';

const plugins = [udp, dtlsOpenssl, dtlsNodeDtlsClient];

interface Server {
  readonly host: string;
  readonly port: number;
  readonly identity: string;
  readonly key: Uint8Array;
}

async function main(): Promise<boolean> {
  const server = realServer();
  return server === undefined
    ? await withEmbeddedServer(registerWithEveryBackend)
    : await registerWithEveryBackend(server);
}

/** From the command line; undefined: none was named. */
function realServer(): Server | undefined {
  const { values } = parseArgs({
    options: { server: { type: 'string' }, identity: { type: 'string' }, key: { type: 'string' } },
  });
  if (Object.keys(values).length === 0) return undefined;
  const uri = /^coaps:\/\/(\[[^\]]+\]|[^:/]+)(?::(\d+))?\/?$/.exec(values.server ?? '');
  if (!uri || values.identity === undefined || !/^([0-9a-f]{2})+$/i.test(values.key ?? '')) {
    throw new Error('a real server needs --server coaps://host[:port] --identity TEXT --key HEX');
  }
  return {
    host: (uri[1] ?? '').replace(/^\[|\]$/g, ''),
    port: Number(uri[2] ?? 5684),
    identity: values.identity,
    key: Buffer.from(values.key ?? '', 'hex'),
  };
}

/** A server of our own on a free loopback port, for as long as `run` takes. */
async function withEmbeddedServer(run: (server: Server) => Promise<boolean>): Promise<boolean> {
  const [identity, key] = ['urn:dev:os:demo-1', randomBytes(16)];
  const net = createNet({ plugins, use: { dtls: 'dtls-openssl' } });
  try {
    const server = await net.createSocket('dtls', { security: pskServer({ identities: new Map([[identity, key]]) }) });
    await server.bind('127.0.0.1', 0);
    serveRegistrations(server);
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
  const socket = await net.createSocket('dtls', {
    security: psk({ identity: server.identity, key: server.key }),
    dtlsHandshakeTimeouts: PATIENCE,
  });
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

/** All of them, or those that `AVS_NET_USE=dtls=NAME` names. */
async function dtlsBackends(): Promise<BackendReport[]> {
  const dtls = plugins.filter(({ provides }) => provides === 'dtls').map(({ name }) => name);
  const use = useFromEnvironment({ dtls });
  const backends = await createNet({ plugins, use }).backends();
  return [use.dtls ?? []].flat().flatMap((name) => backends.find((backend) => backend.name === name) ?? []);
}

/** Whoever mistyped a key waits 7.5 s for each backend, and not two minutes as by the defaults of avs_net. */
const PATIENCE = { min: 500, max: 4_000 };

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
