/**
 * Bytes to DER certificates: PEM first, DER when there is no BEGIN line, as both loaders of avs_net do. Each
 * certificate is parsed by node:crypto, so a damaged one is an error with its line and never left out.
 */

import { X509Certificate } from 'node:crypto';
import { at, libraryRefusal, type Place, refusal } from './credential-error.ts';
import { checkDerFrame, isPkcs7, isPkcs12 } from './der-frame.ts';
import { decodePem, scanPem } from './pem.ts';

/** At least one. Errors: EPROTO, EIO for bytes after the end of DER, ENOTSUP for containers that must be converted. */
export function parseCertificates(bytes: Uint8Array, place: Place): Uint8Array[] {
  const found = findCertificates(bytes, place);
  if (found.certificates.length > 0) return found.certificates;
  const labels = [...new Set(found.labels)].join(', ');
  throw refusal('EPROTO', place, `holds no certificate; found ${labels}`);
}

/** Like `parseCertificates`, but a PEM file of other things gives none. */
export function findCertificates(bytes: Uint8Array, place: Place): { certificates: Uint8Array[]; labels: string[] } {
  const objects = scanPem(bytes, place);
  if (objects === undefined) return { certificates: [parseDerCertificate(bytes, place)], labels: [] };
  const certificates: Uint8Array[] = [];
  for (const object of objects) {
    const here = at(place, `line ${object.line}`);
    const advice = CONVERSIONS[object.label];
    if (advice !== undefined) throw refusal('ENOTSUP', here, `${object.label} is not supported; ${advice}`);
    if (CERTIFICATE_LABELS.includes(object.label))
      certificates.push(parseDerCertificate(decodePem(object, here), here));
  }
  return { certificates, labels: objects.map((object) => object.label) };
}

/** node:crypto's view of DER that was resolved before. */
export function x509(der: Uint8Array, place: Place): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (error) {
    throw libraryRefusal('EPROTO', place, 'not a certificate', error);
  }
}

/** Refuses PKCS#12 with the command that converts it. Errors: ENOTSUP. */
export function refusePkcs12(bytes: Uint8Array, place: Place): void {
  if (!isPkcs12(bytes)) return;
  throw refusal(
    'ENOTSUP',
    place,
    'PKCS#12 is not supported; convert it with: openssl pkcs12 -in FILE -nodes -out FILE.pem',
  );
}

function parseDerCertificate(der: Uint8Array, place: Place): Uint8Array {
  refusePkcs12(der, place);
  if (isPkcs7(der)) throw refusal('ENOTSUP', place, `PKCS#7 is not supported here; ${CONVERSIONS['PKCS7']}`);
  checkDerFrame(der, place);
  return new Uint8Array(x509(der, place).raw);
}

const CERTIFICATE_LABELS = ['CERTIFICATE', 'X509 CERTIFICATE'];

const CONVERSIONS: Readonly<Record<string, string>> = {
  PKCS7: 'use parsePkcs7CertsOnly() or convert it with: openssl pkcs7 -print_certs -in FILE -out FILE.pem',
  CMS: 'use parsePkcs7CertsOnly() or convert it with: openssl pkcs7 -print_certs -in FILE -out FILE.pem',
  'TRUSTED CERTIFICATE': 'convert it with: openssl x509 -in FILE -out FILE.pem',
};
