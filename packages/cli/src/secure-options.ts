/**
 * The options that `connect` and `serve` share, turned into a configuration. Nothing secret is echoed back: a malformed
 * key is described by its length.
 */

import type {
  HandshakeTimeouts,
  Plugin,
  SecureConfiguration,
  SocketType,
  TransportConfiguration,
  Use,
} from '@avs-net/core';
import { psk, pskServer } from '@avs-net/credentials';
import { UsageError } from './usage-error.ts';

/** As commander hands them over. */
export interface SecureOptions {
  readonly backend?: string;
  readonly pskIdentity?: string;
  readonly pskKey?: string;
  /** `ID=HEX`, repeatable; server only. */
  readonly psk?: readonly string[];
  readonly pskHint?: string;
  readonly sni?: string;
  readonly ciphersuites?: string;
  readonly handshakeTimeouts?: string;
}

export function clientConfiguration(
  type: SocketType,
  options: SecureOptions,
): SecureConfiguration | TransportConfiguration {
  if (type === 'udp' || type === 'tcp') return {};
  if (options.pskIdentity === undefined || options.pskKey === undefined) {
    throw new UsageError('a secure connection needs --psk-identity TEXT and --psk-key HEX');
  }
  return {
    security: psk({ identity: options.pskIdentity, key: hexKey('--psk-key', options.pskKey) }),
    ...common(options),
  };
}

export function serverConfiguration(
  type: SocketType,
  options: SecureOptions,
): SecureConfiguration | TransportConfiguration {
  if (type === 'udp' || type === 'tcp') return {};
  const keys = new Map<string, Uint8Array>();
  for (const [index, entry] of (options.psk ?? []).entries()) {
    const at = entry.lastIndexOf('=');
    if (at < 0) throw new UsageError(`--psk number ${index + 1} has no "="; write ID=HEX`);
    keys.set(entry.slice(0, at), hexKey(`--psk ${entry.slice(0, at)}`, entry.slice(at + 1)));
  }
  if (options.pskIdentity !== undefined && options.pskKey !== undefined) {
    keys.set(options.pskIdentity, hexKey('--psk-key', options.pskKey));
  }
  if (keys.size === 0) throw new UsageError('a secure server needs at least one --psk ID=HEX');
  return {
    security: pskServer({
      identities: keys,
      ...(options.pskHint !== undefined && { identityHint: new TextEncoder().encode(options.pskHint) }),
    }),
    ...common(options),
  };
}

/** `--backend` names the plugin for the type of the URI; without it the plugins are tried in the order they were found. */
export function useOf(type: SocketType, options: SecureOptions, plugins: readonly Plugin[]): Use {
  return { ...everyOne(plugins), ...(options.backend !== undefined && { [type]: options.backend }) };
}

/** All plugins of each type, as a fallback order. */
export function everyOne(plugins: readonly Plugin[]): Use {
  return Object.fromEntries(
    plugins.map(({ provides }) => [
      provides,
      plugins.filter((one) => one.provides === provides).map(({ name }) => name),
    ]),
  );
}

export function hexKey(flag: string, text: string): Uint8Array {
  if (text.length === 0 || text.length % 2 !== 0 || !/^[0-9a-f]+$/i.test(text)) {
    throw new UsageError(
      `${flag} is no hexadecimal key: an even number of the digits 0-9 a-f is needed (${text.length} characters given)`,
    );
  }
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

function common(options: SecureOptions): Partial<SecureConfiguration> {
  return {
    ...(options.sni !== undefined && { serverNameIndication: options.sni }),
    ...(options.ciphersuites !== undefined && { ciphersuites: options.ciphersuites.split(',').map(suite) }),
    ...(options.handshakeTimeouts !== undefined && { dtlsHandshakeTimeouts: timeouts(options.handshakeTimeouts) }),
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
