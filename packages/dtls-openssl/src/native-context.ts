/**
 * An SSL_CTX of the addon with everything that it is told: versions, suites, credentials, and what is agreed on beside.
 */

import {
  type CertificateServerInfo,
  type ContextHost,
  type EngineErrorInit,
  isNetError,
  wipe,
} from '@avs-net/core/plugin';
import { isWithSha1HandshakeSignatures } from '@avs-net/credentials';
import { useAgreements, useNamedAgreements } from './agreements.ts';
import { isVerifying, type LoadedCertificate, loadCertificates, useCertificates } from './certificates.ts';
import type { NamedContext } from './named-contexts.ts';
import type { Addon } from './native.ts';
import type { CertificateCredential, ContextOptions } from './options.ts';
import { certificateScope, mixedScope, pskScope } from './session-scope.ts';
import type { TicketKeys } from './ticket-keys.ts';

/** What belongs to one configuration. */
export interface NativeInit {
  readonly addon: Addon;
  readonly options: ContextOptions;
  readonly host: ContextHost;
}

export interface NativeContext {
  readonly handle: number;
  /** What sessions are bound to. */
  readonly scope: Buffer;
  /** Of a server; they belong to the caller, who wipes them. */
  readonly ticketKeys: TicketKeys | undefined;
}

/** Errors: what OpenSSL refuses, ENOMEM. */
export function makeNativeContext(init: NativeInit, certificate: LoadedCertificate | undefined): NativeContext {
  const { addon, options, host } = init;
  const scope = scopeOf(options, certificate);
  let ticketKeys: TicketKeys | undefined;
  const handle = filledContext(init, certificate, (made) => {
    ticketKeys = useAgreements(addon, made, options, scope, host);
  });
  return { handle, scope, ticketKeys };
}

/** For the clients that ask for a name of this credential. Errors: also those of @avs-net/credentials. */
export async function makeNamedContext(
  init: NativeInit,
  info: CertificateServerInfo,
  path: string,
): Promise<NamedContext> {
  const credential = { mode: 'certificate', role: 'server', info } as const;
  return withCertificate(credential, path, (certificate) => {
    const { addon, options } = init;
    let idContext: Uint8Array = new Uint8Array();
    const handle = filledContext(init, certificate, (made) => {
      idContext = useNamedAgreements(addon, made, options, scopeOf(options, certificate));
    });
    return { handle, idContext };
  });
}

/** Reads a certificate for the length of `use`. Errors: those of @avs-net/credentials. */
export async function withCertificate<T>(
  credential: CertificateCredential,
  path: string,
  use: (certificate: LoadedCertificate) => T,
): Promise<T> {
  const resolved = await loadCertificates(credential, path);
  try {
    return use({ credential, path, resolved });
  } finally {
    if (resolved.key?.der !== undefined) wipe(resolved.key.der);
  }
}

/** Errors of the addon, in words and with the library's own. */
export function explained<T>({ error }: { error(init: EngineErrorInit): Error }, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    if (isNetError(cause)) throw cause;
    const { code, message, libraryCode, libraryText } = Object(cause) as Record<string, unknown>;
    throw error({
      code: typeof code === 'string' && /^E[A-Z]+$/.test(code) && !code.startsWith('ERR') ? code : 'EINVAL',
      message: String(message),
      library: typeof libraryCode === 'number' ? { code: libraryCode, text: String(libraryText) } : undefined,
      cause,
    });
  }
}

function filledContext(
  { addon, options, host }: NativeInit,
  certificate: LoadedCertificate | undefined,
  agree: (handle: number) => void,
): number {
  const { role, minVersion, maxVersion, suites, psk } = options;
  const admitsSha1 = certificate !== undefined && isWithSha1HandshakeSignatures(certificate.credential.info);
  return explained(host, () => {
    const handle = addon.createContext(
      role === 'server',
      minVersion,
      maxVersion,
      suites.map(({ opensslName }) => opensslName).join(':'),
      suites.map(({ id }) => id),
      admitsSha1,
    );
    try {
      if (psk?.role === 'server') addon.useServerPsk(handle, psk.hint, psk.conceal);
      else if (psk !== undefined) addon.useClientPsk(handle, psk.identity, psk.key);
      if (certificate !== undefined) useCertificates(addon, handle, certificate, (failure) => host.error(failure));
      agree(handle);
    } catch (error) {
      addon.destroyContext(handle);
      throw error;
    }
    return handle;
  });
}

function scopeOf({ psk }: ContextOptions, certificate: LoadedCertificate | undefined): Buffer {
  const ofCertificate = certificate && certificateScope(facts(certificate.credential), certificate.resolved);
  if (psk === undefined) return ofCertificate!;
  return ofCertificate === undefined ? pskScope(psk) : mixedScope(pskScope(psk), ofCertificate);
}

/** What decides, beside certificates and lists, who is let in. */
function facts({ role, info }: CertificateCredential): readonly string[] {
  const sha1 = isWithSha1HandshakeSignatures(info) ? ['SHA-1 signatures'] : [];
  if (role === 'server') return [role, info.clientAuthentication ?? 'none', ...sha1];
  const switches = [isVerifying(info), info.dane === true, info.ignoreSystemTrustStore === true];
  return [role, ...switches.map(String), ...sha1];
}
