/**
 * What the plaintext part of a handshake may make an engine keep (RFC 6347 §4.2.3): which messages, how long each, how
 * long together, how many fragments. Decided from fragment headers, so that nothing is allocated for what is refused.
 * The order of messages is the engine's business.
 */

import type { Role } from '@avs-net/core/plugin';
import { MAX_CLIENT_HELLO } from './client-hello.ts';
import { type Fragment, HandshakeType } from './handshake-fragment.ts';
import type { Refusal } from './refusal.ts';

export interface LimitsInit {
  readonly role: Role;
  /** Whether the configuration can negotiate a suite with certificates. */
  readonly certificates: boolean;
  /** The engine bounds what it keeps and gets over contradictions: nothing is rationed or remembered for it. */
  readonly boundedEngine?: boolean | undefined;
  /** Messages are put together, in bounds, in front of the engine: none is counted or remembered here. */
  readonly reassembled?: boolean | undefined;
}

export class HandshakeLimits {
  /** Whether what a forger sends can use up an allowance of the peer's. */
  readonly rationed: boolean;
  readonly #longest: Readonly<Record<number, number>>;
  readonly #messages = new Map<number, Announced>();
  readonly #certificates: boolean;
  readonly #counted: boolean;
  /** Bytes that all messages announced so far have when they are complete. */
  #announced = 0;
  #fragments = 0;

  constructor({ role, certificates, boundedEngine = false, reassembled = false }: LimitsInit) {
    this.rationed = !boundedEngine;
    this.#counted = this.rationed && !reassembled;
    this.#longest = LONGEST[role][certificates ? 'certificates' : 'psk'];
    this.#certificates = certificates;
  }

  /** Whether the engine may see this fragment. */
  admit(part: Fragment): Refusal | undefined {
    const longest = this.#longest[part.type];
    if (longest === undefined) return 'unexpectedMessage';
    if (part.total > longest) return 'messageTooLong';
    if (part.total < (SHORTEST[part.type] ?? 0)) return 'malformedFragment';
    if (part.messageSeq >= MESSAGES) return 'messageNumber';
    // An empty fragment of a message that is not empty brings nothing (CVE-2014-3507).
    if (part.length === 0 && part.type !== HandshakeType.serverHelloDone) return 'malformedFragment';
    if (part.type === HandshakeType.helloVerifyRequest && part.length !== part.total) return 'malformedFragment';
    if (!this.#counted) return undefined;
    if (this.#fragments >= (this.#certificates ? CERTIFICATE_FRAGMENTS : PSK_FRAGMENTS)) return 'tooManyFragments';
    // Servers without state number every HelloVerifyRequest 0 and differ in the length of their cookies.
    const refusal = part.type === HandshakeType.helloVerifyRequest ? undefined : this.#announce(part);
    if (refusal !== undefined) return refusal;
    this.#fragments += 1;
    return undefined;
  }

  /** Bytes that the engine may have set aside for messages. */
  get announcedBytes(): number {
    return this.#announced;
  }

  /** One wait for the peer is over: what it sends again is not counted against what it has sent. */
  renew(): void {
    this.#fragments = 0;
  }

  #announce(part: Fragment): Refusal | undefined {
    const known = this.#messages.get(part.messageSeq);
    if (known !== undefined) {
      return known.type === part.type && known.total === part.total ? undefined : 'malformedFragment';
    }
    const announced = this.#announced + part.total;
    if (announced > (this.#certificates ? CERTIFICATE_BYTES : PSK_BYTES)) return 'messageTooLong';
    this.#announced = announced;
    this.#messages.set(part.messageSeq, { type: part.type, total: part.total });
    return undefined;
  }
}

interface Announced {
  readonly type: number;
  readonly total: number;
}

/** The longest flight sequence of DTLS 1.2 ends at 8. */
const MESSAGES = 16;
const PSK_FRAGMENTS = 256;
const CERTIFICATE_FRAGMENTS = 1024;
const PSK_BYTES = 32_768;
const CERTIFICATE_BYTES = 163_840;

const CERTIFICATES = 65_536;

const FROM_CLIENT_PSK = {
  [HandshakeType.clientHello]: MAX_CLIENT_HELLO,
  [HandshakeType.clientKeyExchange]: 4_096,
};
const FROM_SERVER_PSK = {
  [HandshakeType.serverHello]: 4_096,
  // server_version, one byte of length, at most 255 bytes of cookie.
  [HandshakeType.helloVerifyRequest]: 258,
  [HandshakeType.newSessionTicket]: 16_384,
  [HandshakeType.serverKeyExchange]: 8_192,
  [HandshakeType.serverHelloDone]: 0,
};

/**
 * Shortest message by type, bytes (RFC 5246 §7.4, RFC 6347 §4.2.1). An engine that reads a shorter one gives the
 * handshake up, which is little to ask of a forger.
 */
const SHORTEST: Readonly<Record<number, number>> = {
  // Version, random, and lengths of session id, cookie, suites and compression with one of each of these two.
  [HandshakeType.clientHello]: 42,
  // Version, random, length of the session id, suite, compression.
  [HandshakeType.serverHello]: 38,
  [HandshakeType.helloVerifyRequest]: 3,
  [HandshakeType.newSessionTicket]: 6,
  [HandshakeType.certificate]: 3,
  [HandshakeType.serverKeyExchange]: 2,
  [HandshakeType.certificateRequest]: 4,
  [HandshakeType.certificateVerify]: 4,
  [HandshakeType.clientKeyExchange]: 1,
  [HandshakeType.certificateStatus]: 4,
};

/** Longest message by the role that receives it, by type, bytes; what is not listed is never sent in the clear. */
const LONGEST: Readonly<Record<Role, Readonly<Record<'psk' | 'certificates', Readonly<Record<number, number>>>>>> = {
  server: {
    psk: FROM_CLIENT_PSK,
    certificates: {
      ...FROM_CLIENT_PSK,
      [HandshakeType.certificate]: CERTIFICATES,
      [HandshakeType.certificateVerify]: 4_096,
    },
  },
  client: {
    psk: FROM_SERVER_PSK,
    certificates: {
      ...FROM_SERVER_PSK,
      [HandshakeType.certificate]: CERTIFICATES,
      [HandshakeType.certificateRequest]: CERTIFICATES,
      [HandshakeType.certificateStatus]: CERTIFICATES,
    },
  },
};
