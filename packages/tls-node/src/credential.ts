/**
 * The certificates, keys and lists of a configuration, resolved and in the form that node:tls takes, and what a session
 * has to be bound to so that it never resumes for somebody else.
 */

import { createHash } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import {
  type CertificateInfo,
  type CertificateServerInfo,
  type EngineErrorInit,
  type PskInfo,
  type PskServerInfo,
  wipe,
} from '@avs-net/core/plugin';
import {
  type ResolvedCertificateInfo,
  resolveCertificateInfo,
  resolveCertificateServerInfo,
  resolvePsk,
} from '@avs-net/credentials';
import { MAX_PSK_IDENTITY, MAX_PSK_KEY } from './claims.ts';
import { certificatesPem, privateKeyPem, revocationListPem } from './pem.ts';
import { trustAnchors } from './trust.ts';

export interface Credential {
  /** For `createSecureContext` and `createServer`. */
  readonly secrets: Pick<SecureContextOptions, 'ca' | 'cert' | 'key' | 'crl'>;
  /** Opaque; the same for the same credential in every process. */
  readonly scope: string;
  readonly psk?: { readonly identity: string; readonly key: Uint8Array };
  /** Of a server. */
  readonly hint?: string;
  wipe(): void;
}

type Refuse = (init: EngineErrorInit) => Error;

/** Errors: those of `resolveCertificateInfo`; EINVAL where nobody is trusted. */
export async function clientCertificates(info: CertificateInfo, refuse: Refuse): Promise<Credential> {
  const verifies = info.serverCertValidation !== false;
  const ignoresSystem = info.ignoreSystemTrustStore === true;
  const resolved = await resolveCertificateInfo(info, PLACE);
  const { trustedCerts, certRevocationLists } = resolved;
  if (verifies && ignoresSystem && trustedCerts.length === 0) {
    forget(resolved);
    const message = 'security.trustedCerts: holds nothing, so no certificate of a server could ever be accepted';
    throw refuse({ code: 'EINVAL', message });
  }
  return credential(resolved, {
    ca: verifies ? trustAnchors(trustedCerts, ignoresSystem) : [],
    crl: verifies ? certRevocationLists : [],
    facts: [verifies, ignoresSystem],
  });
}

/** Errors: those of `resolveCertificateServerInfo`; EINVAL where no client could be accepted. */
export async function serverCertificates(info: CertificateServerInfo, refuse: Refuse): Promise<Credential> {
  const resolved = await resolveCertificateServerInfo(info, PLACE);
  if ((info.clientAuthentication ?? 'none') !== 'none' && resolved.trustedCerts.length === 0) {
    forget(resolved);
    const message = 'security.trustedCerts: holds nothing, so no certificate of a client could ever be accepted';
    throw refuse({ code: 'EINVAL', message });
  }
  const ca = trustAnchors(resolved.trustedCerts, true);
  return credential(resolved, { ca, crl: resolved.certRevocationLists, facts: [] });
}

/** Errors: those of `resolvePsk`, EINVAL for an identity that is no text. */
export async function clientPsk(info: PskInfo, refuse: Refuse): Promise<Credential> {
  const { identity, key } = await resolvePsk(info, PLACE);
  const text = textOf(identity);
  const wrong =
    text === undefined
      ? `security.identity: expected ${TEXT}, which is all that node:tls can send`
      : (tooLong('identity', identity, MAX_PSK_IDENTITY) ?? tooLong('key', key, MAX_PSK_KEY));
  if (text === undefined || wrong !== undefined) {
    wipe(key);
    throw refuse({ code: 'EINVAL', message: String(wrong) });
  }
  return {
    secrets: { ca: [] },
    scope: digest(['psk', identity, key]),
    psk: { identity: text, key },
    wipe: () => wipe(key),
  };
}

/** Keys are looked up when they are needed. Errors: EINVAL and ENOTSUP for a hint that node:tls cannot send. */
export function serverPsk({ identityHint }: PskServerInfo, refuse: Refuse): Credential {
  const nothing: Credential = { secrets: { ca: [] }, scope: '', wipe: () => {} };
  if (identityHint === undefined) return nothing;
  const path = 'security.identityHint';
  if (identityHint.length === 0) {
    throw refuse({ code: 'ENOTSUP', message: `${path}: node:tls sends no empty hint; leave it out` });
  }
  if (identityHint.length > MAX_HINT) {
    const received = `received ${identityHint.length}`;
    throw refuse({ code: 'EINVAL', message: `${path}: expected at most ${MAX_HINT} bytes, ${received}` });
  }
  const hint = textOf(identityHint);
  if (hint !== undefined) return { ...nothing, hint };
  throw refuse({ code: 'EINVAL', message: `${path}: expected ${TEXT}, which is all that node:tls can send` });
}

interface Trust {
  readonly ca: string[] | undefined;
  readonly crl: readonly Uint8Array[];
  readonly facts: readonly boolean[];
}

function credential(resolved: ResolvedCertificateInfo, { ca, crl, facts }: Trust): Credential {
  const { chain, key, trustedCerts } = resolved;
  const pem = key?.der === undefined ? undefined : privateKeyPem(key.der);
  forget(resolved);
  return {
    secrets: {
      ...(ca === undefined ? {} : { ca }),
      ...(pem === undefined ? {} : { cert: certificatesPem(chain), key: pem }),
      ...(crl.length === 0 ? {} : { crl: crl.map(revocationListPem) }),
    },
    scope: digest(['certificate', ...facts.map(String), ...group(chain), ...group(trustedCerts), ...group(crl)]),
    wipe: () => pem && wipe(pem),
  };
}

function tooLong(part: string, { length }: Uint8Array, most: number): string | undefined {
  return length <= most ? undefined : `security.${part}: expected at most ${most} bytes, received ${length}`;
}

/** Undefined for bytes that do not survive as text. */
function textOf(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes).toString('utf8');
  return Buffer.from(text).equals(bytes) && !text.includes('\0') ? text : undefined;
}

function forget({ key }: ResolvedCertificateInfo): void {
  if (key?.der !== undefined) wipe(key.der);
}

function group(items: readonly Uint8Array[]): (string | Uint8Array)[] {
  return [String(items.length), ...items];
}

/** Every part with its length, so that no two lists of parts are the same. */
function digest(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest('hex');
}

const TEXT = 'UTF-8 without NUL bytes';

/** PSK_MAX_IDENTITY_LEN of OpenSSL 3. */
const MAX_HINT = 256;
const PLACE = { operation: 'createSocket', path: 'security' };
