/**
 * DTLS 1.2 records written byte by byte, for tests that need to say exactly what is on the wire. Nothing is protected:
 * a body of a later epoch is whatever the test gives.
 */

export interface RecordInit {
  readonly type: number;
  readonly epoch?: number;
  readonly sequence?: number;
  readonly version?: number;
  /** What the header says; default: the truth. */
  readonly length?: number;
  /** Between sequence number and length, as in tls12_cid records (RFC 9146 §4). */
  readonly connectionId?: Uint8Array;
  readonly body?: Uint8Array;
}

export function record(init: RecordInit): Uint8Array {
  const { type, epoch = 0, sequence = 0, version = 0xfefd, body = new Uint8Array(0) } = init;
  const { connectionId = new Uint8Array(0) } = init;
  const bytes = Buffer.alloc(11);
  bytes[0] = type;
  bytes.writeUInt16BE(version, 1);
  bytes.writeUInt16BE(epoch, 3);
  bytes.writeUIntBE(sequence, 5, 6);
  return join(bytes, connectionId, uint16(init.length ?? body.length), body);
}

export interface FragmentInit {
  readonly type: number;
  readonly messageSeq?: number;
  readonly total?: number;
  readonly offset?: number;
  /** What the header says; default: the truth. */
  readonly length?: number;
  readonly body?: Uint8Array;
}

/** A handshake header and its fragment, without record. */
export function fragmentOf(init: FragmentInit): Uint8Array {
  const { type, messageSeq = 0, offset = 0, body = new Uint8Array(0) } = init;
  const bytes = Buffer.alloc(12);
  bytes[0] = type;
  bytes.writeUIntBE(init.total ?? offset + body.length, 1, 3);
  bytes.writeUInt16BE(messageSeq, 4);
  bytes.writeUIntBE(offset, 6, 3);
  bytes.writeUIntBE(init.length ?? body.length, 9, 3);
  return join(bytes, body);
}

/** A handshake fragment in a record of epoch 0. */
export function handshake(init: FragmentInit, recordInit: Partial<RecordInit> = {}): Uint8Array {
  return record({ type: 22, body: fragmentOf(init), ...recordInit });
}

export interface HelloInit {
  readonly version?: number;
  readonly random?: number;
  readonly sessionId?: Uint8Array;
  readonly cookie?: Uint8Array;
  readonly suites?: readonly number[];
  readonly compression?: Uint8Array;
  /** Undefined: no extension block at all. */
  readonly extensions?: Uint8Array;
}

/** The body of a ClientHello; `random` fills all 32 bytes. */
export function helloBody(init: HelloInit = {}): Uint8Array {
  const { version = 0xfefd, random = 7, sessionId = new Uint8Array(0), cookie = new Uint8Array(0) } = init;
  const { suites = [0xc0a8, 0x00ff], compression = Uint8Array.of(0), extensions } = init;
  return join(
    uint16(version),
    new Uint8Array(32).fill(random),
    Uint8Array.of(sessionId.length),
    sessionId,
    Uint8Array.of(cookie.length),
    cookie,
    uint16(suites.length * 2),
    ...suites.map(uint16),
    Uint8Array.of(compression.length),
    compression,
    ...(extensions === undefined ? [] : [uint16(extensions.length), extensions]),
  );
}

/** A whole ClientHello in one record; a hello with a cookie is the second one, message_seq 1. */
export function clientHello(init: HelloInit & { messageSeq?: number; sequence?: number } = {}): Uint8Array {
  const second = init.cookie !== undefined && init.cookie.length > 0;
  const { messageSeq = second ? 1 : 0, sequence = messageSeq } = init;
  return handshake({ type: 1, messageSeq, body: helloBody(init) }, { sequence, version: second ? 0xfefd : 0xfeff });
}

/** The cookie of a HelloVerifyRequest in one record. */
export function cookieOf(helloVerifyRequest: Uint8Array): Uint8Array {
  return helloVerifyRequest.slice(13 + 12 + 3);
}

/** A ServerHello with an empty session id, choosing `suite`. */
export function serverHello(suite: number, messageSeq = 1): Uint8Array {
  const body = join(uint16(0xfefd), new Uint8Array(32).fill(9), Uint8Array.of(0), uint16(suite), Uint8Array.of(0));
  return handshake({ type: 2, messageSeq, body });
}

/** The body of a ClientKeyExchange: identity, then whatever a Diffie-Hellman exchange adds. */
export function keyExchangeBody(identity: Uint8Array, rest: Uint8Array = new Uint8Array(0)): Uint8Array {
  return join(uint16(identity.length), identity, rest);
}

export function changeCipherSpec(sequence = 3): Uint8Array {
  return record({ type: 20, sequence, body: Uint8Array.of(1) });
}

/** A record of epoch 1 that could be a Finished under an AEAD suite. */
export function protectedRecord(init: Partial<RecordInit> & { size?: number } = {}): Uint8Array {
  const { size = 48, ...rest } = init;
  return record({ type: 22, epoch: 1, body: new Uint8Array(size).fill(0xee), ...rest });
}

/** A record of epoch 1 with the id of its receiver. */
export function idRecord(connectionId: Uint8Array, init: Partial<RecordInit> & { size?: number } = {}): Uint8Array {
  return protectedRecord({ type: 25, connectionId, ...init });
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

export function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}
