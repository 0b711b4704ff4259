/**
 * The credential of a PSK server: a table of identities or a function that finds the key. avs_net has no counterpart.
 * Identities are compared as bytes (RFC 4279 §5.1), so text in the table means its UTF-8.
 */

import { isUint8Array } from 'node:util/types';
import type { PskLookup, PskServerInfo } from '@avs-net/core/plugin';
import { checkFields, copyBytes, encodeText } from './byte-argument.ts';
import { inside, type Place, refusal, unexpected } from './credential-error.ts';
import { checkPskSize } from './psk.ts';
import { forgetOnWipe } from './wiping.ts';

export interface PskServerOptions {
  /** Finds the key of an identity; may take its time. Either this or `identities`. */
  readonly lookup?: PskLookup;
  /** Keys by identity; copied, so later changes of the argument have no effect. */
  readonly identities?: Readonly<Record<string, Uint8Array>> | ReadonlyMap<string | Uint8Array, Uint8Array>;
  /** Sent to clients before they choose, RFC 4279 §5.2; at most 65535 bytes. */
  readonly identityHint?: string | Uint8Array;
  /** Default `conceal`. */
  readonly unknownIdentity?: 'conceal' | 'alert';
}

/** Errors: EINVAL, for an empty table too: such a server could serve nobody. */
export function pskServer(options: PskServerOptions): PskServerInfo {
  const at = { operation: 'pskServer', path: '' };
  const given = checkFields(options, ['lookup', 'identities', 'identityHint', 'unknownIdentity'], at);
  if ((given['lookup'] === undefined) === (given['identities'] === undefined)) {
    const found = given['lookup'] === undefined ? 'neither' : 'both';
    throw refusal('EINVAL', at, `expected either lookup or identities, received ${found}`);
  }
  const identityHint = copyHint(given['identityHint'], inside(at, 'identityHint'));
  const unknownIdentity = checkUnknownIdentity(given['unknownIdentity'], inside(at, 'unknownIdentity'));
  const lookup =
    given['lookup'] === undefined
      ? tableLookup(given['identities'], inside(at, 'identities'))
      : checkLookup(given['lookup'], inside(at, 'lookup'));
  return Object.freeze({
    mode: 'psk',
    lookup,
    ...(identityHint === undefined ? {} : { identityHint }),
    ...(unknownIdentity === undefined ? {} : { unknownIdentity }),
  });
}

function copyHint(value: unknown, place: Place): Uint8Array | undefined {
  if (value === undefined) return undefined;
  const hint = typeof value === 'string' ? encodeText(value, place) : copyBytes(value, place);
  if (hint.byteLength > MAX_HINT_SIZE) {
    throw refusal('EINVAL', place, `expected at most ${MAX_HINT_SIZE} bytes, received ${hint.byteLength}`);
  }
  return hint;
}

function checkUnknownIdentity(value: unknown, place: Place): 'conceal' | 'alert' | undefined {
  if (value === undefined || value === 'conceal' || value === 'alert') return value;
  throw unexpected(place, "'conceal' or 'alert'", value);
}

function checkLookup(value: unknown, place: Place): PskLookup {
  if (typeof value !== 'function') throw unexpected(place, 'a function', value);
  return value as PskLookup;
}

function tableLookup(identities: unknown, place: Place): PskLookup {
  const keys = new Map<string, Uint8Array>();
  for (const [identity, key] of tableEntries(identities, place)) {
    const entry = inside(place, `[${keys.size}]`);
    const bytes = typeof identity === 'string' ? encodeText(identity, entry) : copyBytes(identity, entry);
    checkPskSize(bytes, inside(entry, 'identity'));
    const copy = copyBytes(key, inside(entry, 'key'));
    checkPskSize(copy, inside(entry, 'key'));
    if (keys.has(index(bytes))) throw refusal('EINVAL', inside(entry, 'identity'), 'given twice');
    keys.set(index(bytes), copy);
  }
  if (keys.size === 0) throw refusal('EINVAL', place, 'expected at least one identity, received none');
  let wiped = false;
  const lookup: PskLookup = (identity) => {
    if (wiped) throw refusal('EINVAL', place, 'this table was wiped and cannot be used any more');
    return keys.get(index(identity));
  };
  forgetOnWipe(lookup, () => {
    wiped = true;
    for (const key of keys.values()) key.fill(0);
    keys.clear();
  });
  return lookup;
}

function tableEntries(identities: unknown, place: Place): Iterable<readonly [unknown, unknown]> {
  if (identities instanceof Map) return identities;
  if (typeof identities !== 'object' || identities === null || Array.isArray(identities) || isUint8Array(identities)) {
    throw unexpected(place, 'a Map or an object of identities and keys', identities);
  }
  return Object.entries(identities);
}

/** Identities are not secret: they cross the network in clear. */
function index(identity: Uint8Array): string {
  return Buffer.from(identity.buffer, identity.byteOffset, identity.byteLength).toString('hex');
}

const MAX_HINT_SIZE = 65_535;
