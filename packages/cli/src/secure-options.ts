/**
 * The options that `connect` and `serve` share, turned into a configuration. Nothing secret is echoed back.
 */

import { appendFileSync, readFileSync } from 'node:fs';
import {
  fileAssociationStore,
  fileSessionStore,
  type HandshakeTimeouts,
  type Plugin,
  type SecureConfiguration,
  type Security,
  type SocketType,
  type TransportConfiguration,
  type Use,
  useFromEnvironment,
  type Version,
  type VersionRange,
} from '@avs-net/core';
import { certificates, psk, withoutServerCertValidation } from '@avs-net/credentials';
import { doors } from './credential-doors.ts';
import { certificateChain, hex, privateKey, trustOf } from './credential-source.ts';
import { serverNames, serverSecurity } from './server-credentials.ts';
import { UsageError } from './usage-error.ts';

/** As commander hands them over. */
export interface SecureOptions {
  readonly backend?: string;
  readonly pskIdentity?: string;
  readonly pskKey?: string;
  /** `ID=HEX`, repeatable; server only. */
  readonly psk?: readonly string[];
  readonly pskHint?: string;
  /** `NAME=CERT,KEY`, repeatable; server only. */
  readonly name?: readonly string[];
  readonly ca?: readonly string[];
  readonly cert?: readonly string[];
  readonly key?: string;
  readonly keyPasswordFile?: string;
  readonly crl?: readonly string[];
  /** False by `--no-verify`. */
  readonly verify?: boolean;
  readonly sni?: string;
  readonly minVersion?: string;
  readonly maxVersion?: string;
  readonly sha1Signatures?: boolean;
  readonly ciphersuites?: string;
  readonly handshakeTimeouts?: string;
  readonly alpn?: string;
  readonly cid?: boolean;
  readonly keylog?: string;
  /** Client only. */
  readonly session?: string;
  readonly association?: string;
  readonly associationKey?: string;
}

export function clientConfiguration(
  type: SocketType,
  options: SecureOptions,
): SecureConfiguration | TransportConfiguration {
  if (isPlain(type)) return plainConfiguration(type, options);
  const { session } = options;
  const store = session === undefined ? {} : { session: fileSessionStore(session) };
  return { security: clientSecurity(options), ...common(options), ...store, ...kept(options) };
}

export function serverConfiguration(
  type: SocketType,
  options: SecureOptions,
): SecureConfiguration | TransportConfiguration {
  if (isPlain(type)) return plainConfiguration(type, options);
  const names = serverNames(options);
  const named = names === undefined ? {} : { server: { names } };
  return { security: serverSecurity(options), ...common(options), ...named };
}

/** `--backend` for the type of the URI, else `AVS_NET_USE`, else the plugins in the order they were found. */
export function useOf(type: SocketType, options: SecureOptions, plugins: readonly Plugin[]): Use {
  const use = useFromEnvironment(everyOne(plugins));
  return options.backend === undefined ? use : { ...use, [type]: options.backend };
}

/** All plugins of each type, as a fallback order. */
export function everyOne(plugins: readonly Plugin[]): Use {
  const namesOf = (type: SocketType): string[] =>
    plugins.filter(({ provides }) => provides === type).map(({ name }) => name);
  return Object.fromEntries(plugins.map(({ provides }) => [provides, namesOf(provides)]));
}

function clientSecurity(options: SecureOptions): Security {
  const { pskIdentity, pskKey, cert = [], key } = options;
  if (pskIdentity !== undefined && pskKey !== undefined) {
    return psk({ identity: pskIdentity, key: hex('--psk-key', pskKey) });
  }
  if (pskIdentity !== undefined || pskKey !== undefined) {
    throw new UsageError('--psk-identity and --psk-key belong together');
  }
  const trust = trustOf(options);
  if (trust === undefined && cert.length === 0 && options.verify !== false) {
    throw new UsageError('a secure connection needs --psk-identity TEXT and --psk-key HEX, or --ca FILE|DIR');
  }
  const info = certificates({
    ...trust,
    ...(cert.length > 0 && { clientCert: certificateChain('--cert', cert) }),
    ...(key !== undefined && { clientKey: privateKey('--key', key, options.keyPasswordFile) }),
  });
  return doors(options.verify === false ? withoutServerCertValidation(info) : info, options);
}

function common(options: SecureOptions): Partial<SecureConfiguration> {
  const { sni, ciphersuites, handshakeTimeouts, alpn, keylog, cid } = options;
  const version = versionRange(options);
  return {
    ...(sni !== undefined && { serverNameIndication: sni }),
    ...(version !== undefined && { version }),
    ...(ciphersuites !== undefined && { ciphersuites: ciphersuites.split(',').map(suite) }),
    ...(handshakeTimeouts !== undefined && { dtlsHandshakeTimeouts: timeouts(handshakeTimeouts) }),
    ...(alpn !== undefined && { alpn: alpn.split(',') }),
    ...(cid === true && { connectionId: true }),
    ...(keylog !== undefined && { keylog: (line: string) => appendFileSync(keylog, `${line}\n`, { mode: 0o600 }) }),
  };
}

function versionRange({ minVersion, maxVersion }: SecureOptions): VersionRange | undefined {
  if (minVersion === undefined && maxVersion === undefined) return undefined;
  return {
    ...(minVersion !== undefined && { min: minVersion as Version }),
    ...(maxVersion !== undefined && { max: maxVersion as Version }),
  };
}

/** `0xC0A8`, `49320` or an IANA or OpenSSL name. */
function suite(text: string): number | string {
  return /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : text.trim();
}

function timeouts(text: string): HandshakeTimeouts {
  const found = /^(\d+),(\d+)$/.exec(text);
  if (!found) throw new UsageError(`--handshake-timeouts ${JSON.stringify(text)}: write MIN,MAX in milliseconds`);
  return { min: Number(found[1]), max: Number(found[2]) };
}

/** Where the association is kept, and by which key. */
function kept({ association, associationKey }: SecureOptions): Pick<SecureConfiguration, 'associations'> {
  if (association === undefined && associationKey === undefined) return {};
  if (association === undefined || associationKey === undefined) {
    throw new UsageError('--association needs --association-key, and the reverse');
  }
  const key = readKey(associationKey);
  return { associations: { store: fileAssociationStore(association), keys: [key] } };
}

function readKey(path: string): Uint8Array {
  let key: Uint8Array;
  try {
    key = readFileSync(path);
  } catch (error) {
    throw new UsageError(`--association-key: ${String(Object(error).message)}`);
  }
  if (key.length >= 32) return key;
  throw new UsageError(`--association-key: ${path} has ${key.length} bytes, at least 32 random ones are needed`);
}

function isPlain(type: SocketType): boolean {
  return type === 'udp' || type === 'tcp';
}

/** Whoever names a key for a scheme without security would send in the clear what was meant to be secret. */
function plainConfiguration(type: SocketType, options: SecureOptions): TransportConfiguration {
  const first = SECURE.find((name) =>
    name === 'verify' ? options.verify === false : [options[name] ?? []].flat().length > 0,
  );
  if (first === undefined) return {};
  const flag = first === 'verify' ? 'no-verify' : first.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const secure = type === 'udp' ? 'dtls' : 'tls';
  throw new UsageError(`--${flag} is for secure connections, and what goes over ${type}:// is not; write ${secure}://`);
}

const SECURE: readonly Exclude<keyof SecureOptions, 'backend'>[] = [
  'pskIdentity',
  'pskKey',
  'psk',
  'pskHint',
  'name',
  'ca',
  'cert',
  'key',
  'keyPasswordFile',
  'crl',
  'verify',
  'sni',
  'minVersion',
  'maxVersion',
  'sha1Signatures',
  'ciphersuites',
  'handshakeTimeouts',
  'alpn',
  'cid',
  'keylog',
  'session',
  'association',
  'associationKey',
];
