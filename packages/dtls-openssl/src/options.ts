/**
 * From a configuration to what OpenSSL is told, checked completely: core has compared it with the claims, but nothing
 * may leave on the strength of that alone.
 */

import {
  type CertificateInfo,
  type CertificateServerInfo,
  CIPHERSUITES,
  type Ciphersuite,
  certificateServerOf,
  DEFAULT_HANDSHAKE_TIMEOUTS,
  type EngineErrorInit,
  findCiphersuite,
  type HandshakeTimeouts,
  type NetError,
  type PskInfo,
  type PskServerInfo,
  pskServerOf,
  type SecureConfiguration,
  type Security,
  type SecurityInfo,
  type SecurityMode,
  type ServerConfiguration,
  securityRole,
  waitSchedule,
} from '@avs-net/core/plugin';
import { isWithoutServerCertValidation, isWithSha1HandshakeSignatures } from '@avs-net/credentials';
import { type ConnectionIds, connectionIds as connectionIdsOf } from '@avs-net/dtls-endpoint';
import { checkAgreements } from './agreements.ts';
import { CLAIMS } from './claims.ts';
import { MAX_PSK_IDENTITY, MAX_PSK_KEY, MAX_REPLAY_WINDOW, MIN_REPLAY_WINDOW } from './limits.ts';
import { versionNumber } from './versions.ts';

export interface ContextOptions {
  readonly role: 'client' | 'server';
  /** On the wire. */
  readonly minVersion: number;
  readonly maxVersion: number;
  /** Best first. */
  readonly suites: readonly Ciphersuite[];
  /** Either or, for a server, both. Borrowed from the configuration. */
  readonly psk: PskCredential | undefined;
  readonly certificate: CertificateCredential | undefined;
  /** Of a server whose credential depends on the name that its clients ask for. */
  readonly names: ServerConfiguration['names'];
  readonly agreements: Agreements;
  /** Records. */
  readonly replayWindow: number;
  /** Undefined: not negotiated. */
  readonly connectionIds: ConnectionIds | undefined;
}

/** Shared with the configuration. */
export interface Agreements {
  readonly session: SecureConfiguration['session'] | undefined;
  readonly alpn: SecureConfiguration['alpn'] | undefined;
  readonly keylog: SecureConfiguration['keylog'] | undefined;
  readonly ticketKeys: ServerConfiguration['ticketKeys'] | undefined;
}

export type PskCredential =
  | { readonly mode: 'psk'; readonly role: 'client'; readonly identity: Uint8Array; readonly key: Uint8Array }
  | { readonly mode: 'psk'; readonly role: 'server'; readonly hint: Uint8Array | undefined; readonly conceal: boolean };

/** Not read yet. */
export type CertificateCredential =
  | { readonly mode: 'certificate'; readonly role: 'client'; readonly info: CertificateInfo }
  | { readonly mode: 'certificate'; readonly role: 'server'; readonly info: CertificateServerInfo };

type Refuse = (init: EngineErrorInit) => NetError;

/** Throws EINVAL or ENOTSUP, made by `refuse`, which name the property. */
export function contextOptions(configuration: SecureConfiguration, refuse: Refuse): ContextOptions {
  const { security, dtlsHandshakeTimeouts = DEFAULT_HANDSHAKE_TIMEOUTS } = configuration;
  const isKnown = security?.mode === 'psk' || security?.mode === 'certificate' || security?.mode === 'mixed';
  if (!isKnown) throw refuse({ code: 'ENOTSUP', message: 'security.mode: expected psk, certificate or mixed' });
  checkTimeouts(dtlsHandshakeTimeouts, refuse);
  const role = securityRole(security);
  const bounds = versions(configuration, refuse);
  const psk = pskCredential(security, refuse);
  const certificate = certificateCredential(security, bounds, refuse);
  checkAgreements(configuration, refuse);
  const { session, alpn, keylog, server } = configuration;
  const agreements = { session, alpn, keylog, ticketKeys: server?.ticketKeys };
  const names = server?.names;
  if (names !== undefined && certificateServerOf(security) === undefined) {
    throw refuse({ code: 'EINVAL', message: 'server.names: names choose certificates, and security has none' });
  }
  const connectionIds = connectionIdsOf(configuration.connectionId, role, refuse);
  const offered = suites(configuration, refuse);
  return {
    role,
    ...bounds,
    suites: connectionIds === undefined ? offered : withConnectionIds(offered, bounds, refuse),
    psk,
    certificate,
    names,
    agreements,
    replayWindow: replayWindow(configuration, refuse),
    connectionIds,
  };
}

function replayWindow({ replayWindow: wanted = MIN_REPLAY_WINDOW }: SecureConfiguration, refuse: Refuse): number {
  const isLegal = Number.isInteger(wanted) && wanted >= MIN_REPLAY_WINDOW && wanted <= MAX_REPLAY_WINDOW;
  if (isLegal && wanted % MIN_REPLAY_WINDOW === 0) return wanted;
  const expected = `a multiple of ${MIN_REPLAY_WINDOW} up to ${MAX_REPLAY_WINDOW}`;
  throw refuse({ code: 'EINVAL', message: `replayWindow: expected ${expected}, received ${wanted}` });
}

/** Also for timeouts that were set by option. */
export function checkTimeouts(timeouts: HandshakeTimeouts, refuse: Refuse): void {
  const { timerMin, timerWaits } = CLAIMS.limits as { timerMin: number; timerWaits: number };
  const { min, max } = timeouts;
  const given = `received min ${min} and max ${max}`;
  if (!Number.isInteger(min) || !Number.isInteger(max) || min < timerMin || max < min || max > LONGEST_WAIT) {
    const expected = `whole milliseconds, ${timerMin} <= min <= max <= ${LONGEST_WAIT}`;
    throw refuse({ code: 'EINVAL', message: `dtlsHandshakeTimeouts: expected ${expected}, ${given}` });
  }
  const waits = waitSchedule(timeouts).length;
  if (waits > timerWaits) {
    const expected = `at most ${timerWaits} waits, because OpenSSL gives up then`;
    throw refuse({
      code: 'EINVAL',
      message: `dtlsHandshakeTimeouts: expected ${expected}, ${given}, which makes ${waits}; raise min or lower max`,
    });
  }
}

function pskCredential(security: Security, refuse: Refuse): PskCredential | undefined {
  const server = pskServerOf(security);
  if (server !== undefined) return serverPsk(server, refuse);
  return security.mode === 'psk' ? clientPsk(security as PskInfo, refuse) : undefined;
}

/** Below DTLS 1.2 every handshake is signed with SHA-1, which security level 2 excludes on good grounds. */
function certificateCredential(
  security: Security,
  { minVersion }: { minVersion: number },
  refuse: Refuse,
): CertificateCredential | undefined {
  const info = certificateServerOf(security) ?? (security.mode === 'certificate' ? security : undefined);
  if (info === undefined) return undefined;
  if (minVersion !== DTLS_1_2 && !isWithSha1HandshakeSignatures(info)) {
    const message =
      'version.min: DTLSv1.0 with certificates signs with SHA-1, which only withSha1HandshakeSignatures() admits';
    throw refuse({ code: 'ENOTSUP', message });
  }
  if ('serverCertValidation' in info && info.serverCertValidation === false && !isWithoutServerCertValidation(info)) {
    const message = 'security.serverCertValidation: is only switched off by withoutServerCertValidation()';
    throw refuse({ code: 'EINVAL', message });
  }
  return 'serverCert' in info
    ? { mode: 'certificate', role: 'server', info }
    : { mode: 'certificate', role: 'client', info };
}

function clientPsk(security: PskInfo, refuse: Refuse): PskCredential {
  const identity = bufferOf(security.identity, 'security.identity', MAX_PSK_IDENTITY, refuse);
  const key = bufferOf(security.key, 'security.key', MAX_PSK_KEY, refuse);
  if (key.length === 0) throw refuse({ code: 'EINVAL', message: 'security.key: expected at least 1 byte, received 0' });
  refuseNul(identity, 'security.identity', refuse);
  return { mode: 'psk', role: 'client', identity, key };
}

/** Both halves must be bytes: the source of each is checked for itself. */
function bufferOf(info: SecurityInfo, path: string, max: number, refuse: Refuse): Uint8Array {
  if (info?.source !== 'buffer') {
    throw refuse({ code: 'EINVAL', message: `${path}: expected source buffer, received source ${info?.source}` });
  }
  if (info.buffer.length > max) {
    const received = `received ${info.buffer.length}`;
    throw refuse({ code: 'EINVAL', message: `${path}: expected at most ${max} bytes (limit of OpenSSL), ${received}` });
  }
  return info.buffer;
}

function serverPsk({ identityHint, unknownIdentity }: PskServerInfo, refuse: Refuse): PskCredential {
  if (identityHint !== undefined) {
    if (identityHint.length > MAX_HINT) {
      const message = `security.identityHint: expected at most ${MAX_HINT} bytes, received ${identityHint.length}`;
      throw refuse({ code: 'EINVAL', message });
    }
    refuseNul(identityHint, 'security.identityHint', refuse);
  }
  return { mode: 'psk', role: 'server', hint: identityHint, conceal: unknownIdentity !== 'alert' };
}

/** OpenSSL keeps both as C strings, so that what follows a NUL would be cut off. */
function refuseNul(bytes: Uint8Array, path: string, refuse: Refuse): void {
  const at = bytes.indexOf(0);
  if (at >= 0) throw refuse({ code: 'EINVAL', message: `${path}: expected no NUL byte, received one at offset ${at}` });
}

function versions({ version }: SecureConfiguration, refuse: Refuse): { minVersion: number; maxVersion: number } {
  const number = (name: 'min' | 'max', fallback: number): number => {
    const wanted = version?.[name];
    const found = wanted === undefined ? fallback : versionNumber(wanted);
    if (found !== undefined) return found;
    const code = wanted === 'DTLSv1.3' ? 'ENOTSUP' : 'EINVAL';
    throw refuse({ code, message: `version.${name}: expected DTLSv1.0 or DTLSv1.2, received ${wanted}` });
  };
  const minVersion = number('min', DTLS_1_2);
  const maxVersion = number('max', DTLS_1_2);
  if (minVersion < maxVersion) {
    const least = version?.min ?? 'DTLSv1.2 (the default)';
    throw refuse({ code: 'EINVAL', message: `version: max ${version?.max} is below min ${least}` });
  }
  return { minVersion, maxVersion };
}

function suites({ ciphersuites, security }: SecureConfiguration, refuse: Refuse): Ciphersuite[] {
  const isFor = (kind: SecurityMode, { mode }: Ciphersuite): boolean =>
    mode === kind || (kind === 'mixed' && mode !== 'any');
  if (ciphersuites === undefined) return CIPHERSUITES.filter((suite) => isFor(security.mode, suite));
  const found: Ciphersuite[] = [];
  ciphersuites.forEach((wanted, index) => {
    const suite = findCiphersuite(wanted);
    if (suite === undefined) {
      throw refuse({ code: 'ENOTSUP', message: `ciphersuites[${index}]: ${wanted} is not known to this backend` });
    }
    // avs_net drops those of the other mode, so that one list serves both.
    if (isFor(security.mode, suite) && !found.includes(suite)) found.push(suite);
  });
  const kinds = security.mode === 'mixed' ? (['psk', 'certificate'] as const) : [security.mode];
  const missing = kinds.find((kind) => !found.some((suite) => suite.mode === kind));
  if (missing === undefined) return found;
  const expected = `at least one ciphersuite of mode ${missing}`;
  throw refuse({ code: 'EINVAL', message: `ciphersuites: expected ${expected}, received none` });
}

/** Records with ids are our record layer's, which has AEAD suites only; DTLS 1.0 has none of them. */
function withConnectionIds(
  offered: readonly Ciphersuite[],
  { maxVersion }: { maxVersion: number },
  refuse: Refuse,
): Ciphersuite[] {
  const found = offered.filter(({ protection }) => protection.kind === 'aead');
  if (found.length > 0 && maxVersion === DTLS_1_2) return found;
  const expected = 'DTLSv1.2 and at least one AEAD ciphersuite (CCM, CCM_8, GCM or ChaCha20-Poly1305)';
  throw refuse({ code: 'EINVAL', message: `connectionId: expected ${expected}, received none` });
}

const DTLS_1_2 = 0xfefd;

/** PSK_MAX_IDENTITY_LEN of OpenSSL 3. */
const MAX_HINT = 256;

/** OpenSSL counts microseconds in 32 bits. */
const LONGEST_WAIT = 4_294_967;
