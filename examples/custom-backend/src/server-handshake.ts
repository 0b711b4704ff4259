/**
 * The server's side of a full PSK handshake. The cookie exchange lies behind it: whoever hands it a ClientHello has
 * checked the cookie. Which key belongs to an identity is asked of the application and may take its time.
 */

import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { PskServerInfo } from '@avs-net/core/plugin';
import { describeAlert, HANDSHAKE_FAILURE, PROTOCOL_VERSION, UNKNOWN_PSK_IDENTITY } from './alert-message.ts';
import type { Ciphersuite } from './ciphersuite.ts';
import {
  CLIENT_HELLO,
  CLIENT_KEY_EXCHANGE,
  FINISHED,
  type HandshakeMessage,
  SERVER_HELLO,
  SERVER_HELLO_DONE,
  SERVER_KEY_EXCHANGE,
} from './handshake-message.ts';
import * as hello from './hello.ts';
import { masterSecret, trafficKeys, verifyData } from './key-schedule.ts';
import type { HandshakeRole, Negotiation } from './negotiation.ts';
import { readPskExchange, writePskExchange } from './psk-exchange.ts';
import { DTLS_1_2 } from './record.ts';

export type ServerPolicy = Pick<PskServerInfo, 'identityHint' | 'unknownIdentity'>;

export function serverHandshake(
  negotiation: Negotiation,
  policy: ServerPolicy,
  suites: readonly Ciphersuite[],
): HandshakeRole {
  const random = new Uint8Array(randomBytes(32));
  let expecting: 'clientHello' | 'clientKeyExchange' | 'answer' | 'finished' | 'nothing' = 'clientHello';
  let client: Agreement | undefined;
  let identity: Uint8Array | undefined;
  let master: Uint8Array | undefined;

  const clientHello = (message: HandshakeMessage): boolean => {
    const received = hello.readClientHello(message.body);
    if (received === undefined) return false;
    // DTLS versions count downwards: a larger number is an older version.
    if (received.version > DTLS_1_2) {
      refuse(PROTOCOL_VERSION, `the client offers version 0x${received.version.toString(16)}, DTLS 1.2 is needed`);
      return true;
    }
    const suite = suites.find(({ id }) => received.ciphersuites.includes(id));
    if (suite === undefined) {
      const offered = received.ciphersuites.map((id) => `0x${id.toString(16).padStart(4, '0')}`).join(', ');
      refuse(HANDSHAKE_FAILURE, `no ciphersuite in common: the client offers ${offered.slice(0, LONGEST_LIST)}`);
      return true;
    }
    const extended = received.extensions.has(hello.EXTENDED_MASTER_SECRET);
    const named = received.extensions.get(hello.SERVER_NAME);
    const serverName = named === undefined ? undefined : hello.readServerName(named);
    client = { suite, extended, random: received.random, serverName };
    expecting = 'clientKeyExchange';
    negotiation.take(message);
    negotiation.sendFlight(answerHello(received, suite));
    return true;
  };

  const answerHello = (received: hello.ClientHello, { id }: Ciphersuite) => {
    const extensions = new Map<number, Uint8Array>();
    const { EXTENDED_MASTER_SECRET, RENEGOTIATION_INFO, EMPTY_RENEGOTIATION_INFO_SCSV } = hello;
    if (received.extensions.has(EXTENDED_MASTER_SECRET)) extensions.set(EXTENDED_MASTER_SECRET, new Uint8Array(0));
    const { ciphersuites } = received;
    if (received.extensions.has(RENEGOTIATION_INFO) || ciphersuites.includes(EMPTY_RENEGOTIATION_INFO_SCSV)) {
      extensions.set(RENEGOTIATION_INFO, Uint8Array.of(0));
    }
    const body = { version: DTLS_1_2, random, ciphersuite: id, compression: 0, extensions };
    const flight = [negotiation.message(SERVER_HELLO, hello.writeServerHello(body))];
    // RFC 4279 §2: the message is left out where there is no hint.
    if (policy.identityHint !== undefined) {
      flight.push(negotiation.message(SERVER_KEY_EXCHANGE, writePskExchange(policy.identityHint)));
    }
    flight.push(negotiation.message(SERVER_HELLO_DONE, new Uint8Array(0)));
    return flight;
  };

  const clientKeyExchange = (message: HandshakeMessage): boolean => {
    identity = readPskExchange(message.body);
    if (identity === undefined) return false;
    negotiation.take(message);
    expecting = 'answer';
    negotiation.needPsk(identity);
    return true;
  };

  const agree = (psk: Uint8Array): void => {
    if (client === undefined) return;
    const randoms = { client: client.random, server: random };
    master = masterSecret(psk, randoms, client.extended ? negotiation.transcriptHash() : undefined);
    negotiation.protect(client.suite, trafficKeys(master, randoms, 'server'));
    expecting = 'finished';
  };

  const finished = (message: HandshakeMessage): boolean => {
    if (master === undefined) return false;
    const expected = verifyData(master, 'client', negotiation.transcriptHash());
    if (message.body.length !== expected.length || !timingSafeEqual(message.body, expected)) return false;
    negotiation.take(message);
    const own = negotiation.message(FINISHED, verifyData(master, 'server', negotiation.transcriptHash()));
    master.fill(0);
    expecting = 'nothing';
    negotiation.sendFlight(['changeCipherSpec', own], 'last');
    negotiation.established();
    return true;
  };

  const refuse = (description: number, message: string): void =>
    negotiation.refuse({ code: 'EPROTO', message, alert: describeAlert('fatal', description, 'local') });

  return {
    start: () => {},
    message(message) {
      if (expecting === 'clientHello') return message.type === CLIENT_HELLO && clientHello(message);
      if (expecting === 'clientKeyExchange') return message.type === CLIENT_KEY_EXCHANGE && clientKeyExchange(message);
      return expecting === 'finished' && message.type === FINISHED && finished(message);
    },
    answer(psk) {
      if (expecting !== 'answer') return;
      if (psk !== undefined && psk.length > 0) agree(psk);
      else if (policy.unknownIdentity === 'alert') {
        refuse(UNKNOWN_PSK_IDENTITY, 'no key is known for the identity of the client');
      } else {
        // RFC 4279 §2: goes on with a key that nobody has, so that it looks like a wrong key.
        agree(randomBytes(32));
      }
    },
    silence() {
      if (expecting === 'answer') return 'the look-up of the key did not answer in time';
      if (expecting === 'finished') return 'no Finished that fits: the client may have another key for its identity';
      return 'no answer to ServerHelloDone: the client is gone, or refuses silently';
    },
    get info() {
      return {
        version: 'DTLSv1.2' as const,
        resumed: false,
        ...(client === undefined
          ? {}
          : {
              ciphersuite: { id: client.suite.id, name: client.suite.name },
              extendedMasterSecret: client.extended,
              encryptThenMac: false,
            }),
        ...(identity === undefined ? {} : { pskIdentity: identity }),
        ...(client?.serverName === undefined ? {} : { serverName: client.serverName }),
      };
    },
    destroy: () => master?.fill(0),
  };
}

interface Agreement {
  readonly suite: Ciphersuite;
  readonly extended: boolean;
  readonly random: Uint8Array;
  readonly serverName: string | undefined;
}

/** Of the offered ciphersuites in an error message, characters. */
const LONGEST_LIST = 200;
