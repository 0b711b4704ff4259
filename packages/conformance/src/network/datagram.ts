/**
 * What travels over the in-process network and what can happen to it.
 */

import type { Address } from '@avs-net/core/plugin';

export interface Datagram {
  /** Position among all datagrams of the network, from 0. */
  readonly sequence: number;
  /** As the receiver sees it: behind a NAT this is the public address. */
  readonly from: Address;
  readonly to: Address;
  /** A copy; a rule may read it. */
  readonly data: Uint8Array;
}

/** `forth`: from the side that spoke first between the two endpoints; for DTLS that is from client to server. */
export type Direction = 'forth' | 'back';

export type Fate = 'pass' | 'drop' | 'duplicate' | 'swap';

/**
 * What a rule decides: a fate, a fate after a delay in milliseconds, changed bytes in place of the datagram, or
 * undefined to leave it to the next rule and then to the faults. `swap` holds the datagram back until the next one of
 * its direction.
 */
export type RuleVerdict =
  | Fate
  | { readonly delay: number; readonly fate?: Fate }
  | { readonly replace: Uint8Array }
  | undefined;

/** `index` counts the datagrams of one direction between two endpoints, from 0. Not asked about injected ones. */
export type TrafficRule = (datagram: Datagram, index: number, direction: Direction) => RuleVerdict;

/** What happened to one datagram. */
export interface LogEntry extends Datagram {
  /** Clock time of the send, milliseconds. */
  readonly at: number;
  readonly direction: Direction;
  readonly index: number;
  readonly fate: Fate;
  /** Who decided: a rule, the seeded faults, the MTU limit, or nobody because it was injected. */
  readonly by: 'rule' | 'faults' | 'mtu' | 'injection';
  /** Milliseconds on the way, of the first copy. */
  readonly delay: number;
  readonly corrupted: boolean;
  /** Copies that reached an endpoint so far. */
  delivered: number;
  /** Copies that found nobody at their destination. */
  unreachable: number;
}
