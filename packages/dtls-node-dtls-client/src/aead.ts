/**
 * AEAD records of epoch 1 with the keys of the library (RFC 5246 §6.2.3.3, RFC 5288 §3, RFC 6655 §3). The library draws
 * eight random bytes for every nonce, which may repeat, and a repeated GCM nonce gives the authentication key away; it
 * also writes record numbers with 32 bits. Here the nonce is the record's own number. CBC stays with the library.
 */

import { type CipherCCMTypes, createCipheriv, createDecipheriv } from 'node:crypto';
import { findCiphersuite } from '@avs-net/core/plugin';
import { cipherOf } from './claims.ts';
import type { InnerConnectionState, InnerPacket, OpenedPacket, Serializable } from './private-fields.ts';
import { DTLS_1_2, RECORD_HEADER } from './record.ts';

type Seal = (packet: InnerPacket) => Serializable;
type Open = (packet: InnerPacket) => OpenedPacket;

/** Replaces what `state` encrypts and decrypts with, as soon as it has keys of an AEAD suite. */
export function useAead(state: InnerConnectionState): void {
  let seal: Seal | undefined;
  let open: Open | undefined;
  // Without keys the library would hand out the null cipher, and keep it.
  const keys = (): Readonly<Record<string, Buffer>> => {
    if (state.key_material === undefined) throw new Error('there are no keys yet');
    return state.key_material;
  };
  const library = (name: 'Cipher' | 'Decipher'): unknown => Reflect.get(Object.getPrototypeOf(state), name, state);
  Object.defineProperties(state, {
    Cipher: {
      get(): unknown {
        const { client_write_key: key, client_write_IV: salt } = keys();
        const aead = aeadOf(state.cipherSuite.id);
        if (aead === undefined) return library('Cipher');
        seal ??= sealer(aead, key!, salt!);
        return seal;
      },
    },
    Decipher: {
      get(): unknown {
        const { server_write_key: key, server_write_IV: salt } = keys();
        const aead = aeadOf(state.cipherSuite.id);
        if (aead === undefined) return library('Decipher');
        open ??= opener(aead, key!, salt!);
        return open;
      },
    },
  });
}

interface Aead {
  /** GCM takes the same calls as CCM. */
  readonly cipher: CipherCCMTypes;
  readonly tag: number;
}

function aeadOf(suite: number): Aead | undefined {
  const protection = findCiphersuite(suite)?.protection;
  if (protection?.kind !== 'aead') return undefined;
  return { cipher: cipherOf(suite) as CipherCCMTypes, tag: protection.tag };
}

function sealer({ cipher, tag }: Aead, key: Buffer, salt: Buffer): Seal {
  const options = { authTagLength: tag };
  const nonce = Buffer.concat([salt, Buffer.alloc(EXPLICIT_NONCE)]);
  const additional = Buffer.alloc(RECORD_HEADER);
  return ({ type, epoch, sequence_number: sequence, fragment }) => {
    const { length } = fragment;
    writeAdditionalData(additional, type, epoch, sequence, length);
    additional.copy(nonce, SALT, 0, EXPLICIT_NONCE);
    const sealing = createCipheriv(cipher, key, nonce, options);
    sealing.setAAD(additional, { plaintextLength: length });
    const record = Buffer.allocUnsafe(RECORD_HEADER + EXPLICIT_NONCE + length + tag);
    record[0] = type;
    record.writeUInt16BE(DTLS_1_2, 1);
    additional.copy(record, 3, 0, EXPLICIT_NONCE);
    record.writeUInt16BE(EXPLICIT_NONCE + length + tag, 11);
    additional.copy(record, RECORD_HEADER, 0, EXPLICIT_NONCE);
    record.set(sealing.update(fragment), RECORD_HEADER + EXPLICIT_NONCE);
    sealing.final();
    record.set(sealing.getAuthTag(), RECORD_HEADER + EXPLICIT_NONCE + length);
    return { serialize: () => record };
  };
}

/** Throws if the record is not authentic. */
function opener({ cipher, tag }: Aead, key: Buffer, salt: Buffer): Open {
  const options = { authTagLength: tag };
  const nonce = Buffer.concat([salt, Buffer.alloc(EXPLICIT_NONCE)]);
  const additional = Buffer.alloc(RECORD_HEADER);
  return ({ type, epoch, sequence_number: sequence, fragment }) => {
    const length = fragment.length - EXPLICIT_NONCE - tag;
    if (length < 0) throw new RangeError('shorter than its protection');
    writeAdditionalData(additional, type, epoch, sequence, length);
    nonce.set(fragment.subarray(0, EXPLICIT_NONCE), SALT);
    const opening = createDecipheriv(cipher, key, nonce, options);
    opening.setAuthTag(fragment.subarray(EXPLICIT_NONCE + length));
    opening.setAAD(additional, { plaintextLength: length });
    const plaintext = opening.update(fragment.subarray(EXPLICIT_NONCE, EXPLICIT_NONCE + length));
    opening.final();
    const opened: OpenedPacket = {
      ...{ type, epoch, sequence_number: sequence, fragment: plaintext },
      decompress: () => opened,
    };
    return opened;
  };
}

/** RFC 6347 §4.1.2.1: epoch and number together are the sequence number of TLS. */
function writeAdditionalData(into: Buffer, type: number, epoch: number, sequence: number, length: number): void {
  into.writeUInt16BE(epoch, 0);
  into.writeUIntBE(sequence, 2, 6);
  into[8] = type;
  into.writeUInt16BE(DTLS_1_2, 9);
  into.writeUInt16BE(length, 11);
}

const SALT = 4;
const EXPLICIT_NONCE = 8;
