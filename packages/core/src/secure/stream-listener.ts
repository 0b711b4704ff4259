/**
 * A tls server over a bound stream socket: a handshake for every connection, a socket for every one that succeeds. The
 * limits are those of a dtls server (`ServerLimits`). A connection belongs to its peer: closing the peer closes it.
 */

import type { Context, Listener, SocketHost } from '../contract/backend.ts';
import type { Timer } from '../contract/clock.ts';
import type { ServerLimits } from '../contract/configuration.ts';
import type { AssociationDriver } from '../driver/association-driver.ts';
import { linger } from '../driver/linger.ts';
import { type Adopted, adopt } from '../socket/adoption.ts';
import type { Socket } from '../socket/socket.ts';
import { type ServedBy, servePeer } from './listener-host.ts';
import { PeerOperations } from './peer-operations.ts';
import { peerService } from './peer-service.ts';
import type { PeerTarget, ServedPeer } from './served-peer.ts';

export class StreamListener implements Listener {
  readonly #server: ServedBy;
  readonly #context: Context;
  readonly #limits: Required<Omit<ServerLimits, 'idleTimeout' | 'maxHalfOpenBytes'>>;
  readonly #halfOpen = new Set<StreamPeer>();
  readonly #established = new Set<StreamPeer>();
  readonly #byHost = new Map<string, number>();
  #paused = false;

  /** `server.lower` is bound; listens at once. */
  constructor(server: ServedBy, context: Context) {
    this.#server = server;
    this.#context = context;
    const { maxHalfOpen = 1_000, maxPeers = 10_000, maxPeersPerHost = 1_000 } = server.configuration.server ?? {};
    const { handshakeTimeout = 30_000 } = server.configuration.server ?? {};
    this.#limits = { maxHalfOpen, maxPeers, maxPeersPerHost, handshakeTimeout };
    const { lower, host } = server;
    lower.lower.start({
      receive() {},
      end() {},
      softError: (error) => host.softError(error),
      failed: (error) => host.failed(error),
    });
    lower.accept((socket) => this.#connected(socket));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#halfOpen, ...this.#established].map((peer) => peer.leave()));
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
  }

  stats(): Readonly<Record<string, number>> {
    return { peers: this.#established.size, halfOpen: this.#halfOpen.size };
  }

  #connected(socket: Socket): void {
    const { host } = this.#server;
    const refused = this.#refusal(socket.remoteHost());
    if (refused !== undefined) {
      host.dropped(refused);
      void socket.dispose().catch(() => {});
      return;
    }
    const peer = new StreamPeer(adopt(socket, 'a tls socket'), this.#server, {
      established: () => this.#move(peer),
      gone: () => this.#remove(peer),
    });
    this.#halfOpen.add(peer);
    this.#byHost.set(peer.host, (this.#byHost.get(peer.host) ?? 0) + 1);
    peer.begin(this.#context, this.#limits.handshakeTimeout);
  }

  /** Names and rules of @avs-net/dtls-endpoint, which has the same limits: the oldest handshake makes room. */
  #refusal(address: string): string | undefined {
    const { maxHalfOpen, maxPeers, maxPeersPerHost } = this.#limits;
    if (this.#paused) return 'listenerPaused';
    if (this.#established.size >= maxPeers) return 'tooManyPeers';
    if ((this.#byHost.get(address) ?? 0) >= maxPeersPerHost) return 'tooManyPeersOfHost';
    const [oldest] = this.#halfOpen;
    if (this.#halfOpen.size >= maxHalfOpen) oldest?.drop('tooManyHalfOpen');
    return undefined;
  }

  #move(peer: StreamPeer): void {
    this.#halfOpen.delete(peer);
    this.#established.add(peer);
  }

  #remove(peer: StreamPeer): void {
    if (!this.#halfOpen.delete(peer) && !this.#established.delete(peer)) return;
    const others = (this.#byHost.get(peer.host) ?? 1) - 1;
    if (others > 0) this.#byHost.set(peer.host, others);
    else this.#byHost.delete(peer.host);
  }
}

interface PeerOwner {
  established(): void;
  /** Idempotent. */
  gone(): void;
}

/** One connection. */
class StreamPeer {
  readonly host: string;
  readonly #lower: Adopted;
  readonly #server: ServedBy;
  readonly #owner: PeerOwner;
  #peer: ServedPeer | undefined;
  #timer: Timer | undefined;
  #heard = 0;

  constructor(lower: Adopted, server: ServedBy, owner: PeerOwner) {
    this.host = lower.remote()?.host ?? '';
    this.#lower = lower;
    this.#server = server;
    this.#owner = owner;
  }

  begin(context: Context, patience: number): void {
    const { host } = this.#server;
    this.#timer = host.clock.timer(patience, () => this.drop('handshakeTimeout'));
    try {
      this.#peer = servePeer(
        peerService(this.#server, {
          limits: {},
          announce: (peer) => this.#announce(peer),
          handshakeFailed: () => this.end(),
        }),
        {
          lower: this.#lower.lower,
          association: (request) => context.association!(request),
          established: () => this.#timer?.cancel(),
          closed: () => this.#timer?.cancel(),
        },
        this.#lower.remote() ?? { host: '', port: 0 },
      );
    } catch (error) {
      host.trace?.({ type: 'handshakeFailed', message: String(Object(error).message) });
      this.drop('openFailed');
    }
  }

  /** In order, as far as the peer takes it. */
  async leave(): Promise<void> {
    this.#timer?.cancel();
    this.#owner.gone();
    const driver = this.#peer?.driver;
    if (driver?.phase === 'established') await this.sayGoodbye(driver);
    this.#peer?.close();
    await this.#lower.dispose();
  }

  /** At once. Idempotent. */
  end(): void {
    this.#timer?.cancel();
    this.#owner.gone();
    this.#peer?.close();
    void this.#lower.dispose().catch(() => {});
  }

  async sayGoodbye(driver: AssociationDriver): Promise<void> {
    const leaving = driver.shutdown();
    if (leaving !== undefined) await linger(leaving, this.#server.host.clock);
  }

  drop(reason: string): void {
    this.#server.host.dropped(reason);
    this.end();
  }

  #announce(peer: ServedPeer): PeerTarget | undefined {
    let target: SocketHost | undefined;
    this.#server.host.accepted(peer.address, (host) => {
      target = host;
      return new StreamPeerOperations(peer, { ...this.#server, lower: this.#lower }, host, this);
    });
    if (target === undefined) {
      this.end();
      return undefined;
    }
    this.#owner.established();
    return this.#watched(target);
  }

  /** Knows when it was heard last, where that is of interest. */
  #watched(target: PeerTarget): PeerTarget {
    const { configuration, host } = this.#server;
    const idle = configuration.server?.idleTimeout;
    if (idle === undefined) return target;
    this.#heard = host.clock.now();
    this.#expire(idle);
    return {
      deliver: (data) => {
        this.#heard = host.clock.now();
        target.deliver(data);
      },
      end: () => target.end(),
      softError: (error) => target.softError(error),
      failed: (error) => target.failed(error),
      dropped: (reason) => target.dropped(reason),
    };
  }

  #expire(idle: number): void {
    const { clock } = this.#server.host;
    const left = this.#heard + idle - clock.now();
    if (left > 0) this.#timer = clock.timer(left, () => this.#expire(idle));
    else this.drop('idleTimeout');
  }
}

/** The connection under it ends with the association. */
class StreamPeerOperations extends PeerOperations {
  readonly #driver: AssociationDriver;
  readonly #lower: Adopted;
  readonly #stream: StreamPeer;

  constructor(peer: ServedPeer, server: ServedBy, host: SocketHost, stream: StreamPeer) {
    super(peer, server, host);
    this.#driver = peer.driver;
    this.#lower = server.lower;
    this.#stream = stream;
  }

  override async shutdown(how: 'both' | 'write' = 'both'): Promise<void> {
    await this.#stream.sayGoodbye(this.#driver);
    await this.#lower.shutdown(how);
  }

  override async close(): Promise<void> {
    await this.#stream.leave();
    if (this.#driver.defect !== undefined) throw this.#driver.defect;
  }

  pause(): void {
    this.#lower.lower.pause();
  }

  resume(): void {
    this.#lower.lower.resume();
  }
}
