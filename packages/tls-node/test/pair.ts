/**
 * A client and a server association of this backend, each end of an in-memory stream: what one writes the other gets in
 * a later microtask.
 */

import { setImmediate as turn } from 'node:timers/promises';
import {
  type Association,
  type AssociationRequest,
  type ContextHost,
  NetError,
  type Role,
  type SecureConfiguration,
  type TraceEvent,
} from '@avs-net/core/plugin';
import { createContext } from '../src/context.ts';

export interface End {
  readonly association: Association;
  /** One word for each report, with the alert or the error's code. */
  readonly events: string[];
  readonly errors: NetError[];
  readonly traces: TraceEvent[];
  readonly sessions: Uint8Array[];
  /** Everything received, as text. */
  text: string;
  /** Pieces that were sent. */
  readonly sent: Buffer[];
  /** What becomes of a piece on its way to the other end; undefined: it does not arrive. */
  carry: (piece: Buffer) => Buffer | undefined;
  /** Returned by the lower socket for every piece. */
  room: Promise<void> | undefined;
  destroyContext(): void;
}

export interface Pair {
  readonly client: End;
  readonly server: End;
}

export interface PairOptions {
  readonly client: SecureConfiguration;
  readonly server: SecureConfiguration;
  readonly serverName?: string;
  readonly session?: Uint8Array;
}

export async function pair({ client, server, serverName, session }: PairOptions): Promise<Pair> {
  const ends: { client?: End; server?: End } = {};
  const facts = { ...(serverName === undefined ? {} : { serverName }), ...(session === undefined ? {} : { session }) };
  ends.server = await end('server', server, {}, () => ends.client);
  ends.client = await end('client', client, facts, () => ends.server);
  ends.server.association.start(0);
  ends.client.association.start(0);
  return ends as Pair;
}

/** A pair whose handshake is done, or has failed. */
export async function established(options: PairOptions): Promise<Pair> {
  const both = await pair(options);
  await settle();
  return both;
}

/** Turns of the event loop in which node has done what it had to do. */
export async function settle(turns = 30): Promise<void> {
  for (let count = 0; count < turns; count += 1) await turn();
}

export const host: ContextHost = {
  backend: 'tls-node',
  clock: { now: () => 0, timer: () => ({ cancel: () => {} }) },
  error: (init) => new NetError({ ...init, operation: 'createSocket', backend: 'tls-node' }),
};

async function end(
  role: Role,
  configuration: SecureConfiguration,
  facts: Partial<AssociationRequest>,
  other: () => End | undefined,
): Promise<End> {
  const context = await createContext(configuration, host);
  const deliver = (piece: Buffer): void => {
    const peer = other()?.association;
    if (peer !== undefined && peer.phase !== 'closed') peer.receive(piece, 0);
    piece.fill(0xdd);
  };
  const subject: Omit<End, 'association'> = {
    events: [],
    errors: [],
    traces: [],
    sessions: [],
    text: '',
    sent: [],
    carry: (piece) => piece,
    room: undefined,
    destroyContext: () => context.destroy(),
  };
  const association = context.association!({
    role,
    handshakeTimeouts: { min: 1_000, max: 60_000 },
    error: (init) => new NetError({ ...init, operation: 'connect', backend: 'tls-node' }),
    ...facts,
    output: {
      datagram(bytes) {
        const piece = Buffer.from(bytes);
        result.sent.push(Buffer.from(piece));
        const carried = result.carry(piece);
        if (carried !== undefined) queueMicrotask(() => deliver(carried));
        return result.room;
      },
      message(bytes) {
        result.text += Buffer.from(bytes).toString('latin1');
      },
      established: () => void result.events.push('established'),
      closed: (alert) => void result.events.push(`closed ${alert?.name ?? ''}`),
      failed(error) {
        result.events.push(`failed ${error.code}`);
        result.errors.push(error);
      },
      session: (session) => void result.sessions.push(Uint8Array.from(session)),
      need(id, what) {
        if (what.kind !== 'psk' || !('lookup' in configuration.security)) throw new Error(`unexpected ${what.kind}`);
        const { signal } = new AbortController();
        // The driver answers when the call has returned; the identity is borrowed, and the key is wiped.
        const asked = Promise.resolve(configuration.security.lookup(Uint8Array.from(what.identity), signal));
        what.identity.fill(0xdd);
        void asked.then((key) => {
          const answer = key && Uint8Array.from(key);
          association.answer?.(id, answer, 0);
          answer?.fill(0xdd);
        });
      },
      dropped: (reason) => void result.events.push(`dropped ${reason}`),
      trace: (event) => void result.traces.push(event),
    },
  });
  const result: End = Object.assign(subject, { association });
  return result;
}
