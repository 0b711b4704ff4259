/**
 * Certificate chains and trust anchors from description to DER, once, when a socket is created
 * (`_avs_crypto_*_load_*certs*`). Where the two C loaders differ the stricter one is followed, see docs/credentials.md.
 */

import { createHash } from 'node:crypto';
import type { CertificateChainInfo } from '@avs-net/core/plugin';
import { wipe } from '@avs-net/core/plugin';
import { type DirectoryFile, listCertificateFiles } from './certificate-directory.ts';
import { findCertificates, parseCertificates, x509 } from './certificate-parsing.ts';
import { at, inside, type Place, refusal } from './credential-error.ts';
import { readCredentialFile } from './credential-file.ts';
import { flattenWithPlaces, type Leaf } from './flattening.ts';
import { askEngine } from './key-engine.ts';
import { scanPem } from './pem.ts';
import { type ResolveOptions, startingPlace } from './resolve-options.ts';
import { copySecurityInfo } from './security-info.ts';

/**
 * An own chain, leaf first, in DER; empty for an empty source. Errors: EINVAL, EPROTO, EIO, ENOTSUP for directories and
 * containers, codes of the file system.
 */
export async function resolveCertificateChain(
  info: CertificateChainInfo,
  options: ResolveOptions = {},
): Promise<Uint8Array[]> {
  return resolveLeaves(info, startingPlace(options, 'resolveCertificateChain', 'info'), options, (_path, place) => {
    throw refusal('ENOTSUP', place, 'a directory has no order, so it cannot be a chain; name the files');
  });
}

/** Trust anchors in DER, each once. Directories are read completely. Errors: as `resolveCertificateChain`. */
export async function resolveTrustedCerts(
  info: CertificateChainInfo,
  options: ResolveOptions = {},
): Promise<Uint8Array[]> {
  const place = startingPlace(options, 'resolveTrustedCerts', 'info');
  return unique(await resolveLeaves(info, place, options, readDirectory));
}

/** `avs_crypto_certificate_expiration_date`: notAfter of the first certificate. Errors: EPROTO, EINVAL without one. */
export function certificateExpirationDate(chain: readonly Uint8Array[]): Date {
  const place = { operation: 'certificateExpirationDate', path: 'chain' };
  const [leaf] = chain;
  if (leaf === undefined) throw refusal('EINVAL', place, 'the chain is empty');
  const date = new Date(x509(leaf, inside(place, '[0]')).validTo);
  if (Number.isNaN(date.getTime())) throw refusal('EPROTO', inside(place, '[0]'), 'notAfter is not a date');
  return date;
}

async function resolveLeaves(
  info: CertificateChainInfo,
  place: Place,
  options: ResolveOptions,
  directory: ReadDirectory,
): Promise<Uint8Array[]> {
  const certificates: Uint8Array[] = [];
  for (const { leaf, place: here } of flattenWithPlaces(copySecurityInfo(info, 'certificateChain', place), place)) {
    certificates.push(...(await resolveLeaf(leaf, here, options, directory)));
  }
  return certificates;
}

async function resolveLeaf(
  leaf: Leaf<'certificateChain'>,
  place: Place,
  options: ResolveOptions,
  directory: ReadDirectory,
): Promise<Uint8Array[]> {
  switch (leaf.source) {
    case 'file':
      return readFile(leaf.filename, at(place, `file ${leaf.filename}`), parseCertificates);
    case 'buffer':
      return parseCertificates(leaf.buffer, at(place, `buffer of ${leaf.buffer.byteLength} bytes`));
    case 'path':
      return directory(leaf.path, at(place, `directory ${leaf.path}`));
    case 'engine': {
      const answer = await askEngine(options.engine, 'certificateChain', leaf.query, place);
      return answer.flatMap((der, index) => parseCertificates(der, at(place, `certificate ${index} of the engine`)));
    }
  }
}

/** A file may hold a key beside its certificates, so its bytes are wiped. */
async function readFile<R>(filename: string, place: Place, parse: (bytes: Uint8Array, at: Place) => R): Promise<R> {
  const bytes = await readCredentialFile(filename, place);
  try {
    return parse(bytes, place);
  } finally {
    wipe(bytes);
  }
}

async function readDirectory(path: string, place: Place): Promise<Uint8Array[]> {
  const files = await listCertificateFiles(path, place);
  const certificates: Uint8Array[] = [];
  for (const file of files) certificates.push(...(await readDirectoryFile(file, place)));
  if (files.length > 0 && certificates.length === 0) {
    throw refusal('EPROTO', place, `none of the ${files.length} files holds a certificate`);
  }
  return certificates;
}

async function readDirectoryFile(file: DirectoryFile, place: Place): Promise<Uint8Array[]> {
  return readFile(file.filename, at(place, `file ${file.filename}`), (bytes, here) => {
    if (file.promised) return parseCertificates(bytes, here);
    return scanPem(bytes, here) !== undefined ? findCertificates(bytes, here).certificates : ifCertificate(bytes, here);
  });
}

/** Somebody else's file in a directory of trust anchors is no error. */
function ifCertificate(bytes: Uint8Array, place: Place): Uint8Array[] {
  try {
    return parseCertificates(bytes, place);
  } catch {
    return [];
  }
}

function unique(certificates: readonly Uint8Array[]): Uint8Array[] {
  const seen = new Map(certificates.map((der) => [createHash('sha256').update(der).digest('hex'), der]));
  return [...seen.values()];
}

type ReadDirectory = (path: string, place: Place) => Promise<Uint8Array[]>;
