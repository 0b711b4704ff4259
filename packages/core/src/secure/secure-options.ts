/**
 * The options of a dtls or tls socket (avs reference section 2): what its handshake uses, what its association knows,
 * and what is passed on to the lowest socket. Before that one exists the configuration answers, never EBADF.
 */

import { checkTimeouts } from '../check/claims-check.ts';
import type { AddressFamily } from '../contract/address.ts';
import type { EngineErrorInit, Role } from '../contract/association.ts';
import type { Claims } from '../contract/claims.ts';
import type { SecureConfiguration } from '../contract/configuration.ts';
import type { NetError } from '../contract/error.ts';
import {
  DEFAULT_HANDSHAKE_TIMEOUTS,
  type HandshakeTimeouts,
  OPTIONS,
  type OptionKey,
  type OptionValues,
  type TlsaRecord,
} from '../contract/options.ts';
import { unpooledCopy } from '../contract/secret-bytes.ts';
import type { AssociationDriver } from '../driver/association-driver.ts';
import type { Adopted } from '../socket/adoption.ts';

export interface SecureOptionsInit {
  readonly type: 'dtls' | 'tls';
  readonly role: Role;
  readonly claims: Claims;
  readonly configuration: SecureConfiguration;
  readonly error: (init: EngineErrorInit) => NetError;
}

export class SecureOptions {
  /** For the next handshake. */
  timeouts: HandshakeTimeouts;
  tlsa: readonly TlsaRecord[] | undefined;
  readonly #init: SecureOptionsInit;
  readonly #families: Families;

  constructor(init: SecureOptionsInit) {
    this.#init = init;
    const { dtlsHandshakeTimeouts, backendConfiguration } = init.configuration;
    this.timeouts = dtlsHandshakeTimeouts ?? DEFAULT_HANDSHAKE_TIMEOUTS;
    this.#families = {
      preferredAddrFamily: backendConfiguration?.preferredFamily ?? 'unspec',
      forcedAddrFamily: backendConfiguration?.addressFamily ?? 'unspec',
    };
  }

  get<K extends OptionKey>(key: K, lower: Adopted | undefined, driver: AssociationDriver | undefined): OptionValues[K] {
    const own = this.#own(key, lower, driver);
    return (own ?? (lower === undefined ? this.#fallback(key) : lower.getOption(key))) as OptionValues[K];
  }

  /** Values have passed the checks of the guarded socket. */
  set<K extends OptionKey>(key: K, value: OptionValues[K], lower: Adopted | undefined): void {
    const name: OptionKey = key;
    if (OPTIONS[name].layer === 'lowest' && lower !== undefined) lower.setOption(key, value);
    else if (name === 'preferredAddrFamily' || name === 'forcedAddrFamily') {
      this.#families[name] = value as AddressFamily;
    } else if (name === 'dtlsHandshakeTimeouts') this.#setTimeouts(value as HandshakeTimeouts);
    else if (name === 'daneTlsaArray') this.#setTlsa(value as readonly TlsaRecord[]);
    else throw this.#refuse('EINVAL', `option "${name}" cannot be set`);
  }

  /** What was set before there was a lower socket. */
  applyTo(lower: Adopted): void {
    const { preferredFamily, addressFamily } = this.#init.configuration.backendConfiguration ?? {};
    const { preferredAddrFamily = 'unspec', forcedAddrFamily = 'unspec' } = this.#families;
    if (preferredAddrFamily !== (preferredFamily ?? 'unspec'))
      lower.setOption('preferredAddrFamily', preferredAddrFamily);
    if (forcedAddrFamily !== (addressFamily ?? 'unspec')) lower.setOption('forcedAddrFamily', forcedAddrFamily);
  }

  /** What this layer knows itself; undefined: the lowest socket does. */
  #own(key: OptionKey, lower: Adopted | undefined, driver: AssociationDriver | undefined): unknown {
    const isEstablished = driver?.phase === 'established';
    if (key === 'innerMtu') {
      if (lower === undefined || !isEstablished) {
        throw this.#refuse('ENOTCONN', 'innerMtu depends on what the handshake negotiates: connect first');
      }
      return innerMtu(lower, driver);
    }
    if (key === 'sessionResumed') {
      if (!isEstablished) return false;
      const { resumed, continued } = driver.info();
      return resumed === true || continued === true;
    }
    // What avs_net means by it: there was no handshake at all.
    if (key === 'connectionIdResumed') return isEstablished && driver.info().continued === true;
    if (key === 'hasBufferedData') return false;
    return undefined;
  }

  #fallback(key: OptionKey): unknown {
    const { forcedMtu = 0 } = this.#init.configuration.backendConfiguration ?? {};
    if (key === 'addrFamily') return 'unspec';
    if (key === 'bytesSent' || key === 'bytesReceived') return 0;
    if (key === 'preferredAddrFamily' || key === 'forcedAddrFamily') return this.#families[key];
    if (key === 'mtu' && forcedMtu > 0) return forcedMtu;
    throw this.#refuse('ENOTCONN', `${key} is not known before the socket is connected or bound`);
  }

  #setTimeouts(timeouts: HandshakeTimeouts): void {
    const { type, claims, role } = this.#init;
    const [unmet] = checkTimeouts(type, timeouts, claims, role);
    if (unmet !== undefined) throw this.#refuse(unmet.code, unmet.message);
    this.timeouts = { min: timeouts.min, max: timeouts.max };
  }

  #setTlsa(records: readonly TlsaRecord[]): void {
    const { claims, role } = this.#init;
    if (claims[role]?.dane !== true) {
      throw this.#refuse('ENOTSUP', `daneTlsaArray needs DANE, which the backend does not claim (${role}.dane)`);
    }
    this.tlsa = records.map((record) => ({ ...record, associationData: unpooledCopy(record.associationData) }));
  }

  #refuse(code: string, message: string): NetError {
    return this.#init.error({ code, message });
  }
}

interface Families {
  preferredAddrFamily?: AddressFamily;
  forcedAddrFamily?: AddressFamily;
}

/** Largest payload, bytes. Streams have no datagrams: 0, as avs_net says. */
export function innerMtu(lower: Pick<Adopted, 'lower'>, driver: AssociationDriver): number {
  if (lower.lower.kind === 'stream') return 0;
  const limit = lower.lower.innerMtu();
  return limit === undefined ? Math.min(driver.maxMessage(UNKNOWN_LIMIT), LARGEST_RECORD) : driver.maxMessage(limit);
}

/** What core answers for every engine, whether its claims list it or not. */
export function withCoreOptions(claims: Claims): Claims {
  const roles = [claims.client, claims.server].filter((role) => role !== undefined);
  const readable = new Set<OptionKey>([...(claims.options?.readable ?? []), 'innerMtu']);
  const writable = new Set<OptionKey>(claims.options?.writable);
  const continues = roles.some((role) => role.continuation === true);
  if (continues || roles.some((role) => role.resumption === true)) readable.add('sessionResumed');
  if (continues || roles.some((role) => role.connectionId === true)) readable.add('connectionIdResumed');
  if (roles.some((role) => role.handshakeTimers === true)) writable.add('dtlsHandshakeTimeouts');
  if (roles.some((role) => role.dane === true)) writable.add('daneTlsaArray');
  return { ...claims, options: { readable: [...readable], writable: [...writable] } };
}

/** RFC 6347 §4.1: the length of a record travels in two bytes, and its plaintext has at most 2^14. */
const LARGEST_RECORD = 16_384;
const UNKNOWN_LIMIT = 65_535;
