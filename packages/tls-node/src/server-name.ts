/**
 * The name of a server: what is sent as SNI (RFC 6066 §3: a host name in ASCII without a dot at the end, never an
 * address) and what its certificate is checked against (RFC 9525).
 */

import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { disguisedAddress, type EngineErrorInit } from '@avs-net/core/plugin';

export interface ServerName {
  /** Undefined for an address. */
  readonly indication: string | undefined;
  /** A host name in ASCII or an IP literal without brackets and zone, or what is no literal and yet an address. */
  readonly verified: string;
}

/** Undefined where no name is known. Errors: EINVAL, ENOBUFS above 255 characters. */
export function serverName(given: string | undefined, error: (init: EngineErrorInit) => Error): ServerName | undefined {
  const name = given?.replace(/\.$/, '') ?? '';
  if (name === '') return undefined;
  const address = name.replace(/^\[|\]$/g, '');
  // A zone is a matter of this machine, no certificate holds one.
  if (isIP(address) !== 0) return { indication: undefined, verified: address.replace(/%.*$/, '') };
  if (disguisedAddress(name) !== undefined) return { indication: undefined, verified: name };
  const ascii = isAscii(name) ? name : domainToASCII(name);
  if (ascii !== '' && ascii.length <= LONGEST) return { indication: ascii, verified: ascii };
  const code = ascii === '' ? 'EINVAL' : 'ENOBUFS';
  const expected = `a host name of at most ${LONGEST} characters`;
  throw error({ code, message: `server name: expected ${expected}, received "${name.slice(0, 80)}"` });
}

function isAscii(text: string): boolean {
  return [...text].every((character) => character > ' ' && character <= '~');
}

const LONGEST = 255;
