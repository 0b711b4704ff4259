/**
 * The endpoint: serves the associations of many peers over one lower socket. Demultiplexes by connection id (RFC 9146)
 * and by address, keeps strangers out until they have proved theirs, bounds what everybody costs, follows peers that
 * move, and lets one that lost its state come back (RFC 6347 §4.2.8). Opens nothing, decrypts nothing: associations are
 * run by the host.
 */

import type { Address, Listener, ListenerHost, LowerSocket, NetError } from '@avs-net/core/plugin';
import type { ConnectionIds } from './connection-ids.ts';
import { bearsId, holdsChangeCipherSpec, isHello, isPlaintext } from './datagram-kind.ts';
import { HelloExchange } from './hello-exchange.ts';
import { ONLY_PEER, type PeerSession, reply } from './peer-session.ts';
import { isSameAddress, type Peer } from './peer-table.ts';
import { ID_AT } from './record.ts';
import type { MakeAssociation } from './record-filter.ts';
import { ServedPeers } from './served-peers.ts';

/**
 * Serves `lower`. `make` makes the association of a peer, behind its own record filter; its request carries the opening
 * hello, and an id of the peer's own where `ids` are negotiated. A lower socket without sender addresses is taken for
 * one with a single peer.
 */
export function listen(lower: LowerSocket, make: MakeAssociation, host: ListenerHost, ids?: ConnectionIds): Listener {
  return new Endpoint(lower, make, host, ids);
}

class Endpoint implements Listener {
  readonly #lower: LowerSocket;
  readonly #host: ListenerHost;
  readonly #peers: ServedPeers;
  readonly #exchange: HelloExchange;
  #closed = false;
  #admitting = true;
  readonly #answer = (answer: Uint8Array, to: Address): void => {
    const { counters } = this.#peers;
    try {
      reply(this.#lower, answer, to);
      counters.cookiesSent += 1;
      counters.sent(answer.length);
    } catch (error) {
      // Whoever sends hellos from an address that nothing can be sent to must not be able to throw.
      this.#host.trace?.({ type: 'lower-error', error });
    }
  };

  constructor(lower: LowerSocket, make: MakeAssociation, host: ListenerHost, ids: ConnectionIds | undefined) {
    this.#lower = lower;
    this.#host = host;
    this.#peers = new ServedPeers(lower, make, host, ids);
    this.#exchange = new HelloExchange(host.clock.now());
    lower.start({
      receive: (data, from) => this.#receive(data, from ?? ONLY_PEER),
      end: () => this.#lowerEnded(),
      // One peer's unreachable port says nothing about the others, and anybody can forge it.
      softError: (error) => host.trace?.({ type: 'lower-error', code: error.code }),
      failed: (error) => this.#lowerFailed(error),
    });
  }

  close(): void | Promise<void> {
    if (this.#closed) return this.#peers.leaving;
    this.#closed = true;
    return this.#peers.close();
  }

  pause(): void {
    this.#admitting = false;
  }

  resume(): void {
    this.#admitting = true;
  }

  restore(state: Uint8Array, peer: Address): void {
    if (this.#closed) throw this.#host.error({ code: 'EBADF', message: 'the listener is closed' });
    this.#peers.restore(state, peer);
  }

  stats(): Readonly<Record<string, number>> {
    return { ...this.#peers.counters.snapshot(), ...this.#peers.counts };
  }

  #receive(data: Uint8Array, from: Address): void {
    if (this.#closed) return;
    const peers = this.#peers;
    peers.counters.datagrams += 1;
    peers.counters.bytes += data.length;
    if (bearsId(data) && peers.haveIds) {
      this.#routeById(peers.findById(data, ID_AT), data, from);
      return;
    }
    const peer = peers.find(from);
    if (isHello(data)) this.#hello(data, from, peer);
    else if (peer === undefined) peers.refuse(data.length === 0 ? 'emptyDatagram' : 'noAssociation');
    else this.#route(data, peer);
  }

  /** A record with a connection id, from anywhere. Those behind it in its datagram are the filter's to compare. */
  #routeById(session: PeerSession | undefined, data: Uint8Array, from: Address): void {
    if (session === undefined) this.#peers.refuse('unknownId');
    else if (!session.guest && isSameAddress(session.peer, from)) this.#deliver(session, data);
    // The cookie was that of one address; whoever has left it begins again.
    else if (!session.authenticated) this.#peers.refuse('earlyMove');
    else if (!session.deliverFrom(from, data)) this.#peers.refuse('peerPaused');
  }

  /** Anything without an id, and not a ClientHello, from a known address. */
  #route(data: Uint8Array, { established, handshake }: Peer): void {
    if (handshake === undefined) this.#deliver(established, data);
    else if (established === undefined) this.#deliver(handshake, data);
    else if (isPlaintext(data)) {
      // What a finished association makes of plaintext is to drop it, so all of it belongs to the new handshake.
      const begun = handshake.handshake;
      if (begun?.changedCipherSpec === false) begun.changedCipherSpec = holdsChangeCipherSpec(data);
      this.#deliver(handshake, data);
    } else if (established.id !== undefined) {
      // Protected, and without the id that the old association wants.
      this.#deliver(handshake, data);
    } else {
      // Protected: of the old association until the new one has keys, and then of either, which only the keys can tell.
      const maybeNew = handshake.handshake?.changedCipherSpec === true;
      this.#deliver(established, data);
      if (maybeNew && !handshake.over) this.#deliver(handshake, data);
    }
  }

  #hello(data: Uint8Array, from: Address, peer: Peer | undefined): void {
    const peers = this.#peers;
    peers.counters.hellos += 1;
    if (peer === undefined && !this.#admitting) {
      peers.refuse('notAdmitting');
      return;
    }
    const refusal = this.#exchange.read(data);
    const { hello } = this.#exchange;
    if (refusal !== undefined) {
      // Later fragments of a verified hello, for its engine to put together.
      if (refusal === 'fragmentedHello' && peer?.handshake !== undefined) this.#deliver(peer.handshake, data);
      else peers.refuse(refusal);
      return;
    }
    if (hello.cookieLength > 0 && peer !== undefined) {
      if (peer.handshake?.beganWith(data, hello.randomAt)) {
        this.#deliver(peer.handshake, data);
        return;
      }
      if (peer.established?.beganWith(data, hello.randomAt)) {
        peers.refuse('replayedHello');
        return;
      }
    }
    const verdict = this.#exchange.judge(data, from, this.#host.clock.now(), this.#answer);
    if (verdict === 'verified') this.#admit(data, from, peer);
    else if (verdict === 'refused') peers.counters.cookiesRefused += 1;
  }

  #admit(data: Uint8Array, from: Address, peer: Peer | undefined): void {
    const { hello } = this.#exchange;
    const peers = this.#peers;
    const refusal = peers.admit(from, peer);
    if (refusal !== undefined) {
      peers.refuse(refusal);
      return;
    }
    // Only the record that was verified: what is behind it has passed no filter.
    if (hello.recordEnd < data.length) peers.refuse('behindHello');
    peers.begin(data.slice(0, hello.recordEnd), hello.randomAt, from === ONLY_PEER ? from : { ...from });
  }

  #deliver(session: PeerSession | undefined, data: Uint8Array): void {
    if (session === undefined) return;
    if (!session.deliver(data)) this.#peers.refuse('peerPaused');
    else if (!session.authenticated && !session.over) this.#peers.weigh(session);
  }

  #lowerEnded(): void {
    if (this.#closed) return;
    this.#closed = true;
    void this.#peers.close(true);
  }

  #lowerFailed(error: NetError): void {
    this.#closed = true;
    this.#peers.lowerFailed(error);
  }
}
