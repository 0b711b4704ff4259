/**
 * The client's side of a full PSK handshake (RFC 6347 §4.2.4, figure 1): hello, hello with cookie, key exchange and
 * Finished. It resumes nothing and accepts only what it has offered.
 */

import { randomBytes, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { EngineErrorInit } from '@avs-net/core/plugin';
import { describeAlert, ILLEGAL_PARAMETER, PROTOCOL_VERSION, UNSUPPORTED_EXTENSION } from './alert-message.ts';
import type { Ciphersuite } from './ciphersuite.ts';
import {
  CLIENT_HELLO,
  CLIENT_KEY_EXCHANGE,
  FINISHED,
  type HandshakeMessage,
  HELLO_VERIFY_REQUEST,
  SERVER_HELLO,
  SERVER_HELLO_DONE,
  SERVER_KEY_EXCHANGE,
} from './handshake-message.ts';
import * as hello from './hello.ts';
import { masterSecret, trafficKeys, verifyData } from './key-schedule.ts';
import type { HandshakeRole, Negotiation } from './negotiation.ts';
import { readPskExchange, writePskExchange } from './psk-exchange.ts';
import { DTLS_1_2 } from './record.ts';

export interface ClientCredential {
  readonly identity: Uint8Array;
  readonly key: Uint8Array;
}

export function clientHandshake(
  negotiation: Negotiation,
  credential: ClientCredential,
  suites: readonly Ciphersuite[],
  serverName: string | undefined,
): HandshakeRole {
  const random = new Uint8Array(randomBytes(32));
  // RFC 6066 §3: literal addresses are not sent.
  const name = serverName !== undefined && serverName !== '' && isIP(serverName) === 0 ? serverName : undefined;
  let expecting: 'serverHello' | 'serverHelloDone' | 'finished' | 'nothing' = 'serverHello';
  let cookie: Uint8Array | undefined;
  let cookies = 0;
  let server: Agreement | undefined;
  let hint: Uint8Array | undefined;
  let master: Uint8Array | undefined;

  const sendHello = (): void => {
    const extensions = new Map<number, Uint8Array>([[hello.EXTENDED_MASTER_SECRET, NOTHING]]);
    if (name !== undefined) extensions.set(hello.SERVER_NAME, hello.writeServerName(name));
    const ciphersuites = [...suites.map(({ id }) => id), hello.EMPTY_RENEGOTIATION_INFO_SCSV];
    const body = { version: DTLS_1_2, random, cookie: cookie ?? NOTHING, ciphersuites, extensions };
    negotiation.sendFlight([negotiation.message(CLIENT_HELLO, hello.writeClientHello(body))]);
  };

  const helloVerifyRequest = (body: Uint8Array): boolean => {
    const received = hello.readHelloVerifyRequest(body);
    if (received === undefined || expecting !== 'serverHello') return false;
    if (cookie !== undefined && Buffer.compare(cookie, received) === 0) return false;
    // Anybody can send these; a server changes its secret once in a handshake at most.
    cookies += 1;
    if (cookies > MOST_COOKIES) return false;
    cookie = received;
    // A server that keeps no state can only assume that the hello with a cookie is message 1 (RFC 6347 §4.2.2).
    negotiation.restart(1);
    sendHello();
    return true;
  };

  const serverHello = (message: HandshakeMessage): boolean => {
    const received = hello.readServerHello(message.body);
    if (received === undefined) return false;
    const refusal = unacceptable(received, suites, name !== undefined);
    if (refusal !== undefined) {
      negotiation.doubt(refusal);
      return false;
    }
    const suite = suites.find(({ id }) => id === received.ciphersuite)!;
    const extended = received.extensions.has(hello.EXTENDED_MASTER_SECRET);
    server = { suite, extended, random: received.random };
    expecting = 'serverHelloDone';
    negotiation.take(message);
    return true;
  };

  const serverKeyExchange = (message: HandshakeMessage): boolean => {
    if (hint !== undefined) return false;
    hint = readPskExchange(message.body);
    if (hint === undefined) return false;
    negotiation.take(message);
    return true;
  };

  const serverHelloDone = (message: HandshakeMessage): boolean => {
    if (server === undefined || message.body.length > 0) return false;
    negotiation.take(message);
    const randoms = { client: random, server: server.random };
    const exchange = negotiation.message(CLIENT_KEY_EXCHANGE, writePskExchange(credential.identity));
    const sessionHash = negotiation.transcriptHash();
    master = masterSecret(credential.key, randoms, server.extended ? sessionHash : undefined);
    negotiation.protect(server.suite, trafficKeys(master, randoms, 'client'));
    const finished = negotiation.message(FINISHED, verifyData(master, 'client', sessionHash));
    expecting = 'finished';
    negotiation.sendFlight([exchange, 'changeCipherSpec', finished]);
    return true;
  };

  const finished = (message: HandshakeMessage): boolean => {
    if (master === undefined) return false;
    const expected = verifyData(master, 'server', negotiation.transcriptHash());
    if (message.body.length !== expected.length || !timingSafeEqual(message.body, expected)) return false;
    negotiation.take(message);
    master.fill(0);
    expecting = 'nothing';
    negotiation.established();
    return true;
  };

  return {
    start: sendHello,
    message(message) {
      const { type } = message;
      if (type === HELLO_VERIFY_REQUEST) return helloVerifyRequest(message.body);
      if (expecting === 'serverHello') return type === SERVER_HELLO && serverHello(message);
      if (expecting === 'finished') return type === FINISHED && finished(message);
      if (expecting !== 'serverHelloDone') return false;
      if (type === SERVER_HELLO_DONE) return serverHelloDone(message);
      return type === SERVER_KEY_EXCHANGE && serverKeyExchange(message);
    },
    answer: () => {},
    silence() {
      if (expecting === 'finished') {
        return 'no answer after ClientKeyExchange: the key or the identity may be wrong, the server does not say';
      }
      if (expecting === 'serverHelloDone') return 'the server stopped answering after ServerHello';
      if (cookie !== undefined) return 'no answer to the ClientHello with the cookie of the server';
      return 'no answer to ClientHello: nobody may be listening there, or not with DTLS 1.2';
    },
    get info() {
      return {
        version: 'DTLSv1.2' as const,
        resumed: false,
        ...(server === undefined
          ? {}
          : {
              ciphersuite: { id: server.suite.id, name: server.suite.name },
              extendedMasterSecret: server.extended,
              encryptThenMac: false,
            }),
        ...(hint === undefined ? {} : { pskIdentityHint: hint }),
        ...(name === undefined ? {} : { serverName: name }),
      };
    },
    destroy: () => master?.fill(0),
  };
}

interface Agreement {
  readonly suite: Ciphersuite;
  readonly extended: boolean;
  readonly random: Uint8Array;
}

function unacceptable(
  { version, ciphersuite, compression, extensions }: hello.ServerHello,
  suites: readonly Ciphersuite[],
  sentName: boolean,
): EngineErrorInit | undefined {
  const refusal = (description: number, message: string): EngineErrorInit => ({
    code: 'EPROTO',
    message,
    alert: describeAlert('fatal', description, 'local'),
  });
  if (version !== DTLS_1_2) {
    return refusal(PROTOCOL_VERSION, `the server chose version 0x${version.toString(16)}, only DTLS 1.2 was offered`);
  }
  if (!suites.some(({ id }) => id === ciphersuite)) {
    const number = `0x${ciphersuite.toString(16).padStart(4, '0')}`;
    return refusal(ILLEGAL_PARAMETER, `the server chose ciphersuite ${number}, which was not offered`);
  }
  if (compression !== 0) return refusal(ILLEGAL_PARAMETER, 'the server chose a compression method');
  for (const [type, data] of extensions) {
    const isOffered = type === hello.SERVER_NAME ? sentName : ANSWERABLE.has(type);
    if (!isOffered) return refusal(UNSUPPORTED_EXTENSION, `the server answered extension ${type}, which was not sent`);
    // RFC 5746 §3.4: empty in a first handshake.
    if (type === hello.RENEGOTIATION_INFO && (data.length !== 1 || data[0] !== 0)) {
      return refusal(ILLEGAL_PARAMETER, 'the renegotiation_info of the server is not empty');
    }
  }
  return undefined;
}

const ANSWERABLE: ReadonlySet<number> = new Set([hello.EXTENDED_MASTER_SECRET, hello.RENEGOTIATION_INFO]);
const MOST_COOKIES = 4;
const NOTHING = new Uint8Array(0);
