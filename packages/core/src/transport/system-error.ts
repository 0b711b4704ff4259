/**
 * What the system says of a socket, in words: node's error as a NetError of the same code with a hint. For transports.
 */

import { type Address, formatAddress } from '../contract/address.ts';
import { isNetError, NetError, toNetError } from '../contract/error.ts';

export interface ErrorPlace {
  readonly operation: string;
  readonly backend: string;
  /** The address that was used, if any. */
  readonly address?: Address | undefined;
}

export function systemError(error: unknown, place: ErrorPlace): NetError {
  const plain = toNetError(error, place.operation, place.backend);
  const hint = HINTS[plain.code];
  if (isNetError(error) || hint === undefined) return plain;
  const where = place.address === undefined ? 'the address' : formatAddress(place.address);
  return new NetError({
    code: plain.code,
    operation: place.operation,
    backend: place.backend,
    message: hint(where),
    library: { code: plain.code, text: error instanceof Error ? error.message : String(error) },
    cause: error,
  });
}

const HINTS: Readonly<Record<string, (where: string) => string>> = {
  EACCES: (where) => `no permission to use ${where}; ports below 1024 may need a privilege`,
  EADDRINUSE: (where) => `${where} is in use by another socket; close it, or use port 0 for any free port`,
  EADDRNOTAVAIL: (where) => `${where} is not an address of this machine`,
  EAFNOSUPPORT: (where) => `this machine does not speak the address family of ${where}`,
  ECONNREFUSED: (where) => `nothing listens at ${where}`,
  ECONNRESET: (where) => `${where} gave the connection up (reset)`,
  EHOSTUNREACH: (where) => `no way to the host of ${where}`,
  EMSGSIZE: (where) => `the message is larger than what the way to ${where} carries; the option innerMtu is safe`,
  ENETUNREACH: (where) => `no route to ${where}`,
  EPIPE: (where) => `${where} takes nothing any more`,
  ETIMEDOUT: (where) => `${where} did not answer in time`,
};
