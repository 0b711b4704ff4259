/**
 * Server names as they are compared (RFC 6066 §3, RFC 5890): host names in ASCII, in lower case. What is no host name
 * is never looked up, so that a hostile one reaches no table and no database.
 */

import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import type { EngineErrorInit } from './association.ts';
import type { CertificateServerInfo } from './security.ts';

/** Undefined for anything but a host name of at most 255 characters; for addresses too. */
export function canonicalName(name: string): string | undefined {
  if (isAddressLiteral(name) || name.length > LONGEST_NAME || !HOST_NAME.test(name)) return undefined;
  return name.toLowerCase();
}

/** An address is no host name, so that a client must not send one as its server name. */
export function isAddressLiteral(name: string): boolean {
  return isIP(name.replace(/^\[|\]$/g, '')) !== 0;
}

/**
 * The address that a resolver takes a name for which is no literal, such as `127.1`, `0x7f000001` (inet_aton) or one in
 * full-width digits (UTS 46). Resolvers differ in that, so neither certificates nor server names are for such names.
 */
export function disguisedAddress(name: string): string | undefined {
  if (isAddressLiteral(name)) return undefined;
  const ascii = domainToASCII(name);
  return isIP(ascii) === 0 ? undefined : ascii;
}

/** Why no certificate is compared with `name`; undefined: it is no address in disguise. */
export function disguiseRefusal(name: string): EngineErrorInit | undefined {
  const address = disguisedAddress(name);
  if (address === undefined) return undefined;
  const message = `server name: "${name}" stands for the address ${address}, which is verified only as "${address}"`;
  return { code: 'EINVAL', message };
}

/** The name of an entry of a table: labels may be in Unicode and the leftmost may be `*`. Undefined: it is no name. */
export function canonicalEntry(entry: string): string | undefined {
  const wild = entry.startsWith('*.');
  const host = wild ? entry.slice(2) : entry;
  // Without Unicode there is nothing to convert, and an underscore would not survive it.
  const name = canonicalName(/[^\x20-\x7e]/.test(host) ? domainToASCII(host) : host);
  return name === undefined || !wild ? name : `*.${name}`;
}

/**
 * Finds the credential of a canonical name in a table: its own, or that of a wildcard for its leftmost label. The table
 * must not change any more: it is read once, however many handshakes look into it.
 */
export function nameTable(names: Readonly<Record<string, CertificateServerInfo>>): NameTable {
  const known = TABLES.get(names);
  if (known !== undefined) return known;
  const byName = new Map<string, CertificateServerInfo>();
  for (const [entry, credential] of Object.entries(names)) {
    const name = canonicalEntry(entry);
    if (name !== undefined) byName.set(name, credential);
  }
  const table: NameTable = (name) => byName.get(name) ?? byName.get(name.replace(/^[^.]+/, '*'));
  TABLES.set(names, table);
  return table;
}

export type NameTable = (name: string) => CertificateServerInfo | undefined;

const TABLES = new WeakMap<object, NameTable>();

/** RFC 1035 §2.3.4, and what OpenSSL sends and takes. */
const LONGEST_NAME = 255;

/** Labels of letters, digits, hyphens and the underscore that some devices have in their names. */
const HOST_NAME = /^(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}$/i;
