/**
 * Bytes to a private key by node:crypto: PKCS#8, SEC1 and PKCS#1, in PEM or DER, encrypted or not. Keeps three failures
 * apart that libraries mix up: no password, a wrong one, and bytes that are no key at all.
 */

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { refusePkcs12 } from './certificate-parsing.ts';
import { at, libraryRefusal, type Place, refusal } from './credential-error.ts';
import { checkDerFrame } from './der-frame.ts';
import { decodePem, isEncryptedPem, type PemObject, scanPem } from './pem.ts';

/**
 * Errors: EINVAL for a missing password, EACCES for a wrong one, EPROTO for what is no key, EIO for more than one key,
 * ENOTSUP for PKCS#12, OpenSSH's own format and ciphers that OpenSSL has retired.
 */
export function parsePrivateKey(bytes: Uint8Array, password: Uint8Array | undefined, place: Place): KeyObject {
  if (password !== undefined && password.byteLength > MAX_PASSWORD) {
    throw refusal('EINVAL', place, `the password may have ${MAX_PASSWORD} bytes, received ${password.byteLength}`);
  }
  const objects = scanPem(bytes, place);
  if (objects === undefined) return parseDerKey(bytes, password, place);
  const { object, here } = onlyKey(objects, place);
  if (object.label === 'ENCRYPTED PRIVATE KEY') return decryptPkcs8(object, password, here);
  if (isEncryptedPem(object)) return decryptTraditional(object, password, here);
  return attempt({ key: view(object.bytes), format: 'pem' }, (error) => notAKey(error, here));
}

function onlyKey(objects: readonly PemObject[], place: Place): { object: PemObject; here: Place } {
  const openSsh = objects.find((object) => object.label === 'OPENSSH PRIVATE KEY');
  if (openSsh !== undefined) {
    const message = "OpenSSH's own key format is not supported; convert a copy with: ssh-keygen -p -m PKCS8 -f FILE";
    throw refusal('ENOTSUP', at(place, `line ${openSsh.line}`), message);
  }
  const [object, second] = objects.filter(({ label }) => KEY_LABELS.includes(label));
  if (object === undefined) {
    const labels = [...new Set(objects.map(({ label }) => label))].join(', ');
    throw refusal('EPROTO', place, `holds no private key; found ${labels}`);
  }
  if (second !== undefined) {
    throw refusal('EIO', at(place, `line ${second.line}`), `a second private key; the first is in line ${object.line}`);
  }
  return { object, here: at(place, `line ${object.line}`) };
}

function parseDerKey(bytes: Uint8Array, password: Uint8Array | undefined, place: Place): KeyObject {
  refusePkcs12(bytes, place);
  checkDerFrame(bytes, place);
  let first: unknown;
  for (const type of ['pkcs8', 'sec1', 'pkcs1'] as const) {
    try {
      return createPrivateKey({ key: view(bytes), format: 'der', type });
    } catch (error) {
      if (errorCode(error) === 'ERR_MISSING_PASSPHRASE') {
        return decrypt({ key: view(bytes), format: 'der', type }, password, place);
      }
      first ??= error;
    }
  }
  throw notAKey(first, place);
}

/**
 * By way of DER: OpenSSL's PEM reader leaves the password on its stack. The body is encrypted, so it may be a string.
 */
function decryptPkcs8(object: PemObject, password: Uint8Array | undefined, place: Place): KeyObject {
  const der = decodePem(object, place);
  checkDerFrame(der, place);
  return decrypt({ key: view(der), format: 'der', type: 'pkcs8' }, password, place);
}

/** Only the PEM reader knows this form; a second run with a decoy of the same length covers what the first one left. */
function decryptTraditional(object: PemObject, password: Uint8Array | undefined, place: Place): KeyObject {
  const input = { key: view(object.bytes), format: 'pem' } as const;
  try {
    return decrypt(input, password, place);
  } finally {
    try {
      decrypt(input, password && Buffer.alloc(password.byteLength, 'x'), place);
    } catch {
      // The decoy is not the password.
    }
  }
}

/** A wrong password makes noise of the key, which may fail in many ways: whatever fails here is called that. */
function decrypt(input: KeyInput, password: Uint8Array | undefined, place: Place): KeyObject {
  if (password === undefined) {
    throw refusal('EINVAL', place, 'the key is encrypted and no password was given');
  }
  return attempt({ ...input, passphrase: view(password) }, (error) => {
    const retired = /EVP_UNSUPPORTED|UNKNOWN_CIPHER|UNSUPPORTED_(?:CIPHER|ENCRYPTION)/.test(errorCode(error));
    if (!retired)
      return libraryRefusal('EACCES', place, 'the password is wrong, or the encrypted key is damaged', error);
    const message =
      'encrypted with a cipher that OpenSSL has retired; encrypt it anew with: ' +
      'openssl pkcs8 -topk8 -provider legacy -provider default -in FILE -out NEWFILE';
    return libraryRefusal('ENOTSUP', place, message, error);
  });
}

function attempt(input: KeyInput & { passphrase?: Buffer }, explain: (error: unknown) => Error): KeyObject {
  try {
    return createPrivateKey(input);
  } catch (error) {
    throw explain(error);
  }
}

function notAKey(error: unknown, place: Place): Error {
  return libraryRefusal('EPROTO', place, 'not a private key that can be read', error);
}

function errorCode(error: unknown): string {
  return String((Object(error) as { code?: unknown }).code);
}

/** The same memory as a Buffer, which is all that node's types take. */
function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

type KeyInput = { key: Buffer; format: 'pem' } | { key: Buffer; format: 'der'; type: 'pkcs8' | 'sec1' | 'pkcs1' };

const KEY_LABELS = [
  'PRIVATE KEY',
  'ENCRYPTED PRIVATE KEY',
  'EC PRIVATE KEY',
  'RSA PRIVATE KEY',
  'DSA PRIVATE KEY',
  'ANY PRIVATE KEY',
];
/** OpenSSL's PEM_BUFSIZE without its end. */
const MAX_PASSWORD = 1023;
