/**
 * What all associations of one configuration share: an SSL_CTX with its credential. Makes associations behind the record
 * filter, and serves peers through the endpoint.
 */

import {
  type Association,
  type AssociationRequest,
  type Configuration,
  type Context,
  type ContextHost,
  type EngineErrorInit,
  isNetError,
  type SecureConfiguration,
  wipe,
} from '@avs-net/core/plugin';
import { filtered, listen, pskGate } from '@avs-net/dtls-endpoint';
import { useAgreements } from './agreements.ts';
import { OpensslAssociation } from './association.ts';
import { isVerifying, loadCertificates, useCertificates } from './certificates.ts';
import type { Addon } from './native.ts';
import { type CertificateCredential, type ContextOptions, checkTimeouts, contextOptions } from './options.ts';
import { expectServer } from './peer-identity.ts';
import { serverName } from './server-name.ts';
import { certificateScope, pskScope } from './session-scope.ts';
import type { TicketKeys } from './ticket-keys.ts';

/**
 * Certificates are read from where they are, so that their context takes its time.
 * Errors: EINVAL and ENOTSUP for what the configuration asks for, those of @avs-net/credentials, ENOMEM.
 */
export function createContext(
  addon: Addon,
  configuration: Configuration,
  host: ContextHost,
): Context | Promise<Context> {
  const options = contextOptions(configuration as SecureConfiguration, (init) => host.error(init));
  const { credential } = options;
  if (credential.mode === 'psk') {
    return contextOf(addon, options, host, pskScope(credential), (handle) => {
      if (credential.role === 'server') addon.useServerPsk(handle, credential.hint, credential.conceal);
      else addon.useClientPsk(handle, credential.identity, credential.key);
    });
  }
  return loadCertificates(credential).then((loaded) => {
    try {
      return contextOf(addon, options, host, certificateScope(facts(credential), loaded), (handle) =>
        useCertificates(addon, handle, credential, loaded, (init) => host.error(init)),
      );
    } finally {
      if (loaded.key?.der !== undefined) wipe(loaded.key.der);
    }
  });
}

function contextOf(
  addon: Addon,
  options: ContextOptions,
  host: ContextHost,
  scope: Buffer,
  useCredential: (handle: number) => void,
): Context {
  const { credential, agreements } = options;
  let ticketKeys: TicketKeys | undefined;
  let handle = explained(host, () =>
    createNative(addon, options, (made) => {
      useCredential(made);
      ticketKeys = useAgreements(addon, made, options, scope, host);
    }),
  );

  const goOn = (state: Uint8Array, request: AssociationRequest): Association => {
    const association = addon.continueAssociation(handle, state);
    const { ownId } = addon.info(association);
    const [wanted, found] = [options.connectionIds?.length ?? 0, ownId?.length ?? 0];
    if (wanted === found) return new OpensslAssociation(addon, association, request);
    addon.destroyAssociation(association);
    const message = `the state has connection ids of ${found} bytes, those of this configuration have ${wanted}`;
    throw request.error({ code: 'EINVAL', message });
  };
  const open = (request: AssociationRequest): Association =>
    explained(request, () => {
      if (request.continued !== undefined) return goOn(request.continued, request);
      const { min, max } = request.handshakeTimeouts;
      checkTimeouts(request.handshakeTimeouts, (init) => request.error(init));
      refreshKeys(ticketKeys, request, host.clock.now());
      const name = request.role === 'client' ? serverName(request) : undefined;
      const sni = name?.isAddress === false ? name.text : undefined;
      const id = request.connectionId;
      const association = addon.createAssociation(handle, usableMtu(request), min, max, sni, id);
      try {
        if (credential.mode === 'certificate' && credential.role === 'client') {
          expectServer(addon, association, credential.info, name, request);
        }
        if (agreements.session !== undefined && request.session !== undefined) {
          addon.offerSession(association, request.session);
        }
      } catch (error) {
        addon.destroyAssociation(association);
        throw error;
      }
      return new OpensslAssociation(addon, association, request, agreements.keylog);
    });
  const { connectionIds } = options;
  const association = (request: AssociationRequest): Association => {
    if (request.role !== options.role) {
      const message = `the credential is that of a ${options.role} and cannot serve a ${request.role}`;
      throw request.error({ code: 'EINVAL', message });
    }
    return credential.mode === 'certificate'
      ? filtered(request, open, { certificates: true, connectionIds })
      : filtered(request, (inner) => pskGate(inner, open, { isPsk: () => true }), {
          certificates: false,
          connectionIds,
        });
  };

  return {
    sessionScope: scope.toString('hex'),
    association,
    ...(options.role === 'server'
      ? { listen: (lower, peers) => listen(lower, association, peers, connectionIds) }
      : {}),
    destroy(): void {
      if (handle !== 0) addon.destroyContext(handle);
      handle = 0;
      ticketKeys?.wipe();
    },
  };
}

/** What decides, beside certificates and lists, who is let in. */
function facts({ role, info }: CertificateCredential): readonly string[] {
  if (role === 'server') return [role, info.clientAuthentication ?? 'none'];
  return [role, String(isVerifying(info)), String(info.dane === true), String(info.ignoreSystemTrustStore === true)];
}

/** Keys that a function gives may be wrong; then those that were good go on. */
function refreshKeys(keys: TicketKeys | undefined, { output }: AssociationRequest, now: number): void {
  try {
    keys?.refresh(now);
  } catch (error) {
    output.trace?.({ type: 'ticketKeysRefused', message: String(Object(error).message ?? error) });
  }
}

function createNative(
  addon: Addon,
  { role, minVersion, maxVersion, suites }: ContextOptions,
  useCredential: (handle: number) => void,
): number {
  const handle = addon.createContext(
    role === 'server',
    minVersion,
    maxVersion,
    suites.map(({ opensslName }) => opensslName).join(':'),
    suites.map(({ id }) => id),
  );
  try {
    useCredential(handle);
  } catch (error) {
    addon.destroyContext(handle);
    throw error;
  }
  return handle;
}

function usableMtu({ lowerMtu = UNKNOWN_MTU, error }: AssociationRequest): number {
  if (lowerMtu >= MIN_MTU) return Math.min(Math.floor(lowerMtu), MAX_DATAGRAM);
  const message = `the lower socket carries ${lowerMtu} bytes per datagram, a DTLS handshake needs ${MIN_MTU}`;
  throw error({ code: 'EMSGSIZE', message });
}

/** Errors of the addon, in words and with the library's own. */
function explained<T>({ error }: { error(init: EngineErrorInit): Error }, run: () => T): T {
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

/** RFC 8200 §5: 1280 bytes on every path, less IPv6 and UDP headers. */
const UNKNOWN_MTU = 1_232;

/** `Connection::kMinMtu`. */
const MIN_MTU = 64;
const MAX_DATAGRAM = 65_535;
