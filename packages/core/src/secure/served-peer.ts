/**
 * One peer of a dtls server: the association that a listener opened for it, and the way from there to its socket once
 * it is established and accepted. It shares the lower socket with everybody else, so closing it closes nothing below.
 */

import type { Address } from '../contract/address.ts';
import type { AssociationInfo, Opening, TraceEvent } from '../contract/association.ts';
import type { PeerOpening, PeerRun, SocketHost } from '../contract/backend.ts';
import type { Clock } from '../contract/clock.ts';
import type { NetError } from '../contract/error.ts';
import { AssociationDriver } from '../driver/association-driver.ts';
import type { DriverHost } from '../driver/driver-host.ts';
import type { AnswerNeed } from '../driver/driver-lookups.ts';
import { type HandshakeWatch, PEERS, type PeerDiagnostic, watchHandshake } from '../socket/diagnostics.ts';
import type { PeerService } from './peer-service.ts';

/** Where what a peer sends goes: the host of its socket. */
export type PeerTarget = Pick<SocketHost, 'deliver' | 'end' | 'softError' | 'failed' | 'dropped' | 'moved'>;

/** A peer, as far as it is the same for all that begin. */
export type PeerStart = Omit<PeerOpening, 'opening'>;

export class ServedPeer implements PeerRun, DriverHost {
  readonly driver: AssociationDriver;
  #target: PeerTarget | undefined;
  readonly #service: PeerService;
  address: Address;
  readonly #start: PeerStart;
  readonly #watch: HandshakeWatch | undefined;
  #over = false;
  #facts: AssociationInfo | undefined;

  constructor(service: PeerService, start: PeerStart, address: Address, opening: Opening | undefined) {
    this.#service = service;
    this.#start = start;
    this.address = address;
    this.#watch = watchHandshake(this.backend, 'server', address);
    const { lower } = start;
    const mtu = lower.innerMtu();
    this.driver = new AssociationDriver(lower, this, (output) =>
      start.association({
        role: 'server',
        output,
        peer: address,
        ...(opening === undefined ? {} : { opening }),
        handshakeTimeouts: service.server.options.timeouts,
        ...(mtu === undefined ? {} : { lowerMtu: mtu }),
        error: service.error,
      }),
    );
  }

  get clock(): Clock {
    return this.#service.server.host.clock;
  }

  get backend(): string {
    return this.#service.server.host.backend;
  }

  get answer(): AnswerNeed | undefined {
    return this.#service.answer;
  }

  /** What was negotiated, once the association is over and freed. */
  get facts(): AssociationInfo | undefined {
    return this.#facts;
  }

  /** Ends it and frees the association; an established peer gets close_notify. Idempotent. */
  close(): void {
    if (this.driver.phase === 'established') this.driver.shutdown();
    this.#service.server.exports.leave(this.driver);
    this.driver.destroy();
    this.#ended();
  }

  /** Ends it without a word: somebody else goes on. */
  silence(error?: NetError): void {
    this.driver.destroy();
    if (error === undefined) this.#ended();
    else this.failed(error);
  }

  moved(to: Address): void {
    this.driver.moved(to);
  }

  message(bytes: Uint8Array): void {
    this.#target?.deliver(bytes);
  }

  established(): void {
    this.#watch?.finished(this.driver.handshakeMs, this.driver.info());
    this.#start.established();
    this.#target = this.#service.rules.announce(this);
    if (PEERS.hasSubscribers) {
      const { pskIdentity } = this.driver.info();
      this.#publish(this.#target === undefined ? { phase: 'refused' } : { phase: 'accepted', pskIdentity });
    }
    if (this.#target === undefined) this.close();
  }

  /** Peers that have ended are often never disposed; over datagrams there is nothing left to say to them. */
  closed(): void {
    void this.driver.keeper?.forget();
    if (this.#start.lower.kind === 'datagram') {
      this.#facts = this.driver.info();
      this.driver.destroy();
    }
    this.#ended();
  }

  ended(): void {
    this.driver.keeper?.abandon();
    this.closed();
  }

  /** Its address may come back with a new association; what was received is still the socket's. */
  #ended(): void {
    if (this.#over) return;
    this.#over = true;
    this.#watch?.failed();
    if (this.#target !== undefined) this.#publish({ phase: 'ended' });
    this.#start.closed();
    this.#target?.end();
  }

  failed(error: NetError): void {
    if (this.#over) return;
    if (error.alert?.level === 'fatal') void this.driver.keeper?.forget();
    this.#over = true;
    this.#watch?.failed(error);
    if (this.#target !== undefined) this.#publish({ phase: 'failed', error });
    this.#start.closed(error);
    if (this.#target === undefined) this.#handshakeFailed(error);
    else this.#target.failed(error);
  }

  softError(error: NetError): void {
    this.#target?.softError(error);
  }

  dropped(reason: string): void {
    (this.#target ?? this.#service.server.host).dropped(reason);
  }

  trace(event: TraceEvent): void {
    this.#service.server.host.trace?.({ ...event, peer: this.address });
  }

  peerMoved(to: Address): void {
    const from = this.address;
    this.address = to;
    this.#publish({ phase: 'moved', from });
    this.#target?.moved?.(from, to);
  }

  #handshakeFailed(failure: NetError): void {
    const { rules, server } = this.#service;
    const { code, message } = failure;
    server.host.trace?.({ type: 'handshakeFailed', peer: this.address, code, message });
    server.host.dropped('handshakeFailed');
    rules.handshakeFailed?.(failure);
  }

  #publish(event: Pick<PeerDiagnostic, 'phase' | 'pskIdentity' | 'error' | 'from'>): void {
    if (PEERS.hasSubscribers) {
      PEERS.publish({ backend: this.backend, peer: this.address, ...event } satisfies PeerDiagnostic);
    }
  }
}
