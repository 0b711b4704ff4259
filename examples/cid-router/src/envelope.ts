/**
 * A datagram on its way between router and worker: in front of it the address of the client, port and text, so that
 * nobody in between has to remember anything.
 */

import type { Address } from '@avs-net/core/plugin';

export function seal({ host, port }: Address, data: Uint8Array): Buffer {
  const text = Buffer.from(host, 'latin1');
  const bytes = Buffer.allocUnsafe(HEADER + text.length + data.length);
  bytes.writeUInt16BE(port, 0);
  bytes[2] = text.length;
  text.copy(bytes, HEADER);
  bytes.set(data, HEADER + text.length);
  return bytes;
}

/** Undefined: this is none. The data is a view. */
export function open(bytes: Buffer): { readonly client: Address; readonly data: Buffer } | undefined {
  const dataAt = HEADER + (bytes[2] ?? Number.POSITIVE_INFINITY);
  if (dataAt > bytes.length) return undefined;
  const client = { host: bytes.toString('latin1', HEADER, dataAt), port: bytes.readUInt16BE(0) };
  return { client, data: bytes.subarray(dataAt) };
}

const HEADER = 3;
