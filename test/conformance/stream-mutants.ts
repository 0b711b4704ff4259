/**
 * Broken copies of tls-node: one thing changed at the border of the contract, and the case that is there to catch it.
 */

import type { Core } from '@avs-net/conformance';
import * as core from '@avs-net/core';
import type { Association, AssociationRequest, SecureConfiguration } from '@avs-net/core/plugin';
import { withoutServerCertValidation } from '@avs-net/credentials';
import { tlsNode } from '@avs-net/tls-node';
import { brokenCopy, type Mutant, overridden, withOutput } from './broken-copy.ts';

export interface StreamMutant extends Omit<Mutant, 'caughtBy'> {
  /** The cases that must catch it; others may too. */
  readonly caughtBy: readonly string[];
}

export const STREAM_MUTANTS: readonly StreamMutant[] = [
  mutant('takes a cut stream for an end', inBothRoles('truncated'), {
    output: ({ output }) => ({
      failed: (error) => (error.code === 'ECONNRESET' ? output.closed() : output.failed(error)),
    }),
  }),
  mutant('hears nothing after its own end', inBothRoles('half-close'), {
    association: (sound) => {
      const { shutdown, receive } = methods(sound);
      let deaf = false;
      return {
        shutdown(now) {
          deaf = true;
          return shutdown(now);
        },
        receive: (bytes, now) => (deaf ? undefined : receive(bytes, now)),
      };
    },
  }),
  mutant('ends before the last message', inBothRoles('ends-in-order'), {
    output: ({ output }) => {
      let held: Uint8Array | undefined;
      return {
        message(bytes) {
          if (held !== undefined) output.message(held);
          held = bytes.slice();
        },
      };
    },
  }),
  mutant('sends the first record of a message only', inBothRoles('large-message'), {
    association: (sound) => {
      const { send } = methods(sound);
      return { send: (message, now) => send(message.subarray(0, 16_384), now) };
    },
  }),
  mutant('wants records whole', inBothRoles('single-bytes'), {
    association: (sound) => {
      const { receive } = methods(sound);
      return { receive: (bytes, now) => (bytes.length < 5 ? undefined : receive(bytes, now)) };
    },
  }),
  mutant('never waits for the peer', inBothRoles('backpressure'), {
    output: ({ output }) => ({
      datagram(bytes) {
        void output.datagram(bytes);
      },
    }),
  }),
  mutant('goes on after a record that it could not read', inBothRoles('tampered'), {
    output: ({ output }) => ({
      failed: (error) => (error.code === 'EPROTO' ? output.message(Uint8Array.of(0)) : output.failed(error)),
    }),
  }),
  mutant('speaks whichever version it likes', inBothRoles('versions'), {
    configuration: ({ version: _, ...configuration }) => configuration,
  }),
  mutant('waits for ever where the stream ends in the handshake', 'stream/cut-in-handshake', {
    association: () => ({ end: () => {} }),
  }),
  mutant('takes whatever it reads for TLS', 'stream/no-tls', {
    output: ({ output, error }) => ({
      failed: ({ code }) => output.failed(error({ code, message: 'something went wrong' })),
    }),
  }),
  mutant('keeps the server name to itself', 'stream/server-hears-name', {
    association: (sound) => ({
      info: () => {
        const { serverName: _, ...rest } = methods(sound).info();
        return rest;
      },
    }),
  }),
  mutant('sends no server name', 'claims/sni', { request: ({ serverName: _, ...request }) => request }),
  mutant('hides alerts', 'psk/unknown-identity-alert', {
    output: ({ output, error }) => ({
      failed: ({ code, message }) => output.failed(error({ code, message })),
    }),
  }),
  mutant('takes any ciphersuite', 'claims/ciphersuites', {
    configuration: ({ ciphersuites: _, ...configuration }) => configuration,
  }),
  mutant('goes on without a protocol in common', 'sessions/alpn-mismatch', {
    configuration: ({ alpn, ...configuration }) =>
      'lookup' in configuration.security ? configuration : { ...configuration, ...(alpn && { alpn }) },
  }),
  mutant('exports the same for everybody', 'sessions/exporter', {
    association: () => ({ exportKeyingMaterial: (_label, length) => new Uint8Array(length).fill(7) }),
  }),
  mutant('ignores verification', 'certificate/wrong-authority', {
    configuration: (configuration) =>
      'serverCert' in configuration.security || configuration.security.mode !== 'certificate'
        ? configuration
        : { ...configuration, security: withoutServerCertValidation(configuration.security as ClientSecurity) },
  }),
  mutant('takes any name for the right one', 'certificate/wrong-name', {
    request: (request) => ({ ...request, serverName: 'other.example' }),
  }),
  mutant('forgets revocation lists', 'certificate/revoked', { configuration: without('certRevocationLists') }),
  mutant('forgets revocation lists as server', 'certificate/server-revoked', {
    configuration: without('certRevocationLists'),
  }),
  mutant('asks no client who it is', 'certificate/server-refuses-stranger', {
    configuration: without('clientAuthentication'),
  }),
  mutant('never offers a session', 'tickets/every-version', { request: ({ session: _, ...request }) => request }),
  mutant('binds its sessions to no credential', 'tickets/other-credential', { sessionScope: 'the same for all' }),
  mutant('calls every handshake resumed', 'tickets/none-without-store', {
    association: (sound) => ({ info: () => ({ ...methods(sound).info(), resumed: true }) }),
  }),
  mutant('keeps a session for everybody', 'tickets/other-name', keepingOne()),
  { ...mutant('closes the stream that it was lent', 'stream/given-back', {}), core: { ...core, createNet: greedy } },
];

/** Offers the latest session that there was to every server. Newer nodes take it between addresses only. */
function keepingOne(): Change {
  let kept: Uint8Array | undefined;
  return {
    request: ({ session, ...request }) => {
      const offered = kept ?? session;
      return { ...request, ...(offered && { session: offered.slice() }) };
    },
    output: ({ output }) => ({
      session(bytes) {
        kept = bytes.slice();
        output.session?.(bytes);
      },
    }),
  };
}

/** A net that closes what could not be decorated. */
function greedy(options: Parameters<Core['createNet']>[0]): core.Net {
  const net = core.createNet(options);
  return Object.assign(Object.create(net) as core.Net, {
    createSocket: (...args: Parameters<core.Net['createSocket']>) => net.createSocket(...args),
    backends: () => net.backends(),
    close: () => net.close(),
    async decorate(...args: Parameters<core.Net['decorate']>) {
      try {
        return await net.decorate(...args);
      } catch (error) {
        await args[1].close();
        throw error;
      }
    },
  });
}

type ClientSecurity = Parameters<typeof withoutServerCertValidation>[0];
type Output = AssociationRequest['output'];

interface Change {
  readonly sessionScope?: string;
  readonly configuration?: (configuration: SecureConfiguration) => SecureConfiguration;
  readonly request?: (request: AssociationRequest) => AssociationRequest;
  readonly output?: (request: AssociationRequest) => Partial<Output>;
  readonly association?: (sound: Association) => Partial<Association>;
}

function mutant(name: string, caughtBy: string | readonly string[], change: Change): StreamMutant {
  const plugin = brokenCopy(tlsNode, {
    configuration: change.configuration,
    sessionScope: change.sessionScope,
    association: (make) => (asked) => {
      const request = change.request?.(asked) ?? asked;
      const sound = make(withOutput(request, () => change.output?.(request) ?? {}));
      return overridden(sound, change.association?.(sound) ?? {});
    },
  });
  return { name, caughtBy: [caughtBy].flat(), plugin };
}

function inBothRoles(what: string): readonly string[] {
  return [`stream/client-${what}`, `stream/server-${what}`];
}

/** The operations of `sound` as they were, for changes that go on to them. */
function methods(sound: Association) {
  return {
    receive: sound.receive.bind(sound),
    send: sound.send.bind(sound),
    shutdown: sound.shutdown.bind(sound),
    info: sound.info.bind(sound),
    destroy: sound.destroy.bind(sound),
  };
}

/** Brands are kept: they do not meet the eye. */
function without(field: string): (configuration: SecureConfiguration) => SecureConfiguration {
  return (configuration) => {
    const descriptors = { ...Object.getOwnPropertyDescriptors(configuration.security) } as PropertyDescriptorMap;
    delete descriptors[field];
    return { ...configuration, security: Object.defineProperties({}, descriptors) as SecureConfiguration['security'] };
  };
}
