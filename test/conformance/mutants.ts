/** Broken copies of the reference backend, each with the case that is there to catch it. */

import type { Association, Claims, NetError, RoleClaims, SecureConfiguration } from '@avs-net/core/plugin';
import { NetError as MadeError } from '@avs-net/core/plugin';
import { type Mutant, withOutput } from './broken-copy.ts';
import { mutant } from './mutant.ts';

const claiming =
  (change: Partial<RoleClaims>) =>
  (claims: Claims): Claims => ({ ...claims, client: { ...claims.client!, ...change } });

/** In both roles: some features are nothing alone. */
const bothClaiming =
  (change: Partial<RoleClaims>) =>
  (claims: Claims): Claims => ({ ...claiming(change)(claims), server: { ...claims.server!, ...change } });

export const MUTANTS: readonly Mutant[] = [
  mutant('claims certificates and ignores them', 'claims/refuses-certificates', {
    claims: claiming({ security: ['psk', 'certificate'] }),
    configuration: asPsk,
  }),
  mutant('claims resumption and never resumes', 'claims/resumption', { claims: bothClaiming({ resumption: true }) }),
  mutant('claims ALPN and never sends it', 'claims/alpn', { claims: bothClaiming({ alpn: true }) }),
  mutant('claims a key log and never writes it', 'claims/keylog', { claims: claiming({ keylog: true }) }),
  mutant('claims a connection id and never has one', 'claims/connection-id', {
    claims: bothClaiming({ connectionId: true }),
  }),
  mutant('claims a suite that it cannot speak', 'claims/ciphersuites', {
    claims: (claims) => ({
      ...claims,
      client: { ...claims.client!, ciphersuites: [...claims.client!.ciphersuites, 0xccab] },
      server: { ...claims.server!, ciphersuites: [...claims.server!.ciphersuites, 0xccab] },
    }),
  }),
  mutant('drops the server name that it claims to send', 'claims/sni', {
    request: ({ serverName: _, ...request }) => request,
  }),
  mutant('sends an IP literal as server name', 'claims/sni', {
    request: (request) =>
      request.serverName === undefined ? request : { ...request, serverName: `ip.${request.serverName}` },
  }),
  mutant('reports a ciphersuite that was not negotiated', 'claims/negotiated', {
    association: (sound, { role }) =>
      role === 'client'
        ? { info: () => ({ ...sound.info(), ciphersuite: { id: 0x00a9, name: 'TLS_PSK_WITH_AES_256_GCM_SHA384' } }) }
        : {},
  }),
  mutant('ignores its handshake timers', 'options/handshake-timeouts', {
    request: (request) => ({ ...request, handshakeTimeouts: { min: 1_000, max: 60_000 } }),
  }),
  mutant('never retransmits', 'faults/client-each-drop', {
    association: (_, { role }) => (role === 'client' ? { deadline: undefined } : {}),
  }),
  mutant('waits for ever for what came damaged', 'faults/client-each-damaged', {
    association: (sound, { role }) => (role === 'client' ? waitingForEver(sound) : {}),
  }),
  mutant('reports an inner MTU one too high', 'limits/inner-mtu-fits', {
    association: (sound) => ({ maxMessage: (limit) => sound.maxMessage(limit) + 1 }),
  }),
  mutant('reports an inner MTU that wastes a byte', 'limits/inner-mtu-exact', {
    association: (sound) => ({ maxMessage: (limit) => sound.maxMessage(limit) - 1 }),
  }),
  mutant('takes every key for the right one', 'psk/wrong-key', {
    configuration: (configuration) => withKey(configuration),
    association: (sound) => ({ answer: (id, _, now) => sound.answer?.(id, FIXED_KEY, now) }),
  }),
  mutant('calls itself established before anybody has authenticated', 'psk/plaintext-peer', {
    association: (sound, { role, output }) =>
      role === 'client'
        ? {
            start(now) {
              sound.start(now);
              output.established();
            },
          }
        : {},
  }),
  mutant('swallows alerts', 'psk/unknown-identity-alert', {
    request: (request) => withOutput(request, (output) => ({ failed: (error) => output.failed(withoutAlert(error)) })),
  }),
  mutant('tells an unknown identity at once', 'psk/server-conceals-unknown-identity', {
    request: (request, host) =>
      withOutput(request, (output) => ({
        need(id, what) {
          const known = what.kind === 'psk' && new TextDecoder().decode(what.identity) === 'conformance';
          if (known) output.need(id, what);
          else {
            output.datagram(UNKNOWN_PSK_IDENTITY);
            output.failed(host.error({ code: 'EPROTO', message: 'unknown identity' }));
          }
        },
      })),
  }),
  mutant('forgets who came', 'psk/connects', {
    association: (sound) => ({
      info() {
        const { pskIdentity: _, ...info } = sound.info();
        return info;
      },
    }),
  }),
  mutant('keeps a borrowed message and sends it later', 'buffers/sent', {
    association: (sound, _, host) => ({
      send: (message, now) => void host.clock.timer(0, () => sound.send(message, now)),
    }),
  }),
  mutant('delivers every message twice', 'datagram/boundaries', {
    request: (request) =>
      withOutput(request, (output) => ({
        message(bytes) {
          output.message(bytes);
          output.message(bytes);
        },
      })),
  }),
  mutant('joins two messages', 'datagram/boundaries', {
    request(request) {
      let held: Uint8Array | undefined;
      return withOutput(request, (output) => ({
        message(bytes) {
          if (held === undefined) held = bytes.slice();
          else {
            output.message(Buffer.concat([held, bytes]));
            held = undefined;
          }
        },
      }));
    },
  }),
  mutant('leaks a timer after close', 'lifecycle/no-leftovers', {
    association: (sound, _, host) => ({
      start(now) {
        host.clock.timer(3_600_000, () => {});
        sound.start(now);
      },
    }),
  }),
  mutant('says nothing when it closes', 'lifecycle/shutdown', {
    request: (request) =>
      withOutput(request, (output) => ({
        datagram(bytes) {
          if (bytes[0] !== ALERT) output.datagram(bytes);
        },
      })),
  }),
  mutant('does not hear the peer close', 'lifecycle/peer-closes', {
    request: (request) => withOutput(request, () => ({ closed: () => {} })),
  }),
  mutant('delivers forged plaintext', 'hostility/client-established', {
    association: (sound, { output }) => ({
      receive(bytes, now) {
        if (bytes[0] === 23 && bytes[4] !== 1) output.message(bytes.subarray(13));
        sound.receive(bytes, now);
      },
    }),
  }),
  mutant('obeys an alert in the clear', 'hostility/client-established', {
    association: (sound, { output }) => ({
      receive(bytes, now) {
        if (bytes[0] === 21 && bytes[4] === 0 && sound.phase === 'established') output.closed();
        else sound.receive(bytes, now);
      },
    }),
  }),
  mutant('throws at junk', 'hostility/server-established', {
    association: (sound) => ({
      receive(bytes, now) {
        if (bytes.length < 13) throw new RangeError('too short');
        sound.receive(bytes, now);
      },
    }),
  }),
];

function withoutAlert(error: NetError): NetError {
  const { code, operation, message } = error;
  return new MadeError({ code, operation, message });
}

/** A configuration with a PSK in place of what was asked for. */
function asPsk(configuration: object): SecureConfiguration {
  const { security } = configuration as SecureConfiguration;
  if (security.mode === 'psk') return configuration as SecureConfiguration;
  return {
    security: {
      mode: 'psk',
      key: { type: 'pskKey', source: 'buffer', buffer: FIXED_KEY },
      identity: { type: 'pskIdentity', source: 'buffer', buffer: FIXED_KEY },
    },
  };
}

function withKey(configuration: SecureConfiguration): SecureConfiguration {
  const { security } = configuration;
  if (!('key' in security)) return configuration;
  return { ...configuration, security: { ...security, key: { type: 'pskKey', source: 'buffer', buffer: FIXED_KEY } } };
}

/** A fatal alert in the clear. */
const UNKNOWN_PSK_IDENTITY = Uint8Array.of(21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 99, 0, 2, 2, 115);
/** Content type of a record. */
const ALERT = 21;
const FIXED_KEY = new Uint8Array(16).fill(7);

/** Without deadline as soon as a record had another version than DTLS 1.0 or 1.2. */
function waitingForEver(sound: Association): Partial<Association> {
  let damaged = false;
  return {
    receive(bytes, now) {
      damaged ||= bytes[1] !== 0xfe || (bytes[2] !== 0xff && bytes[2] !== 0xfd);
      if (!damaged) sound.receive(bytes, now);
    },
    get deadline() {
      return damaged ? undefined : sound.deadline;
    },
  };
}
