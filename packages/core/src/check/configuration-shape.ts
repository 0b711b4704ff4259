/**
 * What a configuration looks like: every property that exists, and what may stand in it. A property that nobody knows
 * is refused, because a slip such as `ciphersuits` would otherwise weaken a connection in silence. Credentials are
 * looked at in `security-check.ts`.
 */

import { isUint8Array } from 'node:util/types';
import type { SecureConfiguration, ServerConfiguration, TransportConfiguration } from '../contract/configuration.ts';
import { invalid, type Unmet } from '../contract/unmet.ts';
import { unknownName } from './nearest-name.ts';

/** What is legal, in words, if `value` is not; undefined if it is. */
export type Rule = (value: unknown) => string | undefined;

/** Properties of an object; properties that are undefined count as absent. */
export interface Shape {
  readonly [property: string]: Rule | Shape;
}

/** Everything that is wrong with `value`, `path` being its place in the configuration ('' for the whole). */
export function checkShape(value: unknown, shape: Shape, path: string): readonly Unmet[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [invalid(path === '' ? 'the configuration' : path, 'an object', received(value))];
  }
  const unmet: Unmet[] = [];
  for (const [property, member] of Object.entries(value)) {
    const rule = Object.hasOwn(shape, property) ? shape[property] : undefined;
    const place = joinPath(path, property);
    if (rule === undefined) {
      const message = `${place}: ${unknownName(property, Object.keys(shape))}`;
      unmet.push({ path: place, need: 'a known property', code: 'EINVAL', message });
    } else if (member !== undefined) {
      if (typeof rule !== 'function') unmet.push(...checkShape(member, rule, place));
      else {
        const legal = rule(member);
        if (legal !== undefined) unmet.push(invalid(place, legal, received(member)));
      }
    }
  }
  return unmet;
}

export function joinPath(path: string, property: string): string {
  return path === '' ? property : `${path}.${property}`;
}

/** What was received, for a message. Strings are shown only where they cannot be secret: not by `receivedKind`. */
export function received(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return receivedKind(value);
}

/** The kind of a value that may be secret. */
export function receivedKind(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (isUint8Array(value)) return `${value.length} bytes`;
  if (Array.isArray(value)) return 'an array';
  return `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`;
}

export const integer =
  (least: number, most: number = Number.MAX_SAFE_INTEGER): Rule =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
      ? undefined
      : most === Number.MAX_SAFE_INTEGER
        ? `an integer of at least ${least}`
        : `an integer from ${least} to ${most}`;

export const flag: Rule = (value) => (typeof value === 'boolean' ? undefined : 'true or false');

export const oneOf =
  (...words: readonly string[]): Rule =>
  (value) =>
    words.includes(value as string) ? undefined : `one of ${words.join(', ')}`;

export const text =
  (longest: number): Rule =>
  (value) =>
    typeof value === 'string' && value.length > 0 && value.length <= longest && !/[\s\0]/.test(value)
      ? undefined
      : `a text of 1 to ${longest} characters without blanks`;

export const callable: Rule = (value) => (typeof value === 'function' ? undefined : 'a function');

const object: Rule = (value) => (typeof value === 'object' && value !== null ? undefined : 'an object');

const methods =
  (...names: readonly string[]): Rule =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
      ? undefined
      : `an object with the functions ${names.join(', ')}`;

const arrayOf =
  (member: (value: unknown) => boolean, words: string): Rule =>
  (value) =>
    Array.isArray(value) && value.every(member) ? undefined : `an array of ${words}`;

const listOfKeys = arrayOf(
  (value) => isUint8Array(value) && value.length >= 32,
  'keys of at least 32 bytes, or a function',
);

const connectionId: Rule = (value) => {
  if (typeof value === 'boolean') return undefined;
  const unmet = checkShape(value, { length: integer(0, 254), generate: callable }, '');
  return unmet.length === 0 ? undefined : 'true, false, or { length: 0 to 254, generate: a function }';
};

const family = oneOf('unspec', 'inet4', 'inet6');
const milliseconds: Rule = (value) =>
  typeof value === 'number' && value > 0 && Number.isFinite(value) ? undefined : 'milliseconds above 0';

const QUEUE: Shape = { messages: integer(1), bytes: integer(1) };

export const TRANSPORT_SHAPE: Readonly<Record<keyof TransportConfiguration, Rule | Shape>> = {
  dscp: integer(0, 63),
  priority: integer(0, 7),
  reuseAddress: flag,
  reusePort: flag,
  replyFromAskedAddress: flag,
  transparent: flag,
  // IF_NAMESIZE is 16 with the NUL; Windows has longer ones.
  interfaceName: (value) => (value === '' ? undefined : text(255)(value)),
  preferredEndpoint: object,
  addressFamily: family,
  preferredFamily: family,
  forcedMtu: integer(0),
  receiveQueue: QUEUE,
};

const SERVER_SHAPE: Readonly<Record<keyof ServerConfiguration, Rule>> = {
  maxHalfOpen: integer(1),
  maxHalfOpenBytes: integer(1),
  maxPeers: integer(1),
  maxPeersPerHost: integer(1),
  handshakeTimeout: milliseconds,
  idleTimeout: milliseconds,
  names: (value) =>
    typeof value === 'function' || (object(value) === undefined && !Array.isArray(value) && !(value instanceof Map))
      ? undefined
      : 'a plain object of credentials by name, or a function',
  ticketKeys: (value) => (typeof value === 'function' ? undefined : listOfKeys(value)),
};

export const TIMEOUTS_SHAPE: Shape = { min: milliseconds, max: milliseconds };

/** `security` and the meaning of versions, suites and names are checked elsewhere. */
export const SECURE_SHAPE: Readonly<Record<keyof SecureConfiguration, Rule | Shape>> = {
  security: object,
  version: {
    min: (value) => (typeof value === 'string' ? undefined : 'a version'),
    max: (value) => (typeof value === 'string' ? undefined : 'a version'),
  },
  ciphersuites: arrayOf(
    (value) => typeof value === 'string' || integer(0, 0xffff)(value) === undefined,
    'IANA numbers (0 to 0xFFFF) or names',
  ),
  dtlsHandshakeTimeouts: TIMEOUTS_SHAPE,
  // Its length is a matter of the backend.
  serverNameIndication: (value) => (text(65_535)(value) === undefined ? undefined : 'a text without blanks'),
  connectionId,
  replayWindow: (value) =>
    integer(64)(value) === undefined && (value as number) % 64 === 0 ? undefined : 'a multiple of 64',
  associations: {
    store: methods('replace', 'take'),
    keys: (value) =>
      Array.isArray(value) && value.length > 0 && listOfKeys(value) === undefined
        ? undefined
        : 'at least one key of at least 32 bytes',
    // Engines count it in 32 bits.
    reserve: integer(1, 2 ** 32 - 1),
  },
  session: methods('get', 'set', 'delete'),
  alpn: arrayOf(
    (value) => typeof value === 'string' && value.length > 0 && Buffer.byteLength(value) <= 255,
    'protocol names of 1 to 255 bytes',
  ),
  keylog: callable,
  server: SERVER_SHAPE,
  backendConfiguration: TRANSPORT_SHAPE,
  receiveQueue: QUEUE,
};
