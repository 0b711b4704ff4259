/**
 * One entry of the persistence format (avs_crypto_pki_persistence.c): source byte, version 0, size of the data area,
 * the data area (strings with their NUL, buffers raw), then one length for each element; all ones mean that it is
 * absent.
 */

import type { SecurityInfo, SecurityInfoType } from '@avs-net/core/plugin';
import { inside, type Place, refusal } from './credential-error.ts';
import type { Leaf } from './flattening.ts';
import type { RestoreContext, StoreContext } from './persistence-context.ts';
import { copySecurityInfo } from './security-info.ts';

type Simple<T extends SecurityInfoType> = Leaf<T> | { readonly type: T; readonly source: 'empty' };

/** `info` must have passed `copySecurityInfo`. Errors: E2BIG, EMSGSIZE. */
export function storeEntry(context: StoreContext, info: Simple<SecurityInfoType>, operation: string): void {
  context.write(Uint8Array.of(SOURCE_BYTES[info.source], FORMAT_VERSION), operation);
  if (info.source === 'empty') return;
  const elements = ELEMENTS[info.source].map(({ name, text }) => {
    const value = (info as unknown as Readonly<Record<string, unknown>>)[name];
    return {
      text,
      bytes: typeof value === 'string' ? new TextEncoder().encode(value) : (value as Uint8Array | undefined),
    };
  });
  context.writeUint32(dataAreaSize(elements, operation), operation);
  for (const { text, bytes } of elements) {
    if (bytes === undefined) continue;
    context.write(bytes, operation);
    if (text) context.write(NUL, operation);
  }
  for (const { bytes } of elements) context.writeUint32(bytes?.byteLength ?? ABSENT, operation);
}

/** Errors: EOF, EIO, EBADMSG, EINVAL, each with the offset. */
export function restoreEntry<T extends SecurityInfoType>(
  context: RestoreContext,
  type: T,
  operation: string,
): SecurityInfo<T> {
  const start: Place = { operation, path: '', origin: `offset ${context.position}` };
  const byte = context.readUint8('the source byte', operation);
  const source = (Object.keys(SOURCE_BYTES) as Stored[]).find((known) => SOURCE_BYTES[known] === byte);
  if (source === undefined) throw refusal('EIO', start, `unknown source byte 0x${byte.toString(16).padStart(2, '0')}`);
  const version = context.readUint8('the version byte', operation);
  if (version !== FORMAT_VERSION) throw refusal('EBADMSG', start, `format version ${version}; only 0 is known`);
  if (source === 'empty') return copySecurityInfo({ type, source }, type, start);
  const area = context.read(context.readUint32('the size of the data area', operation), 'the data area', operation);
  const fields: Record<string, unknown> = {};
  let offset = 0;
  for (const { name, text } of ELEMENTS[source]) {
    const length = context.readUint32(`the length of ${name}`, operation);
    if (length === ABSENT) continue;
    const place = inside(start, name);
    if (offset + length + (text ? 1 : 0) > area.byteLength) {
      throw refusal('EINVAL', place, `${length} bytes do not fit into the data area of ${area.byteLength}`);
    }
    const bytes = area.subarray(offset, offset + length);
    if (text) checkTerminator(area, bytes, offset + length, place);
    fields[name] = text && name !== 'password' ? decodeText(bytes, place) : bytes;
    offset += length + (text ? 1 : 0);
  }
  if (offset !== area.byteLength) {
    throw refusal('EINVAL', start, `${area.byteLength - offset} bytes of the data area belong to no element`);
  }
  return copySecurityInfo({ type, source, ...fields }, type, start);
}

/** Sizes as the format counts them. Errors: E2BIG from 4 GiB on. */
export function dataAreaSize(
  elements: readonly { text: boolean; bytes: { readonly byteLength: number } | undefined }[],
  operation: string,
): number {
  let size = 0;
  for (const { text, bytes } of elements) {
    if (bytes === undefined) continue;
    size += bytes.byteLength + (text ? 1 : 0);
    if (bytes.byteLength >= ABSENT || size > ABSENT) {
      throw refusal('E2BIG', { operation, path: '' }, 'an element does not fit into the 32 bits of the format');
    }
  }
  return size;
}

function checkTerminator(area: Uint8Array, bytes: Uint8Array, end: number, place: Place): void {
  if (area[end] !== 0) throw refusal('EINVAL', place, 'the NUL after the string is missing');
  if (bytes.includes(0)) throw refusal('EINVAL', place, 'a NUL inside the string');
}

function decodeText(bytes: Uint8Array, place: Place): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw refusal('EINVAL', place, 'the string is not UTF-8');
  }
}

type Stored = Exclude<SecurityInfo['source'], 'array' | 'list'>;

const SOURCE_BYTES: Readonly<Record<Stored, number>> = { empty: 0, file: 0x46, path: 0x50, buffer: 0x42, engine: 0x45 };

/** A password counts as a string: it is NUL-terminated. */
const ELEMENTS: Readonly<Record<Exclude<Stored, 'empty'>, readonly { name: string; text: boolean }[]>> = {
  file: [
    { name: 'filename', text: true },
    { name: 'password', text: true },
  ],
  path: [{ name: 'path', text: true }],
  buffer: [
    { name: 'buffer', text: false },
    { name: 'password', text: true },
  ],
  engine: [{ name: 'query', text: true }],
};
const FORMAT_VERSION = 0;
const ABSENT = 0xffff_ffff;
const NUL = new Uint8Array(1);
