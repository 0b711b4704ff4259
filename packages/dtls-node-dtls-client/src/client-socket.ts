/**
 * Opens a `dtls.Socket` of node-dtls-client over no socket at all: its datagrams are handed to `send`, nothing is ever
 * bound, resolved or connected, and none of its timers is left running. Reception does not go through the library's own
 * `udp_onMessage`, which believes everybody: see `handshake.ts` and `association.ts`.
 */

import type { dtls } from 'node-dtls-client';
import {
  FIELDS_BEFORE_LISTENING,
  type InnerRecordLayer,
  type InnerSocket,
  LackingFields,
  missingFields,
} from './private-fields.ts';

export type Library = typeof dtls;

export interface ClientSocketInit {
  readonly identity: Uint8Array;
  /** Borrowed until the key exchange is over. */
  readonly key: Uint8Array;
  /** Names as the library knows them, best first. */
  readonly ciphersuites: readonly string[];
  /** Gets datagrams of the library; they are its own and may be kept. */
  readonly send: (datagram: Buffer) => void;
}

/** A socket that has not yet sent anything. Throws `LackingFields`. */
export function createClientSocket(library: Library, init: ClientSocketInit): InnerSocket {
  const socket = library.createSocket({
    type: 'udp4',
    // Of no meaning here, but the library checks them.
    address: '0.0.0.0',
    port: 1,
    psk: pskTable(init.identity, init.key),
    ciphers: init.ciphersuites as never[],
    timeout: LONGEST_TIMEOUT,
  }) as unknown as InnerSocket;
  const missing = missingFields(socket, FIELDS_BEFORE_LISTENING);
  if (missing.length > 0) {
    abandon(socket);
    throw new LackingFields(missing);
  }
  clearTimeout(socket._connectionTimeout);
  // It has asked for a port already but gets one only in a later turn: closed now, it never holds a descriptor. Without
  // its listeners first, or closing it would close the association.
  const unused = socket.udp;
  unused.removeAllListeners();
  unused.close();
  socket.udp = {
    send(bytes, _offset, length, _port, _host, sent) {
      init.send(bytes);
      (sent as ((error: null, bytes: number) => void) | undefined)?.(null, length);
    },
    close() {},
    removeAllListeners() {},
  };
  return socket;
}

/** As far as it can be found, nothing of it keeps the process alive. */
function abandon({ udp, _connectionTimeout }: Partial<InnerSocket>): void {
  clearTimeout(_connectionTimeout);
  udp?.removeAllListeners();
  udp?.close();
}

/** Sends the first ClientHello. */
export function startClientSocket(socket: InnerSocket): void {
  socket.udp_onListening();
  clearTimeout(socket._connectionTimeout);
}

/** The content of one protected record; undefined if it is not authentic or was there before. */
export function openRecord(layer: InnerRecordLayer, record: Uint8Array): { type: number; data: Buffer } | undefined {
  try {
    return layer.receive(bufferOf(record))[0];
  } catch {
    // Whatever it may throw at, nobody has vouched for it.
    return undefined;
  }
}

/** Nothing comes of it any more; keys are wiped as far as the library still holds them. */
export function releaseClientSocket(socket: InnerSocket): void {
  socket.removeAllListeners();
  clearTimeout(socket._connectionTimeout);
  const keys = socket.recordLayer?.epochs[1]?.connectionState;
  keys?.master_secret?.fill(0);
  for (const key of Object.values(keys?.key_material ?? {})) key.fill(0);
}

/**
 * The library takes identities as strings and encodes them in Latin-1, so any byte passes as the character of its
 * number.
 */
function pskTable(identity: Uint8Array, key: Uint8Array): Record<string, Buffer> {
  const table = Object.create(null) as Record<string, Buffer>;
  table[bufferOf(identity).toString('latin1')] = bufferOf(key);
  return table;
}

/** The same memory as a Buffer. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The library's timeout cannot be switched off; anything longer would fire at once. Cleared as soon as it is set. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;
