/**
 * Certificates and revocation lists out of a certs-only PKCS#7 message (RFC 5652 §5, RFC 8951), which is what EST
 * servers answer: `avs_crypto_parse_pkcs7_certs_only`. A message with content or signers is something else and is
 * refused.
 */

import type { CertificateChainInfo, CertRevocationListInfo } from '@avs-net/core/plugin';
import * as asn1js from 'asn1js';
import { copyBytes } from './byte-argument.ts';
import { certificateChainFromBuffer } from './certificate-chain.ts';
import { x509 } from './certificate-parsing.ts';
import { at, inside, libraryRefusal, type Place, refusal } from './credential-error.ts';
import { looksLikeCrl } from './der-frame.ts';
import { decodePem, scanPem } from './pem.ts';
import { certRevocationListFromBuffer } from './revocation-list.ts';

export interface Pkcs7Certs {
  /** Source `buffer`, in the order of the message; for `certificateChainFromList`. */
  readonly certificates: readonly CertificateChainInfo[];
  readonly revocationLists: readonly CertRevocationListInfo[];
}

/**
 * BER, DER or one PEM object. Errors: EINVAL, EPROTO for anything malformed, signed, with content or with nothing
 * inside.
 */
export function parsePkcs7CertsOnly(message: Uint8Array): Pkcs7Certs {
  const place = { operation: 'parsePkcs7CertsOnly', path: 'message' };
  const bytes = fromPem(copyBytes(message, place), place);
  const signedData = readContentInfo(bytes, place);
  const fields = new Map(signedData.map((field) => [tagOf(field), field]));
  const [version, digests, content] = signedData;
  const expected = [TAG.integer, TAG.set, TAG.sequence];
  if ([version, digests, content].some((field, index) => field === undefined || tagOf(field) !== expected[index])) {
    throw refusal('EPROTO', place, 'not a PKCS#7 SignedData');
  }
  checkOnlyCerts(signedData, place);
  const certificates = elementsOf(fields.get(TAG.context0)).map((element, index) => {
    const here = at(inside(place, 'certificates'), `element ${index}`);
    return certificateChainFromBuffer(x509(derOf(element, here), here).raw);
  });
  const revocationLists = elementsOf(fields.get(TAG.context1)).map((element, index) => {
    const here = at(inside(place, 'crls'), `element ${index}`);
    const der = derOf(element, here);
    if (!looksLikeCrl(der)) throw refusal('EPROTO', here, 'not a revocation list');
    return certRevocationListFromBuffer(der);
  });
  if (certificates.length + revocationLists.length === 0) {
    throw refusal('EPROTO', place, 'holds neither certificates nor revocation lists');
  }
  return { certificates, revocationLists };
}

function fromPem(bytes: Uint8Array, place: Place): Uint8Array {
  const objects = scanPem(bytes, place);
  if (objects === undefined) return bytes;
  const [object, second] = objects;
  if (object === undefined || second !== undefined || !PEM_LABELS.includes(object.label)) {
    const labels = objects.map(({ label }) => label).join(', ');
    throw refusal('EPROTO', place, `expected one PEM object PKCS7; found ${labels}`);
  }
  const here = at(place, `line ${object.line}`);
  return decodePem(object, here);
}

/** ContentInfo ::= SEQUENCE { id-signedData, [0] EXPLICIT SignedData }; the fields of SignedData. */
function readContentInfo(bytes: Uint8Array, place: Place): readonly asn1js.BaseBlock[] {
  const root = readBer(bytes, place);
  const [type, wrapped] = tagOf(root) === TAG.sequence ? elementsOf(root) : [];
  if (!isOid(type, SIGNED_DATA) || wrapped === undefined || tagOf(wrapped) !== TAG.context0) {
    throw refusal('EPROTO', place, 'not a PKCS#7 SignedData');
  }
  const [signedData, more] = elementsOf(wrapped);
  if (signedData === undefined || more !== undefined || tagOf(signedData) !== TAG.sequence) {
    throw refusal('EPROTO', place, 'not a PKCS#7 SignedData');
  }
  return elementsOf(signedData);
}

function readBer(bytes: Uint8Array, place: Place): asn1js.BaseBlock {
  let parsed: ReturnType<typeof asn1js.fromBER>;
  try {
    parsed = asn1js.fromBER(bytes, { maxNodes: MAX_NODES, parseEmbedded: false });
  } catch (error) {
    throw libraryRefusal('EPROTO', place, 'not BER', error);
  }
  if (parsed.offset === -1) throw refusal('EPROTO', place, 'not BER, or cut off');
  if (parsed.offset !== bytes.byteLength) {
    throw refusal('EPROTO', place, `${bytes.byteLength - parsed.offset} more bytes after the end`);
  }
  return parsed.result;
}

/** SignedData ends with its signers, a SET that must be empty; the content must be of type data and absent. */
function checkOnlyCerts(signedData: readonly asn1js.BaseBlock[], place: Place): void {
  const [type, content] = elementsOf(signedData[2]);
  if (!isOid(type, DATA)) throw refusal('EPROTO', place, 'the content type is not data');
  if (content !== undefined) throw refusal('EPROTO', place, 'the message has content; expected certificates only');
  const signers = signedData.at(-1);
  if (signedData.length < 4 || signers === undefined || tagOf(signers) !== TAG.set) {
    throw refusal('EPROTO', place, 'the signers are missing; expected an empty SET');
  }
  if (elementsOf(signers).length > 0)
    throw refusal('EPROTO', place, 'the message is signed; expected certificates only');
  const order = signedData.slice(3, -1).map(tagOf).join();
  if (!['', TAG.context0, TAG.context1, `${TAG.context0},${TAG.context1}`].includes(order)) {
    throw refusal('EPROTO', place, 'unexpected fields in the SignedData');
  }
}

/** The bytes of an element as they were sent: signatures cover them. */
function derOf(element: asn1js.BaseBlock, place: Place): Uint8Array {
  if (tagOf(element) !== TAG.sequence) throw refusal('EPROTO', place, 'a kind of certificate that is not X.509');
  return new Uint8Array(element.valueBeforeDecodeView);
}

function elementsOf(block: asn1js.BaseBlock | undefined): readonly asn1js.BaseBlock[] {
  const value = (block?.valueBlock as { value?: unknown } | undefined)?.value;
  return Array.isArray(value) ? (value as asn1js.BaseBlock[]) : [];
}

function isOid(block: asn1js.BaseBlock | undefined, oid: string): boolean {
  return block instanceof asn1js.ObjectIdentifier && block.valueBlock.toString() === oid;
}

function tagOf(block: asn1js.BaseBlock): string {
  return `${block.idBlock.tagClass}.${block.idBlock.tagNumber}`;
}

const PEM_LABELS = ['PKCS7', 'CMS'];
const SIGNED_DATA = '1.2.840.113549.1.7.2';
const DATA = '1.2.840.113549.1.7.1';
/** Class and number; 1 is universal, 3 is context-specific. */
const TAG = { integer: '1.2', sequence: '1.16', set: '1.17', context0: '3.0', context1: '3.1' } as const;
/** Enough for some thousand certificates. */
const MAX_NODES = 500_000;
