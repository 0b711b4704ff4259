/**
 * How a credential is named on the command line: by its source, in the words of `security_info_union`.
 *
 *   file:NAME  path:DIRECTORY  hex:3082…  base64:MIIB…  engine:QUERY  empty:
 *
 * Without a prefix it is a file, or a directory where one of that name exists. An option given several times is an
 * array.
 */

import { readFileSync, statSync } from 'node:fs';
import type { CertificateChainInfo, CertRevocationListInfo, PrivateKeyInfo } from '@avs-net/core';
import {
  certificateChainFromArray,
  certificateChainFromBuffer,
  certificateChainFromEngine,
  certificateChainFromFile,
  certificateChainFromPath,
  certRevocationListFromArray,
  certRevocationListFromBuffer,
  certRevocationListFromEngine,
  certRevocationListFromFile,
  empty,
  privateKeyFromBuffer,
  privateKeyFromEngine,
  privateKeyFromFile,
} from '@avs-net/credentials';
import { UsageError } from './usage-error.ts';

export function certificateChain(flag: string, texts: readonly string[]): CertificateChainInfo {
  return one(
    texts.map((text) => {
      const { source, value } = readSource(flag, text);
      if (source === 'buffer') return certificateChainFromBuffer(value);
      if (source === 'path') return certificateChainFromPath(value);
      if (source === 'engine') return certificateChainFromEngine(value);
      return source === 'empty' ? empty('certificateChain') : certificateChainFromFile(value);
    }),
    certificateChainFromArray,
  );
}

export function certRevocationList(flag: string, texts: readonly string[]): CertRevocationListInfo {
  return one(
    texts.map((text) => {
      const { source, value } = readSource(flag, text);
      if (source === 'path') throw new UsageError(`${flag}: revocation lists come from files, not from a directory`);
      if (source === 'buffer') return certRevocationListFromBuffer(value);
      if (source === 'engine') return certRevocationListFromEngine(value);
      return source === 'empty' ? empty('certRevocationList') : certRevocationListFromFile(value);
    }),
    certRevocationListFromArray,
  );
}

/** `passwordFile`: its first line is the password, because an argument would be seen by every user of the machine. */
export function privateKey(flag: string, text: string, passwordFile?: string): PrivateKeyInfo {
  const { source, value } = readSource(flag, text);
  const password = passwordFile === undefined ? undefined : readPassword(passwordFile);
  if (source === 'path') throw new UsageError(`${flag}: a key comes from a file, not from a directory`);
  if (source === 'buffer') return privateKeyFromBuffer(value, password);
  if (source === 'engine') return privateKeyFromEngine(value);
  return source === 'empty' ? empty('privateKey') : privateKeyFromFile(value, password);
}

/** `--ca` and `--crl`. */
export interface TrustOptions {
  readonly ca?: readonly string[];
  readonly crl?: readonly string[];
}

export interface Trust {
  readonly trustedCerts?: CertificateChainInfo;
  readonly ignoreSystemTrustStore?: true;
  readonly certRevocationLists?: CertRevocationListInfo;
}

/** Whoever names trust anchors means these and no others. */
export function trustOf({ ca = [], crl = [] }: TrustOptions): Trust | undefined {
  if (ca.length === 0 && crl.length === 0) return undefined;
  return {
    ...(ca.length > 0 && { trustedCerts: certificateChain('--ca', ca), ignoreSystemTrustStore: true }),
    ...(crl.length > 0 && { certRevocationLists: certRevocationList('--crl', crl) }),
  };
}

type Source =
  | { readonly source: 'file' | 'path' | 'engine' | 'empty'; readonly value: string }
  | { readonly source: 'buffer'; readonly value: Uint8Array };

/** What stands behind the prefix. */
export function readSource(flag: string, text: string): Source {
  const found = /^(file|path|hex|base64|engine|empty):(.*)$/s.exec(text);
  if (!found) return { source: isDirectory(text) ? 'path' : 'file', value: text };
  const [prefix, value] = [found[1], found[2] ?? ''];
  if (prefix === 'hex') return { source: 'buffer', value: hex(`${flag} hex:`, value) };
  if (prefix === 'base64') return { source: 'buffer', value: base64(`${flag} base64:`, value) };
  return { source: prefix as 'file' | 'path' | 'engine' | 'empty', value };
}

/** Bytes of an even number of hexadecimal digits; nothing of the text is repeated in the error. */
export function hex(flag: string, text: string): Uint8Array {
  if (text.length === 0 || text.length % 2 !== 0 || !/^[0-9a-f]+$/i.test(text)) {
    const received = `${text.length} characters given`;
    throw new UsageError(`${flag} needs an even number of the digits 0-9 a-f (${received})`);
  }
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

function base64(flag: string, text: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text))
    throw new UsageError(`${flag} needs base64 (${text.length} characters given)`);
  return Uint8Array.from(Buffer.from(text, 'base64'));
}

function readPassword(file: string): Uint8Array {
  const bytes = readFileSync(file);
  const end = bytes.findIndex((byte) => byte === 0x0a || byte === 0x0d);
  return Uint8Array.from(end < 0 ? bytes : bytes.subarray(0, end));
}

function one<T>(infos: readonly T[], array: (elements: readonly T[]) => T): T {
  return infos.length === 1 ? infos[0]! : array(infos);
}

function isDirectory(name: string): boolean {
  return statSync(name, { throwIfNoEntry: false })?.isDirectory() === true;
}
