/**
 * From a pre-shared key to traffic keys: premaster secret (RFC 4279 §2), master secret (RFC 5246 §8.1) or extended
 * master secret (RFC 7627 §4), key block (RFC 5246 §6.3) and the contents of Finished (§7.4.9), all with P_SHA256.
 */

import { createHmac } from 'node:crypto';
import { concat, vector } from './byte-reader.ts';
import type { TrafficKeys } from './record-layer.ts';

export interface Randoms {
  readonly client: Uint8Array;
  readonly server: Uint8Array;
}

/** `sessionHash` makes it the extended master secret: it binds the keys to the whole handshake. */
export function masterSecret(psk: Uint8Array, randoms: Randoms, sessionHash: Uint8Array | undefined): Uint8Array {
  const zeros = new Uint8Array(psk.length);
  const premaster = concat(vector(zeros, 2), vector(psk, 2));
  const master =
    sessionHash === undefined
      ? prf(premaster, 'master secret', concat(randoms.client, randoms.server), MASTER_SECRET)
      : prf(premaster, 'extended master secret', sessionHash, MASTER_SECRET);
  premaster.fill(0);
  return master;
}

/** RFC 5246 §6.3: AEAD ciphers take no MAC keys from the key block. */
export function trafficKeys(master: Uint8Array, randoms: Randoms, role: 'client' | 'server'): TrafficKeys {
  const block = prf(master, 'key expansion', concat(randoms.server, randoms.client), 2 * (KEY + FIXED_IV));
  const client = { key: block.slice(0, KEY), iv: block.slice(2 * KEY, 2 * KEY + FIXED_IV) };
  const server = { key: block.slice(KEY, 2 * KEY), iv: block.slice(2 * KEY + FIXED_IV) };
  block.fill(0);
  return role === 'client' ? { write: client, read: server } : { write: server, read: client };
}

export function verifyData(master: Uint8Array, sender: 'client' | 'server', transcript: Uint8Array): Uint8Array {
  return prf(master, `${sender} finished`, transcript, VERIFY_DATA);
}

/** RFC 5246 §5, in memory of its own. */
function prf(secret: Uint8Array, label: string, seed: Uint8Array, length: number): Uint8Array {
  const labelled = concat(Buffer.from(label), seed);
  const output = new Uint8Array(length);
  let chain = labelled;
  for (let at = 0; at < length; ) {
    chain = hmac(secret, chain);
    const block = hmac(secret, concat(chain, labelled));
    output.set(block.subarray(0, length - at), at);
    at += block.length;
    block.fill(0);
  }
  return output;
}

function hmac(secret: Uint8Array, data: Uint8Array): Uint8Array {
  return createHmac('sha256', secret).update(data).digest();
}

const MASTER_SECRET = 48;
const VERIFY_DATA = 12;
const KEY = 16;
const FIXED_IV = 4;
