/**
 * Values that options may be set to: checked, and copied where the caller could change them later.
 */

import { isUint8Array } from 'node:util/types';
import type { HandshakeTimeouts, OptionKey, OptionValues, TlsaRecord } from '../contract/options.ts';
import { unpooledCopy } from '../contract/secret-bytes.ts';
import { type Callee, checkDuration, invalid } from './socket-arguments.ts';

/** `value`, or a copy of it; EINVAL if it does not fit the option. */
export function optionValue<K extends OptionKey>(callee: Callee, key: K, value: OptionValues[K]): OptionValues[K] {
  const check = checks[key] as Check<K> | undefined;
  return check === undefined ? value : check(callee, key, value);
}

type Check<K extends OptionKey> = (callee: Callee, key: K, value: unknown) => OptionValues[K];

const checks: { readonly [K in OptionKey]?: Check<K> } = {
  recvTimeout(callee, key, value) {
    checkDuration(callee, 'setOption', key, value);
    return value;
  },
  preferredAddrFamily: family,
  forcedAddrFamily: family,
  dtlsHandshakeTimeouts(callee, key, value): HandshakeTimeouts {
    const { min, max } = Object(value) as { min?: unknown; max?: unknown };
    if (!isWait(min)) throw wrong(callee, `${key}.min`, 'must be whole milliseconds from 1 to 4294967295', min);
    if (!isWait(max)) throw wrong(callee, `${key}.max`, 'must be whole milliseconds from 1 to 4294967295', max);
    if (min > max) throw wrong(callee, `${key}.min`, `must not be above ${key}.max (${max})`, min);
    return { min, max };
  },
  daneTlsaArray(callee, key, value) {
    if (!Array.isArray(value)) throw wrong(callee, key, 'must be an array of TLSA records', value);
    return value.map((record, index) => tlsaRecord(callee, `${key}[${index}]`, record));
  },
};

function family(callee: Callee, key: OptionKey, value: unknown): OptionValues['preferredAddrFamily'] {
  if (value === 'unspec' || value === 'inet4' || value === 'inet6') return value;
  throw wrong(callee, key, 'must be "unspec", "inet4" or "inet6"', value);
}

/** RFC 6698 §2.1. */
function tlsaRecord(callee: Callee, name: string, record: unknown): TlsaRecord {
  const { certificateUsage, selector, matchingType, associationData } = Object(record) as Partial<TlsaRecord>;
  if (!isOneOf(certificateUsage, [0, 1, 2, 3])) {
    throw wrong(callee, `${name}.certificateUsage`, 'must be 0, 1, 2 or 3', certificateUsage);
  }
  if (!isOneOf(selector, [0, 1])) throw wrong(callee, `${name}.selector`, 'must be 0 or 1', selector);
  if (!isOneOf(matchingType, [0, 1, 2])) throw wrong(callee, `${name}.matchingType`, 'must be 0, 1 or 2', matchingType);
  if (!isUint8Array(associationData) || associationData.length === 0) {
    throw wrong(callee, `${name}.associationData`, 'must be a Uint8Array that is not empty', associationData);
  }
  return { certificateUsage, selector, matchingType, associationData: unpooledCopy(associationData) };
}

function isOneOf<T extends number>(value: unknown, values: readonly T[]): value is T {
  return values.some((one) => one === value);
}

function isWait(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 0xffff_ffff;
}

function wrong(callee: Callee, name: string, wanted: string, value: unknown): Error {
  return invalid(callee, 'setOption', name, wanted, value);
}
