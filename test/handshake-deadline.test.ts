/**
 * A deadline of the caller that runs out in the middle of a handshake says as much as the timers of the engine would:
 * what was heard last, and what to try.
 */

import { createSocket, type Socket as Dgram } from 'node:dgram';
import { createServer, type Server } from 'node:net';
import { createNet, isNetError, type Net, type NetError, type Plugin, type SecureConfiguration } from '@avs-net/core';
import { certificates, psk, pskServer } from '@avs-net/credentials';
import { dtlsNodeDtlsClient } from '@avs-net/dtls-node-dtls-client';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { tcp } from '@avs-net/tcp';
import { tlsNode } from '@avs-net/tls-node';
import { udp } from '@avs-net/udp';
import { customBackend } from '@example/custom-backend';
import { afterEach, describe, expect, it } from 'vitest';

const KEY = Buffer.from('a key of sixteen');
const OTHER_KEY = Buffer.from('another key of..');
const open: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

describe.each<[string, Plugin]>([
  ['dtls-openssl', dtlsOpenssl],
  ['dtls-node-dtls-client', dtlsNodeDtlsClient],
  ['custom-backend', customBackend],
])('with %s, a deadline', (_name, backend) => {
  const connect = async (port: number, security: SecureConfiguration['security']): Promise<NetError> => {
    const socket = await netOf(udp, backend).createSocket('dtls', { security });
    return failure(socket.connect('127.0.0.1', port, { timeout: 300 }));
  };

  it('says that nothing was ever answered', async () => {
    const error = await connect(await silentPort(), psk({ identity: 'device', key: KEY }));
    expect([error.code, error.operation, error.backend]).toEqual(['ETIMEDOUT', 'connect', backend.name]);
    expect(error.message).toMatch(
      /no connection within 300 ms: no answer (to|after) ClientHello\b.*(server|listening)/,
    );
  });

  it('says that the last flight was not answered, and that the key may be wrong', async () => {
    const port = await serve({ security: pskServer({ identities: new Map([['device', OTHER_KEY]]) }) });
    const error = await connect(port, psk({ identity: 'device', key: KEY }));
    expect(error.code).toBe('ETIMEDOUT');
    expect(error.message).toMatch(
      /within 300 ms: no answer after ClientKeyExchange\b.*key or (the )?identity may be wrong/,
    );
  });

  it('says that an alert came which was not believed', async () => {
    const port = await alerting(40);
    const error = await connect(port, psk({ identity: 'device', key: KEY }));
    expect(error.code).toBe('ETIMEDOUT');
    expect(error.message).toMatch(/within 300 ms: .*alert handshake_failure \(40\), which was not authenticated/);
    expect(error.alert).toMatchObject({ name: 'handshake_failure', origin: 'peer' });
  });

  it.runIf(process.platform === 'linux')('says what the network reported', async () => {
    const error = await connect(await closedPort(), psk({ identity: 'device', key: KEY }));
    expect(error.code).toBe('ECONNREFUSED');
    expect(error.message).toMatch(/within 300 ms: .*the network reported ECONNREFUSED: does a server listen there\?/);
  });

  it('says the same of a decoration', async () => {
    const net = netOf(udp, backend);
    const lower = await net.createSocket('udp', {});
    await lower.connect('127.0.0.1', await silentPort());
    const security = psk({ identity: 'device', key: KEY });
    const error = await failure(net.decorate('dtls', lower, { security }, { timeout: 300 }));
    expect(error).toMatchObject({ code: 'ETIMEDOUT', operation: 'decorate' });
    expect(error.message).toMatch(/within 300 ms: no answer (to|after) ClientHello\b/);
    expect(lower.state).toBe('connected');
  });
});

it('says of a TLS handshake whether the peer said anything', async () => {
  const server: Server = createServer(() => {}).listen(0, '127.0.0.1');
  open.push(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  const socket = await netOf(tcp, tlsNode).createSocket('tls', { security: certificates({}) });
  const error = await failure(socket.connect('127.0.0.1', port, { timeout: 200 }));
  expect(error.code).toBe('ETIMEDOUT');
  expect(error.message).toMatch(/within 200 ms: the peer has said nothing; does it speak TLS at this port\?/);
});

function netOf(...plugins: readonly Plugin[]): Net {
  const net = createNet({ plugins: [...plugins] });
  open.push(() => net.close());
  return net;
}

async function failure(operation: Promise<unknown>): Promise<NetError> {
  const error = await operation.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isNetError(error)) throw new Error(`expected a NetError, received ${String(error)}`);
  return error;
}

async function serve(configuration: SecureConfiguration): Promise<number> {
  const listener = await netOf(udp, dtlsOpenssl).createSocket('dtls', configuration);
  await listener.bind('127.0.0.1', 0);
  return listener.localPort();
}

async function bound(): Promise<Dgram> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return socket;
}

/** Somebody is there and says nothing. */
async function silentPort(): Promise<number> {
  const socket = await bound();
  open.push(() => socket.close());
  return socket.address().port;
}

/** Whoever is there answers everything with a fatal alert in the clear. */
async function alerting(description: number): Promise<number> {
  const socket = await bound();
  const alert = Buffer.from([21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, description]);
  socket.on('message', (_data, { port, address }) => socket.send(alert, port, address));
  open.push(() => socket.close());
  return socket.address().port;
}

async function closedPort(): Promise<number> {
  const socket = await bound();
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}
