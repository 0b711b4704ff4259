/**
 * The door of the deterministic in-process network: everything above UDP runs on it first, on a virtual clock, with
 * loss, duplication, reordering, delay, corruption, an MTU limit, moving addresses and forged datagrams, all of it
 * replayable. It knows datagrams only; streams are not simulated.
 */

export type {
  Datagram,
  Direction,
  Fate,
  LogEntry,
  RuleVerdict,
  TrafficRule,
} from './network/datagram.ts';
export { createNetwork, type Network, type NetworkInit } from './network/datagram-network.ts';
export type { Faults } from './network/faults.ts';
export { formatLog } from './network/log.ts';
export { type Random, random } from './network/random.ts';
export { type RunLimits, type VirtualClock, virtualClock } from './network/virtual-clock.ts';
export type { VirtualLower, VirtualLowerInit } from './network/virtual-lower.ts';
export type { VirtualUdpInit } from './network/virtual-udp.ts';
