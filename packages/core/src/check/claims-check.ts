/**
 * `net.check`: what a configuration asks for against what a backend claims. Pure; lists every requirement that is not
 * met, so that one look is enough, and is the same list that `createSocket` refuses with, before any packet leaves.
 */

import type { Claims, RoleClaims } from '../contract/claims.ts';
import type { Configurations, SecureConfiguration, SocketType, Version } from '../contract/configuration.ts';
import type { HandshakeTimeouts } from '../contract/options.ts';
import { waitSchedule } from '../contract/retransmission-schedule.ts';
import { securityRole } from '../contract/security.ts';
import { beyondLimit, invalid, type Unmet, unclaimed } from '../contract/unmet.ts';
import { chooseCiphersuites } from './ciphersuite-choice.ts';
import { checkShape, SECURE_SHAPE, TIMEOUTS_SHAPE } from './configuration-shape.ts';
import { checkNames } from './name-check.ts';
import { checkSecurity } from './security-check.ts';
import { checkTransport } from './transport-check.ts';
import { VERSIONS, versionBounds, versionsInRange } from './version-range.ts';

type Role = 'client' | 'server';

/** Every unmet requirement; empty: the backend can do it. The role is that of the credentials unless it is given. */
export function checkConfiguration<T extends SocketType>(
  type: T,
  configuration: Configurations[T] | undefined,
  claims: Claims,
  role?: Role,
): readonly Unmet[] {
  if (type === 'udp' || type === 'tcp') return checkTransport(configuration ?? {}, claims);
  const wrong = checkShape(configuration, SECURE_SHAPE, '');
  if (typeof configuration !== 'object' || configuration === null || Array.isArray(configuration)) return wrong;
  const isSound = (property: keyof SecureConfiguration): boolean =>
    (configuration as SecureConfiguration)[property] !== undefined &&
    !wrong.some(({ path }) => path === property || path.startsWith(`${property}.`));
  if (!isSound('security')) {
    const missing = invalid('security', 'credentials made by @avs-net/credentials', 'undefined');
    return wrong.some(({ path }) => path === 'security') ? wrong : [missing, ...wrong];
  }
  const secure = configuration as SecureConfiguration;
  const part: Part = {
    type: type as 'dtls' | 'tls',
    role: role ?? securityRole(secure.security),
    configuration: secure,
    claims,
    isSound,
  };
  return [
    ...wrong,
    ...checkSecurity(secure.security, part.role, claims),
    ...checkVersion(part),
    ...checkSuites(part),
    ...checkFeatures(part),
    ...(isSound('server') && part.role === 'server' ? checkNames(secure, claims) : []),
    ...(isSound('dtlsHandshakeTimeouts')
      ? checkTimeouts(part.type, secure.dtlsHandshakeTimeouts, claims, part.role)
      : []),
  ];
}

/** `dtlsHandshakeTimeouts`, in a configuration or as an option. */
export function checkTimeouts(
  type: 'dtls' | 'tls',
  timeouts: HandshakeTimeouts | undefined,
  { limits, ...roles }: Claims,
  role: Role,
): readonly Unmet[] {
  const path = 'dtlsHandshakeTimeouts';
  if (type === 'tls') {
    return [
      { path, need: 'a dtls socket', code: 'EINVAL', message: `${path} is for dtls: the transport of tls retransmits` },
    ];
  }
  const wrong = checkShape(timeouts, TIMEOUTS_SHAPE, path);
  const { min, max } = (timeouts ?? {}) as Partial<HandshakeTimeouts>;
  if (wrong.length > 0) return wrong;
  if (min === undefined || max === undefined) return [invalid(path, '{ min, max } in milliseconds', 'half of it')];
  if (max < min) return [invalid(`${path}.max`, `at least min (${min} ms)`, `${max} ms`)];
  if (roles[role] !== undefined && roles[role].handshakeTimers !== true) {
    return [unclaimed(path, 'handshake timers that obey', `${role}.handshakeTimers`)];
  }
  const unmet: Unmet[] = [];
  if (limits?.timerMin !== undefined && min < limits.timerMin) {
    unmet.push(beyondLimit(`${path}.min`, `at least ${limits.timerMin} ms`, 'limits.timerMin', `${min} ms`));
  }
  const waits = waitSchedule({ min, max }).length;
  if (limits?.timerWaits !== undefined && waits > limits.timerWaits) {
    const need = `a schedule of at most ${limits.timerWaits} waits: raise min or lower max`;
    unmet.push(beyondLimit(path, need, 'limits.timerWaits', `one of ${waits} waits`));
  }
  return unmet;
}

interface Part {
  readonly type: 'dtls' | 'tls';
  readonly role: Role;
  readonly configuration: SecureConfiguration;
  readonly claims: Claims;
  /** Whether a property is given and looks right. */
  isSound(property: keyof SecureConfiguration): boolean;
}

function checkVersion({ type, role, configuration: { version, security }, claims, isSound }: Part): readonly Unmet[] {
  if (version !== undefined && !isSound('version')) return [];
  const unmet: Unmet[] = [];
  for (const end of ['min', 'max'] as const) {
    const named = version?.[end];
    if (named !== undefined && !VERSIONS[type].includes(named)) {
      unmet.push(invalid(`version.${end}`, `one of ${VERSIONS[type].join(', ')}`, JSON.stringify(named)));
    }
  }
  if (unmet.length > 0) return unmet;
  const { min, max } = versionBounds(type, version);
  if (max < min) {
    const lowest = VERSIONS[type][min]!;
    const why = version?.min === undefined ? `${lowest}, the minimum unless version.min says otherwise` : lowest;
    return [invalid('version.max', `at least ${why}`, VERSIONS[type][max]!)];
  }
  const own = claims[role];
  if (own === undefined) return [];
  const usable = versionsInRange(type, version, own.versions);
  if (usable.length > 0) return checkSignatures(usable, role, security, own);
  const wanted = VERSIONS[type].slice(min, max + 1).join(' or ');
  return [unclaimed('version', wanted, `${role}.versions: only ${own.versions.join(', ') || 'none'}`)];
}

/**
 * Handshakes below (D)TLS 1.2 are signed with SHA-1 (RFC 4346 §7.4.3), which nobody shall get without asking for it.
 */
function checkSignatures(
  usable: readonly Version[],
  role: Role,
  security: SecureConfiguration['security'],
  own: RoleClaims,
): readonly Unmet[] {
  const old = usable.find((version) => SIGNED_WITH_SHA1.includes(version));
  const credential = security.mode === 'mixed' ? security.certificate : security;
  if (old === undefined || credential?.mode !== 'certificate' || credential.sha1HandshakeSignatures === true) return [];
  const claim = `${role}.sha1HandshakeSignatures`;
  const need = `handshakes that are not signed with SHA-1, as those of ${old} with certificates are`;
  const way =
    own.sha1HandshakeSignatures === true
      ? 'set it to 1.2, or, for a peer that cannot be updated, admit them by withSha1HandshakeSignatures() of ' +
        '@avs-net/credentials'
      : `set it to 1.2; the backend does not claim to have them at all (${claim})`;
  return [{ path: 'version.min', need, claim, code: 'ENOTSUP', message: `version.min needs ${need}: ${way}` }];
}

function checkSuites({ role, configuration, claims, isSound }: Part): readonly Unmet[] {
  const { ciphersuites, security } = configuration;
  if (!isSound('ciphersuites') || !['psk', 'certificate', 'mixed'].includes(security.mode)) return [];
  return chooseCiphersuites(ciphersuites!, security.mode, claims[role], `${role}.ciphersuites`).unmet;
}

function checkFeatures({ type, role, configuration, claims, isSound }: Part): readonly Unmet[] {
  const unmet: Unmet[] = [];
  const own = claims[role];
  const need = (property: keyof SecureConfiguration, words: string, claim: keyof RoleClaims): void => {
    if (own !== undefined && own[claim] !== true) unmet.push(unclaimed(property, words, `${role}.${claim}`));
  };
  const name = configuration.serverNameIndication;
  if (isSound('serverNameIndication') && name !== undefined) {
    if (role === 'server') unmet.push(clientOnly('serverNameIndication'));
    else need('serverNameIndication', 'server name indication', 'sni');
    const longest = claims.limits?.sni ?? LONGEST_NAME;
    if (name.length > longest) {
      const received = `${name.length} characters`;
      const need = `at most ${longest} characters long`;
      unmet.push({ ...beyondLimit('serverNameIndication', need, 'limits.sni', received), code: 'ENOBUFS' });
    }
  }
  if (isSound('connectionId') && configuration.connectionId)
    need('connectionId', 'Connection ID (RFC 9146)', 'connectionId');
  if (isSound('replayWindow')) {
    const { replayWindow: largest } = claims.limits ?? {};
    const wanted = configuration.replayWindow!;
    if (largest === undefined)
      unmet.push(unclaimed('replayWindow', 'a replay window of its own', 'limits.replayWindow'));
    else if (wanted > largest) {
      unmet.push(beyondLimit('replayWindow', `at most ${largest} records`, 'limits.replayWindow', `${wanted}`));
    }
  }
  if (isSound('associations')) need('associations', 'associations that go on elsewhere', 'continuation');
  if (isSound('session')) need('session', 'session resumption', 'resumption');
  if (isSound('alpn') && configuration.alpn!.length > 0) need('alpn', 'ALPN', 'alpn');
  if (isSound('keylog')) need('keylog', 'key logging', 'keylog');
  if (isSound('server') && role === 'server' && configuration.server?.ticketKeys !== undefined) {
    if (own !== undefined && own.resumption !== true) {
      unmet.push(unclaimed('server.ticketKeys', 'session resumption', 'server.resumption'));
    }
  }
  if (isSound('server') && type === 'tls' && configuration.server?.maxHalfOpenBytes !== undefined) {
    const message =
      'server.maxHalfOpenBytes counts what datagrams make a dtls server keep; TCP holds a stream back itself';
    unmet.push({ path: 'server.maxHalfOpenBytes', need: 'dtls', code: 'ENOTSUP', message });
  }
  if (isSound('server') && role === 'client') {
    const message = 'server: limits of a server need the credentials of one: security with lookup or serverCert';
    unmet.push({ path: 'server', need: 'server security', code: 'EINVAL', message });
  }
  return unmet;
}

function clientOnly(path: string): Unmet {
  return { path, need: 'client security', code: 'EINVAL', message: `${path} is what a client asks for, not a server` };
}

const SIGNED_WITH_SHA1: readonly Version[] = ['DTLSv1.0', 'TLSv1.0', 'TLSv1.1'];

/** RFC 1035 §2.3.4 and `avs_net_ssl_configuration_t`. */
const LONGEST_NAME = 255;
