/**
 * One peer of a dtls server: the association that a listener opened for it, and, once it is established and accepted,
 * the operations of its socket. It shares the lower socket with everybody else, so closing it closes nothing below.
 */

import type { ExportRules } from '../continuation/association-keeper.ts';
import type { Address } from '../contract/address.ts';
import type { Association, AssociationInfo, Output } from '../contract/association.ts';
import type { Attempt, PeerOpening, PeerRun, SocketHost } from '../contract/backend.ts';
import type { NetError } from '../contract/error.ts';
import { AssociationDriver } from '../driver/association-driver.ts';
import type { AnswerNeed } from '../driver/driver-lookups.ts';
import { type HandshakeWatch, PEERS, type PeerDiagnostic, watchHandshake } from '../socket/diagnostics.ts';
import type { GuardedOperations } from '../socket/socket-init.ts';
import { type ExportedAssociations, lingerOnStore, whereabouts } from './exported-associations.ts';
import type { ServedBy } from './listener-host.ts';
import { establishedInfo, SecureSender } from './secure-sender.ts';

/** Where what a peer sends goes: the host of its socket. */
export type PeerTarget = Pick<SocketHost, 'deliver' | 'end' | 'softError' | 'failed' | 'dropped' | 'moved'>;

export interface ServedPeerInit {
  readonly address: Address;
  readonly start: Pick<PeerOpening, 'lower' | 'established' | 'closed'>;
  readonly host: SocketHost;
  readonly open: (output: Output) => Association;
  readonly answer: AnswerNeed | undefined;
  /** The peer is authenticated; undefined: nobody wants it. */
  readonly announce: (peer: ServedPeer) => PeerTarget | undefined;
  readonly handshakeFailed: (peer: ServedPeer, error: NetError) => void;
}

export class ServedPeer implements PeerRun {
  address: Address;
  readonly driver: AssociationDriver;
  readonly #init: ServedPeerInit;
  readonly #watch: HandshakeWatch | undefined;
  #target: PeerTarget | undefined;
  #over = false;
  #facts: AssociationInfo | undefined;

  constructor(init: ServedPeerInit) {
    this.#init = init;
    const { address, host, start, open, answer } = init;
    this.address = address;
    this.#watch = watchHandshake(host.backend, 'server', address);
    this.driver = new AssociationDriver(
      start.lower,
      {
        clock: host.clock,
        backend: host.backend,
        message: (bytes) => this.#target?.deliver(bytes),
        established: () => this.#established(),
        closed: () => this.#closed(),
        failed: (error) => this.#failed(error),
        moved: (to) => this.#moved(to),
        softError: (error) => this.#target?.softError(error),
        dropped: (reason) => (this.#target ?? host).dropped(reason),
        trace: (event) => host.trace?.({ ...event, peer: this.address }),
        answer,
      },
      open,
    );
  }

  /** What was negotiated, once the association is over and freed. */
  get facts(): AssociationInfo | undefined {
    return this.#facts;
  }

  /** Ends it and frees the association; an established peer gets close_notify. Idempotent. */
  close(): void {
    if (this.driver.phase === 'established') this.driver.shutdown();
    void this.driver.keeper?.close();
    this.driver.destroy();
    this.#ended();
  }

  /** Ends it without a word: somebody else goes on. */
  silence(error?: NetError): void {
    this.driver.destroy();
    if (error === undefined) this.#ended();
    else this.#failed(error);
  }

  moved(to: Address): void {
    this.driver.moved(to);
  }

  #established(): void {
    this.#watch?.finished(this.driver.handshakeMs, this.driver.info());
    this.#init.start.established();
    this.#target = this.#init.announce(this);
    if (PEERS.hasSubscribers) {
      const { pskIdentity } = this.driver.info();
      this.#publish(this.#target === undefined ? { phase: 'refused' } : { phase: 'accepted', pskIdentity });
    }
    if (this.#target === undefined) this.close();
  }

  /** Peers that have ended are often never disposed; over datagrams there is nothing left to say to them. */
  #closed(): void {
    void this.driver.keeper?.forget();
    if (this.#init.start.lower.kind === 'datagram') {
      this.#facts = this.driver.info();
      this.driver.destroy();
    }
    this.#ended();
  }

  /** Its address may come back with a new association; what was received is still the socket's. */
  #ended(): void {
    if (this.#over) return;
    this.#over = true;
    this.#watch?.failed();
    if (this.#target !== undefined) this.#publish({ phase: 'ended' });
    this.#init.start.closed();
    this.#target?.end();
  }

  #failed(error: NetError): void {
    if (this.#over) return;
    if (error.alert?.level === 'fatal') void this.driver.keeper?.forget();
    this.#over = true;
    this.#watch?.failed(error);
    if (this.#target !== undefined) this.#publish({ phase: 'failed', error });
    this.#init.start.closed(error);
    if (this.#target === undefined) this.#init.handshakeFailed(this, error);
    else this.#target.failed(error);
  }

  #moved(to: Address): void {
    const from = this.address;
    this.address = to;
    this.#publish({ phase: 'moved', from });
    this.#target?.moved?.(from, to);
  }

  #publish(event: Pick<PeerDiagnostic, 'phase' | 'pskIdentity' | 'error' | 'from'>): void {
    if (PEERS.hasSubscribers) {
      PEERS.publish({ backend: this.#init.host.backend, peer: this.address, ...event } satisfies PeerDiagnostic);
    }
  }
}

/** The operations of an accepted peer. */
export function peerOperations(peer: ServedPeer, server: ServedBy): GuardedOperations {
  const { lower, options, error, exports, host } = server;
  const { driver } = peer;
  const path = { lower: lower.lower };
  const sender = new SecureSender(driver, path, error);
  return {
    send: (data) => sender.send(data),
    shutdown: async () => driver.shutdown(),
    async close() {
      peer.close();
      await lingerOnStore(driver, host.clock);
      if (driver.defect !== undefined) throw driver.defect;
    },
    remote: () => ({ host: peer.address.host, port: peer.address.port }),
    local: () => peer.address.local ?? lower.local(),
    getSystem: () => lower.getSystem(),
    interfaceName: () => lower.interfaceName(),
    getOption(key) {
      if (key === 'bytesSent') return driver.bytesSent as never;
      if (key === 'bytesReceived') return driver.bytesReceived as never;
      return options.get(key, lower, driver);
    },
    setOption(key) {
      throw error({
        code: 'ENOTSUP',
        message: `option "${key}" cannot be set on an accepted peer: set it on the server`,
      });
    },
    exportAssociation: (id, rules, attempt) => exportPeer(peer, exports, id, rules, attempt),
    exportKeyingMaterial: (...of) => driver.exportKeyingMaterial(...of),
    info: () => peer.facts ?? establishedInfo(driver, path),
  };
}

/** Puts the association of a peer into the store. */
export function exportPeer(
  peer: ServedPeer,
  exports: ExportedAssociations,
  id: string,
  rules: ExportRules,
  attempt: Attempt,
): Promise<void> {
  const live = {
    driver: peer.driver,
    facts: () => ({ peer: whereabouts(peer.address) }),
    silence: (error?: NetError) => peer.silence(error),
  };
  return exports.export(live, id, rules, attempt);
}
