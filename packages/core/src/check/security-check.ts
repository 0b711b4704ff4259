/**
 * Whether a backend can use the credentials of a configuration: mode, role, sources, sizes (avs_net_psk_info_t,
 * avs_net_certificate_info_t). Looks at descriptions only; files are read and keys parsed by @avs-net/credentials.
 * A message here never shows a credential, not even its text.
 */

import { isUint8Array } from 'node:util/types';
import type { Claims, RoleClaims } from '../contract/claims.ts';
import type { SecurityMode } from '../contract/security.ts';
import { beyondLimit, invalid, type Unmet, unclaimed } from '../contract/unmet.ts';
import {
  callable,
  checkShape,
  flag,
  joinPath,
  oneOf,
  type Rule,
  receivedKind,
  type Shape,
} from './configuration-shape.ts';
import { checkCredential } from './credential-check.ts';

type Fields = Readonly<Record<string, unknown>>;
type Role = 'client' | 'server';

/** Everything about `security` that the backend cannot do or nobody could; `path` is its place in the configuration. */
export function checkSecurity(
  security: object,
  role: Role,
  claims: Claims,
  path: string = 'security',
): readonly Unmet[] {
  const fields = security as Fields;
  const mode = fields['mode'];
  if (mode !== 'psk' && mode !== 'certificate' && mode !== 'mixed') {
    return [invalid(joinPath(path, 'mode'), 'psk or certificate', receivedKind(mode))];
  }
  const own = claims[role];
  const unmet: Unmet[] = [...checkFields(fields, SHAPES[mode][role], path)];
  if (own === undefined) {
    unmet.push(unclaimed(path, `the ${role} role`, role));
  } else if (!own.security.includes(mode)) {
    unmet.push(unclaimed(joinPath(path, 'mode'), `${mode} security as ${role}`, `${role}.security: ${mode}`));
  }
  if (mode === 'mixed') return [...unmet, ...checkParts(fields, role, claims, path)];
  for (const [field, type] of CREDENTIALS) {
    if (fields[field] !== undefined && Object.hasOwn(SHAPES[mode][role], field)) {
      unmet.push(...checkCredential(fields[field], type, joinPath(path, field), own?.sources, `${role}.sources`));
    }
  }
  const further = mode === 'psk' ? checkPsk(fields, role, claims, path) : checkCertificates(fields, role, own, path);
  return [...unmet, ...further];
}

/** Both halves of a server for both kinds of client. */
function checkParts(fields: Fields, role: Role, claims: Claims, path: string): readonly Unmet[] {
  if (role === 'client') return [invalid(path, 'the credential of one client, not of a server for both kinds', 'both')];
  return (['psk', 'certificate'] as const).flatMap((mode) => {
    const part = fields[mode];
    const place = joinPath(path, mode);
    const isOne = typeof part === 'object' && part !== null && (part as Fields)['mode'] === mode;
    if (!isOne) return [invalid(place, `the ${mode} credential of a server`, receivedKind(part))];
    return checkSecurity(part, role, claims, place);
  });
}

function checkPsk(psk: Fields, role: Role, claims: Claims, place: string): readonly Unmet[] {
  const own = claims[role];
  if (role === 'server') {
    const wantsAlert = psk['unknownIdentity'] === 'alert' && own !== undefined && own.alerts !== true;
    return wantsAlert ? [unclaimed(joinPath(place, 'unknownIdentity'), 'alerts as server', 'server.alerts')] : [];
  }
  const unmet: Unmet[] = [];
  for (const field of ['key', 'identity'] as const) {
    const path = `security.${field}`;
    const { source, buffer } = (psk[field] ?? {}) as { source?: unknown; buffer?: unknown };
    if (psk[field] === undefined) {
      unmet.push(invalid(path, 'given: psk security has a key and an identity', 'undefined'));
    } else if (source === 'buffer') {
      if (isUint8Array(buffer)) unmet.push(...checkPskBytes(field, buffer, claims));
    } else if (source === 'engine') {
      if (own?.sources.includes('engine') !== true) {
        unmet.push(beyondLimit(path, 'of source buffer', `${role}.sources`, 'source engine'));
      }
    } else if (SOURCES.includes(source as string)) {
      // Both of them: the seed's own check was negated and let a file through for one.
      unmet.push(invalid(path, 'of source buffer', `source ${String(source)}`));
    }
  }
  return unmet;
}

function checkPskBytes(field: 'key' | 'identity', bytes: Uint8Array, { limits }: Claims): readonly Unmet[] {
  const unmet: Unmet[] = [];
  const path = `security.${field}`;
  const [most, claim] =
    field === 'key' ? [limits?.pskKey, 'limits.pskKey'] : [limits?.pskIdentity, 'limits.pskIdentity'];
  if (field === 'key' && bytes.length === 0) unmet.push(invalid(path, 'at least 1 byte long', '0 bytes'));
  // RFC 4279 §2: both lengths travel in two bytes.
  if (bytes.length > 0xffff) unmet.push(invalid(path, 'at most 65535 bytes long', `${bytes.length} bytes`));
  else if (most !== undefined && bytes.length > most) {
    unmet.push(beyondLimit(path, `at most ${most} bytes long`, claim, `${bytes.length} bytes`));
  }
  if (field === 'identity' && bytes.includes(0) && limits?.identityNul !== true) {
    const at = `a NUL byte at offset ${bytes.indexOf(0)}`;
    unmet.push(
      beyondLimit(path, 'free of NUL bytes, because the identity would be cut there', 'limits.identityNul', at),
    );
  }
  return unmet;
}

function checkCertificates(fields: Fields, role: Role, own: RoleClaims | undefined, path: string): readonly Unmet[] {
  const unmet: Unmet[] = [];
  const isGiven = (field: string): boolean =>
    fields[field] !== undefined && (fields[field] as { source?: unknown } | null)?.source !== 'empty';
  const [cert, key] = role === 'server' ? ['serverCert', 'serverKey'] : ['clientCert', 'clientKey'];
  if (isGiven(cert) !== isGiven(key)) {
    const [missing, present] = isGiven(cert) ? [key, cert] : [cert, key];
    unmet.push(invalid(joinPath(path, missing), `given, because ${joinPath(path, present)} is`, 'nothing'));
  } else if (role === 'server' && !isGiven(cert)) {
    unmet.push(invalid(joinPath(path, 'serverCert'), `given with ${joinPath(path, 'serverKey')}`, 'nothing'));
  }
  if (isGiven('certRevocationLists') && own !== undefined && own.crl !== true) {
    unmet.push(unclaimed(joinPath(path, 'certRevocationLists'), `revocation checking as ${role}`, `${role}.crl`));
  }
  if (fields['dane'] === true && own !== undefined && own.dane !== true) {
    unmet.push(unclaimed('security.dane', 'DANE', `${role}.dane`));
  }
  if (fields['sha1HandshakeSignatures'] === true) {
    const place = joinPath(path, 'sha1HandshakeSignatures');
    if ((fields as Record<symbol, unknown>)[SHA1_DOOR] !== true) {
      const message =
        `${place} may only be switched on by withSha1HandshakeSignatures() of @avs-net/credentials, so that it can ` +
        'be found; (D)TLS 1.2 does without';
      unmet.push({ path: place, need: 'the loud door', code: 'EINVAL', message });
    } else if (own !== undefined && own.sha1HandshakeSignatures !== true) {
      const claim = `${role}.sha1HandshakeSignatures`;
      unmet.push(unclaimed(place, 'handshakes signed with SHA-1', claim));
    }
  }
  if (fields['serverCertValidation'] === false && (fields as Record<symbol, unknown>)[LOUD_DOOR] !== true) {
    const message =
      'security.serverCertValidation may only be switched off by withoutServerCertValidation() of ' +
      '@avs-net/credentials, so that it can be found; to trust a private authority give trustedCerts instead';
    unmet.push({ path: 'security.serverCertValidation', need: 'the loud door', code: 'EINVAL', message });
  }
  return unmet;
}

/** Shape problems, with what was received reduced to its kind. */
function checkFields(fields: Fields, shape: Shape, path: string): readonly Unmet[] {
  return checkShape(fields, shape, path).map((line) => {
    const property = line.path.slice(path.length + 1);
    return shape[property] === undefined ? line : invalid(line.path, line.need, receivedKind(fields[property]));
  });
}

/** Looked at by `checkCredential`. */
const credential: Rule = () => undefined;
const isBytes: Rule = (value) => (isUint8Array(value) ? undefined : 'a Uint8Array');
const mode: Rule = () => undefined;

const SHAPES: Readonly<Record<SecurityMode, Readonly<Record<Role, Shape>>>> = {
  psk: {
    client: { mode, key: credential, identity: credential },
    server: { mode, lookup: callable, identityHint: isBytes, unknownIdentity: oneOf('conceal', 'alert') },
  },
  certificate: {
    client: {
      mode,
      serverCertValidation: flag,
      ignoreSystemTrustStore: flag,
      dane: flag,
      trustedCerts: credential,
      certRevocationLists: credential,
      clientCert: credential,
      clientKey: credential,
      rebuildClientCertChain: flag,
      sha1HandshakeSignatures: flag,
    },
    server: {
      mode,
      serverCert: credential,
      serverKey: credential,
      clientAuthentication: oneOf('none', 'optional', 'required'),
      trustedCerts: credential,
      certRevocationLists: credential,
      sha1HandshakeSignatures: flag,
    },
  },
  mixed: {
    client: { mode, psk: credential, certificate: credential },
    server: { mode, psk: credential, certificate: credential },
  },
};

const CREDENTIALS = [
  ['key', 'pskKey'],
  ['identity', 'pskIdentity'],
  ['trustedCerts', 'certificateChain'],
  ['certRevocationLists', 'certRevocationList'],
  ['clientCert', 'certificateChain'],
  ['clientKey', 'privateKey'],
  ['serverCert', 'certificateChain'],
  ['serverKey', 'privateKey'],
] as const;

const SOURCES: readonly string[] = ['empty', 'file', 'path', 'array', 'list'];

const LOUD_DOOR = Symbol.for('@avs-net/credentials/withoutServerCertValidation');
const SHA1_DOOR = Symbol.for('@avs-net/credentials/withSha1HandshakeSignatures');
