/**
 * Words for a handshake that fails because nobody answers: which message was answered last, and what that usually
 * means.
 */

import type { Role } from '@avs-net/core/plugin';
import { NO_MESSAGE } from './frames.ts';

/** `sent` and `received` are the last handshake messages in either direction (RFC 5246 §7.4). */
export function describeSilence(role: Role, sent: number, received: number): string {
  const last = received === NO_MESSAGE ? 'nothing was ever answered' : `the last answer was ${messageName(received)}`;
  const advice = ADVICE[role][received] ?? ADVICE[role][NO_MESSAGE]!;
  return `no answer after ${flightName(role, sent)} (${last}); ${advice}`;
}

/** The message that gives the flight its name: Finished only ends one. */
function flightName(role: Role, sent: number): string {
  if (sent === FINISHED && role === 'client') return 'ClientKeyExchange';
  return messageName(sent);
}

function messageName(type: number): string {
  return MESSAGES[type] ?? `handshake message ${type}`;
}

const FINISHED = 20;

const MESSAGES: Readonly<Record<number, string>> = {
  0: 'HelloRequest',
  1: 'ClientHello',
  2: 'ServerHello',
  3: 'HelloVerifyRequest',
  4: 'NewSessionTicket',
  11: 'Certificate',
  12: 'ServerKeyExchange',
  13: 'CertificateRequest',
  14: 'ServerHelloDone',
  15: 'CertificateVerify',
  16: 'ClientKeyExchange',
  20: 'Finished',
  22: 'CertificateStatus',
  [NO_MESSAGE]: 'nothing',
};

const LOST_PART: Readonly<Record<Role, string>> = {
  client: 'part of the flight of the client was lost every time: is a datagram of its size too large for the path?',
  server: 'part of the flight of the server was lost every time: is a datagram of its size too large for the path?',
};

/** By the last message that was received. */
const ADVICE: Readonly<Record<Role, Readonly<Record<number, string>>>> = {
  client: {
    [NO_MESSAGE]: 'is there a DTLS server at this address and port?',
    2: LOST_PART.server,
    3: 'the server asked for a cookie and then ignored it: does the address change on the way?',
    11: LOST_PART.server,
    12: LOST_PART.server,
    13: LOST_PART.server,
    14: 'key or identity may be wrong; or the certificate that we showed was refused in silence',
  },
  server: {
    [NO_MESSAGE]: 'no client came',
    1: 'the client did not go on after the hello: do datagrams reach it?',
    11: LOST_PART.client,
    15: LOST_PART.client,
    16: 'the key of the client may be wrong',
  },
};
