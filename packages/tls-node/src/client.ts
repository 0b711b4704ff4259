/**
 * The client of node:tls over a lower stream. Node checks certificate and name when the handshake is complete on its
 * own side; nothing of the application leaves before that.
 */

import tls, { type PeerCertificate, type SecureContext } from 'node:tls';
import type { AssociationRequest } from '@avs-net/core/plugin';
import type { Open } from './association.ts';
import { identityMismatch, requireVerifiable } from './peer-identity.ts';
import { type ServerName, serverName } from './server-name.ts';

export interface ClientOptions {
  readonly secureContext: SecureContext;
  /** False: any certificate will do. */
  readonly verifies: boolean;
  readonly psk: { readonly identity: string; readonly key: Uint8Array } | undefined;
  readonly alpn: readonly string[] | undefined;
}

/** Errors: EINVAL without a name that could be verified. */
export function openClient(options: ClientOptions, { serverName: given, session, error }: AssociationRequest): Open {
  const { secureContext, verifies, psk, alpn } = options;
  const name = serverName(given, error);
  if (verifies && psk === undefined) requireVerifiable(name, error);
  return (stream, handshake) => {
    let hint: string | undefined;
    const socket = tls.connect({
      socket: stream,
      secureContext,
      // Never by default: an environment variable can switch that off.
      rejectUnauthorized: verifies,
      checkServerIdentity: (_host, certificate) => refusal(options, name, certificate),
      ...(name?.indication === undefined ? {} : { servername: name.indication }),
      ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
      ...(session === undefined ? {} : { session: Buffer.from(session) }),
      ...(psk === undefined
        ? {}
        : {
            pskCallback: (text: string | null) => {
              hint = text ?? undefined;
              return { psk: psk.key, identity: psk.identity };
            },
          }),
    });
    handshake.watch(socket);
    socket.on('session', (ticket) => handshake.session(ticket));
    socket.once('secureConnect', () => {
      // A session is bound to whom it was made with; of a resumed one node shows no certificate.
      const given = socket.getPeerCertificate();
      const wrong = socket.isSessionReused() && given.raw === undefined ? undefined : refusal(options, name, given);
      if (wrong !== undefined) handshake.failed(wrong);
      else if (verifies && !socket.authorized) handshake.failed(new Error('node:tls did not verify the server'));
      else {
        handshake.secure(socket, {
          ...(name?.indication === undefined ? {} : { serverName: name.indication }),
          ...(hint === undefined ? {} : { pskIdentityHint: Buffer.from(hint) }),
        });
      }
    });
    return { abandon: () => void socket.destroy() };
  };
}

/** A server of pre-shared keys has no certificate; any other has the one that was asked for. */
function refusal(
  { psk, verifies }: ClientOptions,
  name: ServerName | undefined,
  given: PeerCertificate,
): Error | undefined {
  const hasCertificate = given?.raw !== undefined;
  if (psk !== undefined) {
    return hasCertificate ? new Error('the server gave a certificate and no proof of the pre-shared key') : undefined;
  }
  if (!verifies) return undefined;
  if (!hasCertificate || name === undefined) return new Error('the server gave no certificate');
  return identityMismatch(name, given);
}
