/**
 * The server of node:tls over a lower stream: who may connect. Keys of identities are asked for before node needs
 * them.
 */

import { randomBytes } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import {
  type AssociationRequest,
  type CertificateServerInfo,
  type PskServerInfo,
  unpooledCopy,
  wipe,
} from '@avs-net/core/plugin';
import type { AcceptorPool, Candidate } from './acceptor.ts';
import type { Handshake, Open } from './association.ts';
import { MAX_PSK_KEY } from './claims.ts';
import { KeyGate } from './key-gate.ts';
import { missingCertificate } from './verification.ts';

export type ServerSecurity = PskServerInfo | CertificateServerInfo;

export function openServer(pool: AcceptorPool, security: ServerSecurity, { output, error }: AssociationRequest): Open {
  return (stream, handshake) => {
    const keys = 'lookup' in security ? new AskedKey(security) : undefined;
    const gate =
      keys &&
      new KeyGate({
        forward: (bytes) => stream.feed(bytes),
        ask(identity) {
          keys.identity = unpooledCopy(identity);
          output.need(NEED, { kind: 'psk', identity });
        },
        flooded: () => handshake.over(error({ code: 'EPROTO', message: 'the client sent too much before its key' })),
      });
    const candidate: Candidate = {
      secure(socket) {
        keys?.wipe();
        const refused = refusal(security, socket);
        handshake.watch(socket);
        if (refused === undefined) handshake.secure(socket, facts(socket, keys?.identity));
        else if (refused === 'missing') handshake.over(error(missingCertificate()));
        else handshake.failed(Object.assign(new Error(refused), { code: refused }));
      },
      failed: (failure) => handshake.failed(failure),
      key: (identity) => keys?.given(identity) ?? null,
      keylog: (line) => handshake.keylog(line),
    };
    const giveUp = pool.accept(stream, candidate);
    return {
      ...(gate && { receive: (bytes: Uint8Array) => gate.receive(bytes) }),
      answer(key) {
        keys?.take(key);
        gate?.answered();
      },
      abandon() {
        keys?.wipe();
        giveUp();
      },
    };
  };
}

/** The key of the identity that was asked for, until node has it. */
class AskedKey {
  identity: Uint8Array | undefined;
  readonly #unknownIdentity: PskServerInfo['unknownIdentity'];
  #key: Uint8Array | undefined;

  constructor({ unknownIdentity }: PskServerInfo) {
    this.#unknownIdentity = unknownIdentity;
  }

  take(key: Uint8Array | undefined): void {
    if (key !== undefined && key.length <= MAX_PSK_KEY) this.#key = unpooledCopy(key);
  }

  /** For the identity as node has read it. */
  given(identity: string): Uint8Array | null {
    const isSame = this.identity !== undefined && Buffer.from(identity).equals(this.identity);
    if (isSame && this.#key !== undefined) return this.#key;
    // RFC 4279 §2: the peer shall not learn which identities there are.
    return this.#unknownIdentity === 'alert' ? null : randomBytes(RANDOM_KEY);
  }

  wipe(): void {
    if (this.#key !== undefined) wipe(this.#key);
    this.#key = undefined;
  }
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

/** There is one question in a handshake. */
const NEED = 1;
