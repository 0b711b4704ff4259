/**
 * The server of node:tls over a lower stream: who may connect. Pre-shared keys are looked up at once, because node's
 * callback cannot wait.
 */

import { randomBytes } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { isUint8Array } from 'node:util/types';
import type { AssociationRequest, CertificateServerInfo, PskServerInfo } from '@avs-net/core/plugin';
import type { AcceptorPool, Candidate } from './acceptor.ts';
import type { Handshake, Open } from './association.ts';
import { MAX_PSK_KEY } from './claims.ts';
import { missingCertificate } from './verification.ts';

export type ServerSecurity = PskServerInfo | CertificateServerInfo;

export function openServer(pool: AcceptorPool, security: ServerSecurity, { output, error }: AssociationRequest): Open {
  return (stream, handshake) => {
    const ended = new AbortController();
    const identities: Uint8Array[] = [];
    const candidate: Candidate = {
      secure(socket) {
        const refused = refusal(security, socket);
        handshake.watch(socket);
        if (refused === undefined) handshake.secure(socket, facts(socket, identities[0]));
        else if (refused === 'missing') handshake.over(error(missingCertificate()));
        else handshake.failed(Object.assign(new Error(refused), { code: refused }));
      },
      failed: (failure) => handshake.failed(failure),
      key(text) {
        if (!('lookup' in security)) return null;
        const identity = Buffer.from(text, 'utf8');
        identities.push(identity);
        const key = lookUp(security, identity, ended.signal, output);
        if (key !== undefined) return key;
        // RFC 4279 §2: the peer shall not learn which identities there are.
        return security.unknownIdentity === 'alert' ? null : randomBytes(RANDOM_KEY);
      },
      keylog: (line) => handshake.keylog(line),
    };
    const giveUp = pool.accept(stream, candidate);
    return () => {
      giveUp();
      ended.abort();
    };
  };
}

/** A key that can be used; node copies it before anything else happens. What is wrong is counted and traced. */
function lookUp(
  { lookup }: PskServerInfo,
  identity: Uint8Array,
  signal: AbortSignal,
  output: AssociationRequest['output'],
): Uint8Array | undefined {
  const failed = (error: unknown): undefined => {
    output.dropped('lookupFailed');
    output.trace?.({ type: 'lookupFailed', error });
  };
  let key: unknown;
  try {
    key = lookup(identity, signal);
  } catch (error) {
    return failed(error);
  }
  if (key === undefined) return undefined;
  if (key instanceof Promise) {
    key.catch(() => {});
    output.dropped('asyncLookupUnclaimed');
    return undefined;
  }
  if (isUint8Array(key) && key.length > 0 && key.length <= MAX_PSK_KEY) return key;
  const given = isUint8Array(key) ? `${key.length} bytes` : `a value of type ${typeof key}`;
  const expected = `1 to ${MAX_PSK_KEY} bytes of a key or undefined`;
  return failed(new TypeError(`security.lookup must give ${expected}, it gave ${given}`));
}

/** Node lets everybody through whom it does not have to refuse; the code of its refusal, or that there is nothing. */
function refusal(security: ServerSecurity, socket: TLSSocket): string | undefined {
  const { clientAuthentication = 'none' } = security as CertificateServerInfo;
  if ('lookup' in security || clientAuthentication === 'none') return undefined;
  const hasCertificate = socket.getPeerX509Certificate() !== undefined;
  if (!hasCertificate) return clientAuthentication === 'required' ? 'missing' : undefined;
  return socket.authorized ? undefined : String(socket.authorizationError ?? 'UNSPECIFIED');
}

function facts(socket: TLSSocket, identity: Uint8Array | undefined): Parameters<Handshake['secure']>[1] {
  const { servername } = socket as { servername?: unknown };
  return {
    ...(typeof servername === 'string' && servername !== '' ? { serverName: servername } : {}),
    ...(identity === undefined ? {} : { pskIdentity: identity }),
  };
}

const RANDOM_KEY = 32;
