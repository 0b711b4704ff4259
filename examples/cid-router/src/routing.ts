/**
 * Which worker a datagram is for, from nothing but the datagram and where it came from.
 */

import { randomFillSync } from 'node:crypto';
import type { Address } from '@avs-net/core/plugin';

/** An id begins with the number of the worker that gave it; the rest is hard to guess (RFC 9146 §8). */
export function workerId(worker: number): Uint8Array {
  const id = randomFillSync(new Uint8Array(ID_LENGTH));
  id[0] = worker;
  return id;
}

/**
 * A record with a connection id (RFC 9146 §4) goes to whom the id names, wherever it comes from; everything else, which
 * is handshakes and clients without an id, by its address. Undefined: no worker has that number.
 */
export function workerFor(data: Uint8Array, from: Address, workers: number): number | undefined {
  if (data[0] !== TLS12_CID) return addressHash(from) % workers;
  const worker = data[ID_AT];
  return worker !== undefined && worker < workers ? worker : undefined;
}

/** FNV-1a. */
function addressHash({ host, port }: Address): number {
  let hash = 0x811c_9dc5 ^ port;
  for (let index = 0; index < host.length; index++) hash = Math.imul(hash ^ host.charCodeAt(index), 0x0100_0193);
  hash ^= hash >>> 15;
  return hash >>> 0;
}

const TLS12_CID = 25;
/** Behind type, version, epoch and sequence number. */
const ID_AT = 11;
const ID_LENGTH = 8;
