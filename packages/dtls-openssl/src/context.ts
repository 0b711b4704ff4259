/**
 * What all associations of one configuration share: an SSL_CTX with its credential, and those of the names that a
 * server has. Makes associations behind the record filter, and serves peers through the endpoint.
 */

import type {
  Association,
  AssociationRequest,
  Configuration,
  Context,
  ContextHost,
  SecureConfiguration,
} from '@avs-net/core/plugin';
import { filtered, listen, ordered, pskGate } from '@avs-net/dtls-endpoint';
import { OpensslAssociation } from './association.ts';
import type { NameServing } from './name-question.ts';
import { NamedContexts } from './named-contexts.ts';
import type { Addon } from './native.ts';
import {
  explained,
  makeNamedContext,
  makeNativeContext,
  type NativeContext,
  type NativeInit,
  withCertificate,
} from './native-context.ts';
import { type CertificateCredential, checkTimeouts, contextOptions } from './options.ts';
import { expectServer } from './peer-identity.ts';
import { counted } from './record-numbers.ts';
import { serverName } from './server-name.ts';
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
  const init: NativeInit = { addon, options, host };
  if (options.certificate === undefined) return contextOf(init, makeNativeContext(init, undefined), undefined);
  return certificateContext(init, options.certificate);
}

async function certificateContext(init: NativeInit, credential: CertificateCredential): Promise<Context> {
  const { addon, options } = init;
  const path = options.psk === undefined ? 'security' : 'security.certificate';
  const native = await withCertificate(credential, path, (certificate) => makeNativeContext(init, certificate));
  const { names } = options;
  if (names === undefined) return contextOf(init, native, undefined);
  const named = new NamedContexts({
    make: (info, place) => makeNamedContext(init, info, place),
    free: (handle) => addon.destroyContext(handle),
  });
  const made = contextOf(init, native, named);
  try {
    addon.serveNames(native.handle);
    if (typeof names === 'object') await named.load(names);
  } catch (error) {
    made.destroy();
    throw error;
  }
  return made;
}

function contextOf(
  { addon, options, host }: NativeInit,
  { handle: made, scope, ticketKeys }: NativeContext,
  named: NamedContexts | undefined,
): Context {
  const { psk, certificate, agreements } = options;
  let handle = made;
  const names: NameServing | undefined = named && {
    contexts: named,
    fallback: { context: made, idContext: scope },
    now: () => host.clock.now(),
  };

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
      const association = addon.createAssociation(handle, usableMtu(request), min, max, options.replayWindow, sni, id);
      try {
        if (certificate?.role === 'client') expectServer(addon, association, certificate.info, name, request);
        if (agreements.session !== undefined && request.session !== undefined) {
          addon.offerSession(association, request.session);
        }
      } catch (error) {
        addon.destroyAssociation(association);
        throw error;
      }
      return new OpensslAssociation(addon, association, counted(request), { keylog: agreements.keylog, names });
    });
  const { connectionIds } = options;
  const association = (request: AssociationRequest): Association => {
    if (request.role !== options.role) {
      const message = `the credential is that of a ${options.role} and cannot serve a ${request.role}`;
      throw request.error({ code: 'EINVAL', message });
    }
    const certificates = certificate !== undefined;
    // With both kinds of client the ServerHello tells whether there will be an identity to ask for.
    const gate = certificates ? {} : { isPsk: () => true };
    const engine = psk === undefined ? open : (inner: AssociationRequest): Association => pskGate(inner, open, gate);
    const rules = { certificates, boundedEngine: true, reassembled: true, connectionIds };
    return filtered(request, (inner) => ordered(inner, engine, rules), rules);
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
      named?.destroy();
      ticketKeys?.wipe();
    },
  };
}

/** Keys that a function gives may be wrong; then those that were good go on. */
function refreshKeys(keys: TicketKeys | undefined, { output }: AssociationRequest, now: number): void {
  try {
    keys?.refresh(now);
  } catch (error) {
    output.trace?.({ type: 'ticketKeysRefused', message: String(Object(error).message ?? error) });
  }
}

function usableMtu({ lowerMtu = UNKNOWN_MTU, error }: AssociationRequest): number {
  if (lowerMtu >= MIN_MTU) return Math.min(Math.floor(lowerMtu), MAX_DATAGRAM);
  const message = `the lower socket carries ${lowerMtu} bytes per datagram, a DTLS handshake needs ${MIN_MTU}`;
  throw error({ code: 'EMSGSIZE', message });
}

/** RFC 8200 §5: 1280 bytes on every path, less IPv6 and UDP headers. */
const UNKNOWN_MTU = 1_232;

/** `Connection::kMinMtu`. */
const MIN_MTU = 64;
const MAX_DATAGRAM = 65_535;
