/**
 * What runs over the lower socket of a dtls or tls socket: the association of a client, the listener of a server, or
 * the only association of a server over an accepted socket. Leaves the life of the lower socket to `SecureSocket`.
 */

import type { StoredAssociation } from '../continuation/association-entry.ts';
import type { ExportRules } from '../continuation/association-keeper.ts';
import type { Role } from '../contract/association.ts';
import type { Attempt, Context, Listener, SocketHost } from '../contract/backend.ts';
import type { Timer } from '../contract/clock.ts';
import type { NetError } from '../contract/error.ts';
import { wipe } from '../contract/secret-bytes.ts';
import { AssociationDriver } from '../driver/association-driver.ts';
import { handshake } from '../driver/handshake-outcome.ts';
import { linger } from '../driver/linger.ts';
import { abortable } from '../queue/abortable.ts';
import type { SessionKeeping } from '../session/session-keeping.ts';
import type { Adopted } from '../socket/adoption.ts';
import { watchHandshake } from '../socket/diagnostics.ts';
import type { Socket } from '../socket/socket.ts';
import { ExportedAssociations, type LiveAssociation, lingerOnStore } from './exported-associations.ts';
import { keptSession } from './kept-session.ts';
import { linkDriverHost } from './link-driver-host.ts';
import { listenerHost, type ServedBy, watchedLower } from './listener-host.ts';
import { PeerOperations } from './peer-operations.ts';
import { type PeerRequest, ReturningPeers } from './returning-peers.ts';
import { establishedInfo, SecureSender } from './secure-sender.ts';
import type { ServedPeer } from './served-peer.ts';
import { StreamListener } from './stream-listener.ts';

export interface SecureLinkInit extends Omit<ServedBy, 'lower' | 'exports'> {
  readonly role: Role;
  readonly context: Context;
}

export class SecureLink {
  driver: AssociationDriver | undefined;
  readonly exports: ExportedAssociations;
  readonly #init: SecureLinkInit;
  #sender: SecureSender | undefined;
  #kept: SessionKeeping | undefined;
  #heard = false;
  #lower: Adopted | undefined;
  /** Whom the association is with, as far as the lower socket does not know. */
  #party: Pick<StoredAssociation, 'serverName' | 'hostname'> = {};
  #listener: Listener | undefined;
  readonly #returning = new ReturningPeers();
  #isReturning = false;
  #admitting = true;
  /** The counters of the last listener. */
  #served: Readonly<Record<string, number>> = {};
  #silence: Timer | undefined;

  constructor(init: SecureLinkInit) {
    this.#init = init;
    this.exports = new ExportedAssociations(init);
  }

  /** One association over `lower`, which is connected; `serverName` of a client. */
  async handshake(lower: Adopted, serverName: string | undefined, signal: AbortSignal): Promise<void> {
    const { host, role } = this.#init;
    this.#heard = false;
    const keeping = keptSession(this.#init, serverName);
    this.#kept = keeping;
    this.#party = { serverName, hostname: lower.remoteHostname() };
    const session = keeping && (await abortable(keeping.load(), signal, 'connect'));
    const watch = watchHandshake(host.backend, role, lower.remote());
    try {
      await this.#run(lower, signal, { serverName, session }, keeping);
      watch?.finished(this.driver?.handshakeMs, this.driver?.info() ?? {});
    } catch (error) {
      watch?.failed(error as NetError);
      // A peer that answers and goes no further may have another session of that name: the next attempt starts afresh.
      if (session !== undefined && this.#heard) keeping?.forget();
      throw error;
    } finally {
      if (session !== undefined) wipe(session);
    }
  }

  /**
   * Goes on over `lower`, which is connected to the peer; false: the engine will not. It says nothing before the store
   * has it again: if that fails the association is lost.
   */
  async continue(lower: Adopted, id: string, from: StoredAssociation, attempt: Attempt): Promise<boolean> {
    const { state, ...party } = from;
    this.#party = party;
    this.#kept = undefined;
    try {
      await this.#run(lower, attempt.signal, { serverName: party.serverName, continued: state });
    } catch (error) {
      if (attempt.signal.aborted) throw error;
      this.exports.refused(id, error);
      return false;
    } finally {
      wipe(state);
    }
    this.#isReturning = true;
    try {
      await this.export(id, {}, attempt);
      return true;
    } catch (error) {
      this.driver?.destroy();
      this.end();
      throw error;
    } finally {
      this.#isReturning = false;
    }
  }

  /** The association of this socket, to the store. */
  async export(id: string, rules: ExportRules, attempt: Attempt): Promise<void> {
    const { host } = this.#init;
    const { driver } = this;
    if (driver === undefined) throw host.error({ code: 'ENOTCONN', message: 'there is no association' });
    const live: LiveAssociation = {
      driver,
      facts: () => ({ ...this.#party, peer: this.#lower?.remote() }),
      silence: (failure) => {
        driver.destroy();
        // Whoever waits for it to come back is told by that.
        if (this.#isReturning) return;
        if (failure === undefined) host.end();
        else host.failed(failure);
      },
    };
    await this.exports.export(live, id, rules, attempt);
  }

  #run(
    lower: Adopted,
    signal: AbortSignal,
    { serverName, session, continued }: Beginning,
    keeping?: SessionKeeping,
  ): Promise<void> {
    const { context, role, options, error } = this.#init;
    return handshake(
      signal,
      () => this.end(),
      (outcome) => {
        const mtu = lower.lower.innerMtu();
        const peer = lower.remote();
        if (context.association === undefined) throw this.#lacks('association()');
        const driver = new AssociationDriver(
          lower.lower,
          linkDriverHost(this.#init, outcome, keeping, () => this.driver),
          (output) =>
            context.association!({
              role,
              output,
              error,
              handshakeTimeouts: options.timeouts,
              ...(serverName === undefined ? {} : { serverName }),
              ...(peer === undefined ? {} : { peer }),
              ...(options.tlsa === undefined ? {} : { tlsa: options.tlsa }),
              ...(mtu === undefined ? {} : { lowerMtu: mtu }),
              ...(session === undefined ? {} : { session }),
              ...(continued === undefined ? {} : { continued }),
            }),
        );
        this.#use(driver, lower);
        driver.start();
      },
    );
  }

  /** Many peers over `lower`, which is bound: they become sockets of their own. */
  listen(lower: Adopted): void {
    const { host, context, configuration } = this.#init;
    const server = { ...this.#init, lower, exports: this.exports };
    const announce = (peer: ServedPeer): SocketHost | undefined => {
      if (this.#returning.expected) return this.#returning.announce(peer, server);
      let target: SocketHost | undefined;
      host.accepted(peer.address, (peerHost) => {
        target = peerHost;
        return new PeerOperations(peer, server, peerHost);
      });
      return target;
    };
    if (lower.lower.kind === 'stream' && context.listen === undefined) {
      this.#listener = new StreamListener(server, context);
      return;
    }
    const watched = watchedLower(lower.lower, (error) => host.failed(error));
    const rules = { limits: configuration.server ?? {}, announce };
    this.#listener = this.#listen(context)(watched, listenerHost(server, rules));
    if (!this.#admitting) this.#listener.pause();
  }

  /** A peer of the listener that goes on from an association of the store. */
  continuePeer(request: PeerRequest): Promise<Socket | undefined> {
    return this.#returning.continue({ ...this.#init, exports: this.exports }, () => this.#listener, request);
  }

  /** One peer over `lower`, which is accepted: with cookie exchange and all, but it becomes this socket. */
  async serve(lower: Adopted, signal: AbortSignal): Promise<void> {
    const { host, context, configuration, error } = this.#init;
    const limits = { ...configuration.server, maxPeers: 1, maxHalfOpen: 1 };
    const patience = limits.handshakeTimeout ?? 30_000;
    await handshake(
      signal,
      () => this.end(),
      (outcome) => {
        this.#silence = host.clock.timer(patience, () =>
          outcome.failed(error({ code: 'ETIMEDOUT', message: `no handshake was completed within ${patience} ms` })),
        );
        const rules = {
          limits,
          admit: () => {
            if (this.driver !== undefined) throw error({ code: 'EBUSY', message: 'this socket has its peer' });
          },
          announce: (peer: ServedPeer) => {
            this.#silence?.cancel();
            this.#use(peer.driver, lower);
            outcome.established();
            return host;
          },
          handshakeFailed: (failure: NetError) => void outcome.failed(failure),
        };
        const watched = watchedLower(lower.lower, (failure) => outcome.failed(failure) || host.failed(failure));
        this.#listener = this.#listen(context)(
          watched,
          listenerHost({ ...this.#init, lower, exports: this.exports }, rules),
        );
      },
    );
  }

  send(data: Uint8Array): void | Promise<void> {
    if (this.#sender === undefined) throw this.#init.error({ code: 'ENOTCONN', message: 'there is no association' });
    return this.#sender.send(data);
  }

  /** Whether peers are let in that are not there yet. */
  admit(anybody: boolean): void {
    this.#admitting = anybody;
    if (anybody) this.#listener?.resume();
    else this.#listener?.pause();
  }

  /** close_notify to everybody. */
  async shutdown(): Promise<void> {
    for (const leaving of [this.#listener?.close(), this.driver?.shutdown()]) {
      if (leaving !== undefined) await linger(leaving, this.#init.host.clock);
    }
  }

  /** `end`, when close_notify has left. */
  async close(): Promise<NetError | undefined> {
    if (this.#listener !== undefined || this.driver?.phase === 'established') await this.shutdown();
    // Whoever ends the process now wants to find the session in the next one.
    const { writing } = this.#kept ?? {};
    const { clock } = this.#init.host;
    if (writing !== undefined) await linger(writing, clock);
    await lingerOnStore(this.driver, clock);
    await this.exports.left();
    return this.end();
  }

  /** Ends and frees every association; what went wrong with our own. Idempotent. */
  end(): NetError | undefined {
    const { driver } = this;
    this.#silence?.cancel();
    void this.#listener?.close();
    this.#served = this.#listener?.stats() ?? this.#served;
    this.#listener = undefined;
    this.#admitting = true;
    this.#heard = (driver?.bytesReceived ?? 0) > 0;
    this.driver = undefined;
    this.#sender = undefined;
    if (driver?.phase === 'established') driver.shutdown();
    driver?.destroy();
    return driver?.defect;
  }

  info(): object {
    return this.driver !== undefined && this.#lower !== undefined ? establishedInfo(this.driver, this.#lower) : {};
  }

  stats(): Readonly<Record<string, number>> {
    return this.#listener?.stats() ?? this.#served;
  }

  #listen(context: Context): NonNullable<Context['listen']> {
    if (context.listen === undefined) throw this.#lacks('listen()');
    return (lower, host) => context.listen!(lower, host);
  }

  #lacks(what: string): NetError {
    return this.#init.error({ code: 'ENOTSUP', message: `the backend made a context without ${what}` });
  }

  #use(driver: AssociationDriver, lower: Adopted): void {
    this.driver = driver;
    this.#lower = lower;
    this.#sender = new SecureSender(driver, lower, this.#init);
  }
}

type Beginning = { serverName: string | undefined; session?: Uint8Array | undefined; continued?: Uint8Array };
