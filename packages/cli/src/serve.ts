/**
 * `avs-net serve`: accepts peers and reports what they send; `--echo` sends it back, `--lwm2m` answers registrations
 * and reports the directory when it changes. Runs until `--receive` messages have come, or until it is interrupted.
 */

import { createNet, formatAddress, type Socket } from '@avs-net/core';
import { discover } from './discovery.ts';
import type { EndpointUri } from './endpoint-uri.ts';
import { asText, errorEvent, messageEvent, type Report } from './events.ts';
import { registrationServer } from './registration-server.ts';
import { type SecureOptions, useOf } from './secure-options.ts';
import { type LimitOptions, servingConfiguration } from './server-limits.ts';

export interface ServeOptions extends SecureOptions, LimitOptions {
  readonly echo?: boolean;
  readonly lwm2m?: boolean;
  readonly stats?: boolean;
  readonly receive?: number;
}

export async function serve(
  uri: EndpointUri,
  options: ServeOptions,
  io: { readonly cwd: string; readonly report: Report; readonly interrupted: AbortSignal },
): Promise<void> {
  const configuration = servingConfiguration(uri.type, options);
  const lwm2m = registrationServer({
    changed(change, registration, { size }) {
      io.report({ event: 'registration', change, ...registration, registrations: size });
    },
  });
  const { plugins } = await discover(io.cwd);
  const net = createNet({ plugins, use: useOf(uri.type, options, plugins) });
  const done = new AbortController();
  const stop = AbortSignal.any([done.signal, io.interrupted]);
  let awaited = options.receive ?? Number.POSITIVE_INFINITY;
  try {
    const server = await net.createSocket(uri.type, configuration);
    await server.bind(uri.host, uri.port);
    io.report({ event: 'listening', host: server.localHost(), port: server.localPort() });
    try {
      for await (const peer of server.accepted({ signal: stop })) {
        io.report(acceptedEvent(peer));
        if (options.lwm2m === true) lwm2m.attend(peer);
        attend(peer, options.echo === true, io.report, () => {
          awaited -= 1;
          if (awaited <= 0) done.abort();
        });
      }
    } catch (error) {
      if (!stop.aborted) throw error;
    }
    await server.close();
    if (options.stats === true) io.report({ event: 'stats', stats: server.stats() });
    io.report({ event: 'closed' });
  } finally {
    lwm2m.directory.close();
    await net.close();
  }
}

/** One peer from its acceptance to its end; it never ends the server. */
function attend(peer: Socket, echo: boolean, report: Report, counted: () => void): void {
  const from = { host: peer.remoteHost(), port: peer.remotePort() };
  const leave = (): void => {
    report({ event: 'closed', peer: formatAddress(from) });
    void peer.dispose();
  };
  peer.on('end', leave);
  peer.on('error', (error) => {
    report(errorEvent(error));
    leave();
  });
  peer.on('message', (data) => {
    report(messageEvent(data, from));
    if (echo) peer.send(data).catch((error: unknown) => report(errorEvent(error)));
    counted();
  });
}

function acceptedEvent(peer: Socket): Parameters<Report>[0] {
  const { pskIdentity, ciphersuite } = peer.info();
  const identity =
    pskIdentity === undefined ? undefined : (asText(pskIdentity) ?? Buffer.from(pskIdentity).toString('hex'));
  return {
    event: 'accepted',
    peer: formatAddress({ host: peer.remoteHost(), port: peer.remotePort() }),
    ...(identity !== undefined && { identity }),
    ...(ciphersuite !== undefined && { ciphersuite: ciphersuite.name }),
  };
}
