/**
 * The name of the server that a client wants: what is sent as SNI (RFC 6066 §3) and what the certificate must be issued
 * for (RFC 6125). A host name in ASCII without a dot at the end, or an address, which is verified but never sent.
 */

import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { type AssociationRequest, disguisedAddress } from '@avs-net/core/plugin';

export interface ServerName {
  /** An address is without brackets and zone, unless it is one that is not written as a literal. */
  readonly text: string;
  readonly isAddress: boolean;
}

/** Undefined: the client was given none. Errors: EINVAL for what is no name, ENOBUFS for what is too long. */
export function serverName(request: AssociationRequest): ServerName | undefined {
  const name = request.serverName?.replace(/\.$/, '') ?? '';
  if (name === '') return undefined;
  const address = name.replace(/^\[|\]$/g, '');
  // A zone is a matter of this machine, no certificate holds one.
  if (isIP(address) !== 0) return { text: address.replace(/%.*$/, ''), isAddress: true };
  if (disguisedAddress(name) !== undefined) return { text: name, isAddress: true };
  const ascii = isAscii(name) ? name : domainToASCII(name);
  if (ascii !== '' && ascii.length <= MAX_SERVER_NAME) return { text: ascii, isAddress: false };
  const code = ascii === '' ? 'EINVAL' : 'ENOBUFS';
  const expected = `a host name of at most ${MAX_SERVER_NAME} characters`;
  throw request.error({ code, message: `server name: expected ${expected}, received "${name.slice(0, 80)}"` });
}

function isAscii(text: string): boolean {
  return [...text].every((character) => character > ' ' && character <= '~');
}

const MAX_SERVER_NAME = 255;
