/**
 * Certificate revocation lists from description to DER, once (`_avs_crypto_*_load_crls`). Only the frame is checked
 * here: signatures, dates and entries are the business of the TLS library that uses them.
 */

import { X509Certificate } from 'node:crypto';
import type { CertRevocationListInfo } from '@avs-net/core/plugin';
import { wipe } from '@avs-net/core/plugin';
import { refusePkcs12 } from './certificate-parsing.ts';
import { at, type Place, refusal } from './credential-error.ts';
import { readCredentialFile } from './credential-file.ts';
import { checkDerFrame, looksLikeCrl } from './der-frame.ts';
import { flattenWithPlaces, type Leaf } from './flattening.ts';
import { askEngine } from './key-engine.ts';
import { decodePem, scanPem } from './pem.ts';
import { type ResolveOptions, startingPlace } from './resolve-options.ts';
import { copySecurityInfo } from './security-info.ts';

/** DER; empty for an empty source. Errors: EINVAL for directories, EPROTO, EIO, ENOTSUP, codes of the file system. */
export async function resolveCertRevocationLists(
  info: CertRevocationListInfo,
  options: ResolveOptions = {},
): Promise<Uint8Array[]> {
  const place = startingPlace(options, 'resolveCertRevocationLists', 'info');
  const lists: Uint8Array[] = [];
  for (const { leaf, place: here } of flattenWithPlaces(copySecurityInfo(info, 'certRevocationList', place), place)) {
    lists.push(...(await resolveLeaf(leaf, here, options)));
  }
  return lists;
}

async function resolveLeaf(
  leaf: Leaf<'certRevocationList'>,
  place: Place,
  options: ResolveOptions,
): Promise<Uint8Array[]> {
  switch (leaf.source) {
    case 'file': {
      const from = at(place, `file ${leaf.filename}`);
      const bytes = await readCredentialFile(leaf.filename, from);
      try {
        return parseLists(bytes, from);
      } finally {
        wipe(bytes);
      }
    }
    case 'buffer':
      return parseLists(leaf.buffer, at(place, `buffer of ${leaf.buffer.byteLength} bytes`));
    case 'path':
      throw refusal('EINVAL', place, 'revocation lists cannot come from a directory; name the files');
    case 'engine': {
      const answer = await askEngine(options.engine, 'certRevocationLists', leaf.query, place);
      return answer.flatMap((der, index) => parseLists(der, at(place, `list ${index} of the engine`)));
    }
  }
}

function parseLists(bytes: Uint8Array, place: Place): Uint8Array[] {
  const objects = scanPem(bytes, place);
  if (objects === undefined) return [parseDerList(bytes, place)];
  const lists = objects.filter((object) => object.label === 'X509 CRL');
  if (lists.length > 0) {
    return lists.map((object) => {
      const here = at(place, `line ${object.line}`);
      return parseDerList(decodePem(object, here), here);
    });
  }
  const labels = [...new Set(objects.map((object) => object.label))].join(', ');
  throw refusal('EPROTO', place, `holds no revocation list; found ${labels}`);
}

function parseDerList(der: Uint8Array, place: Place): Uint8Array {
  refusePkcs12(der, place);
  checkDerFrame(der, place);
  if (isCertificate(der)) throw refusal('EPROTO', place, 'this is a certificate, not a revocation list');
  if (!looksLikeCrl(der)) throw refusal('EPROTO', place, 'not a revocation list');
  return new Uint8Array(der);
}

function isCertificate(der: Uint8Array): boolean {
  try {
    new X509Certificate(der);
    return true;
  } catch {
    return false;
  }
}
