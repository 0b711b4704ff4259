/**
 * Facts for whoever watches from outside, on `node:diagnostics_channel`: `avs-net:handshake`, `avs-net:peer` and
 * `avs-net:drop`. Nothing is put together while nobody subscribes, and nothing on them is secret.
 */

import { type Channel, channel } from 'node:diagnostics_channel';
import type { Address } from '../contract/address.ts';
import type { AssociationInfo, Role } from '../contract/association.ts';
import type { SocketType } from '../contract/configuration.ts';
import type { NetError } from '../contract/error.ts';

/** On `avs-net:handshake`. */
export type HandshakeDiagnostic = HandshakePhase & {
  readonly backend: string;
  readonly role: Role;
  readonly peer?: Address | undefined;
};

export type HandshakePhase =
  | { readonly phase: 'begun' }
  | { readonly phase: 'finished'; readonly milliseconds: number; readonly info: AssociationInfo }
  /** Without an error if it was given up on this side: aborted, out of time, or pushed out by another. */
  | { readonly phase: 'failed'; readonly error?: NetError | undefined };

/** On `avs-net:peer`: peers of dtls servers, once they are authenticated. */
export interface PeerDiagnostic {
  readonly phase: 'accepted' | 'refused' | 'moved' | 'ended' | 'failed';
  readonly backend: string;
  readonly peer: Address;
  /** Of `accepted`. */
  readonly pskIdentity?: Uint8Array | undefined;
  /** Of `moved`: where it was before; `peer` is where it is. */
  readonly from?: Address | undefined;
  /** Of `failed`. */
  readonly error?: NetError | undefined;
}

/** On `avs-net:drop`: something that came and was neither delivered nor answered; `reason` as in `socket.stats()`. */
export interface DropDiagnostic {
  readonly reason: string;
  readonly type: SocketType;
  readonly backend: string;
  /** Of connected and accepted sockets. */
  readonly peer?: Address | undefined;
}

/** One handshake on its channel; undefined while nobody subscribes. */
export function watchHandshake(backend: string, role: Role, peer: Address | undefined): HandshakeWatch | undefined {
  return HANDSHAKES.hasSubscribers ? new HandshakeWatch({ backend, role, peer }) : undefined;
}

export class HandshakeWatch {
  readonly #facts: Pick<HandshakeDiagnostic, 'backend' | 'role' | 'peer'>;
  #over = false;

  constructor(facts: Pick<HandshakeDiagnostic, 'backend' | 'role' | 'peer'>) {
    this.#facts = facts;
    this.#publish({ phase: 'begun' });
  }

  finished(milliseconds: number | undefined, info: AssociationInfo): void {
    if (!this.#over) this.#publish({ phase: 'finished', milliseconds: milliseconds ?? 0, info });
    this.#over = true;
  }

  /** Nothing if it has finished before. */
  failed(error?: NetError): void {
    if (!this.#over) this.#publish({ phase: 'failed', error });
    this.#over = true;
  }

  #publish(phase: HandshakePhase): void {
    HANDSHAKES.publish({ ...this.#facts, ...phase } satisfies HandshakeDiagnostic);
  }
}

/** `guard` as far as it is needed here. */
export function publishDrop(guard: Dropping, reason: string): void {
  const { type, backend } = guard.init;
  DROPS.publish({ reason, type, backend, peer: guard.operations.remote?.() } satisfies DropDiagnostic);
}

interface Dropping {
  readonly init: { readonly type: SocketType; readonly backend: string };
  readonly operations: { remote?(): Address | undefined };
}

export const HANDSHAKES: Channel = channel('avs-net:handshake');
export const PEERS: Channel = channel('avs-net:peer');
export const DROPS: Channel = channel('avs-net:drop');
