/**
 * Keys, PRF and AEAD records of DTLS 1.2 with a pre-shared key, on node:crypto: what a test needs to play a server
 * (RFC 5246 §5, §6.3, §8.1, RFC 4279 §2, RFC 6655, RFC 5288). For tests only: compares nothing in constant time.
 */

import { type CipherCCMTypes, createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto';

export interface Keys {
  seal(header: Buffer, plaintext: Uint8Array): Buffer;
  /** Throws if it is not authentic. */
  open(header: Buffer, fragment: Uint8Array): Buffer;
  verifyData(label: string, transcript: readonly Uint8Array[]): Buffer;
}

/** Of the server; `ciphersuite` is one of the PSK AEAD suites. */
export function serverKeys(ciphersuite: number, psk: Uint8Array, clientRandom: Buffer, serverRandom: Buffer): Keys {
  const { cipher, keyLength, tag, hash } = SUITES[ciphersuite]!;
  const premaster = Buffer.concat([uint(psk.length, 2), Buffer.alloc(psk.length), uint(psk.length, 2), psk]);
  const prf = (secret: Uint8Array, label: string, seed: Buffer, length: number): Buffer => {
    const labelled = Buffer.concat([Buffer.from(label), seed]);
    const blocks: Buffer[] = [];
    for (let a = labelled; blocks.length * 32 < length; ) {
      a = createHmac(hash, secret).update(a).digest();
      blocks.push(createHmac(hash, secret).update(a).update(labelled).digest());
    }
    return Buffer.concat(blocks).subarray(0, length);
  };
  const master = prf(premaster, 'master secret', Buffer.concat([clientRandom, serverRandom]), 48);
  const block = prf(master, 'key expansion', Buffer.concat([serverRandom, clientRandom]), 2 * keyLength + 8);
  const clientKey = block.subarray(0, keyLength);
  const serverKey = block.subarray(keyLength, 2 * keyLength);
  const clientSalt = block.subarray(2 * keyLength, 2 * keyLength + 4);
  const serverSalt = block.subarray(2 * keyLength + 4);
  const options = { authTagLength: tag };
  /** `header` as on the wire; its length field is replaced by that of the plaintext. */
  const additionalData = (header: Buffer, length: number): Buffer =>
    Buffer.concat([header.subarray(3, 11), header.subarray(0, 3), uint(length, 2)]);
  return {
    seal(header, plaintext) {
      const explicit = header.subarray(3, 11);
      const sealing = createCipheriv(cipher, serverKey, Buffer.concat([serverSalt, explicit]), options);
      sealing.setAAD(additionalData(header, plaintext.length), { plaintextLength: plaintext.length });
      return Buffer.concat([explicit, sealing.update(plaintext), sealing.final(), sealing.getAuthTag()]);
    },
    open(header, fragment) {
      const explicit = fragment.subarray(0, 8);
      const sealed = fragment.subarray(8, fragment.length - tag);
      const opening = createDecipheriv(cipher, clientKey, Buffer.concat([clientSalt, explicit]), options);
      opening.setAAD(additionalData(header, sealed.length), { plaintextLength: sealed.length });
      opening.setAuthTag(fragment.subarray(fragment.length - tag));
      const plaintext = opening.update(sealed);
      opening.final();
      return plaintext;
    },
    verifyData(label, transcript) {
      const digest = createHash(hash).update(Buffer.concat(transcript)).digest();
      return prf(master, label, digest, 12);
    },
  };
}

export function uint(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}

interface Suite {
  /** GCM takes the same calls as CCM. */
  readonly cipher: CipherCCMTypes;
  readonly keyLength: number;
  readonly tag: number;
  readonly hash: 'sha256' | 'sha384';
}

const SUITES: Readonly<Record<number, Suite>> = {
  49320: { cipher: 'aes-128-ccm', keyLength: 16, tag: 8, hash: 'sha256' },
  49316: { cipher: 'aes-128-ccm', keyLength: 16, tag: 16, hash: 'sha256' },
  168: { cipher: 'aes-128-gcm' as CipherCCMTypes, keyLength: 16, tag: 16, hash: 'sha256' },
  169: { cipher: 'aes-256-gcm' as CipherCCMTypes, keyLength: 32, tag: 16, hash: 'sha384' },
};
