/**
 * The in-process network: ports attach under an address, datagrams travel between them through the clock, rules and
 * seeded faults decide their fate, and a log keeps what happened. Nothing is ever delivered from inside a send.
 * Not simulated: bandwidth, IP fragmentation (what is larger than the MTU is refused or lost), streams.
 */

import { type Address, type Clock, formatAddress, type Plugin } from '@avs-net/core/plugin';
import type { Direction, Fate, LogEntry, RuleVerdict, TrafficRule } from './datagram.ts';
import { accident, checkFaults, corrupted, type Faults } from './faults.ts';
import { headers, type NetworkCore } from './network-core.ts';
import { type Port, portTable } from './port.ts';
import { random } from './random.ts';
import { type VirtualLower, type VirtualLowerInit, virtualLower } from './virtual-lower.ts';
import { type VirtualUdpInit, virtualUdp } from './virtual-udp.ts';

export interface NetworkInit {
  readonly clock: Clock;
  /** Same seed, same faults; default 1. */
  readonly seed?: number;
  /** Largest IP packet, bytes; default 1500. */
  readonly mtu?: number;
  /** What a larger one meets: an error of the sender (default), or silence. */
  readonly tooLarge?: 'EMSGSIZE' | 'blackhole';
  readonly faults?: Faults;
  /** Whether a datagram that finds nobody is answered as ICMP does it, for connected senders; default true. */
  readonly unreachable?: boolean;
  /** Host names that `connect` and `resolve` know; `localhost` is always the caller's own host. */
  readonly names?: Readonly<Record<string, string>>;
}

export interface Network {
  /** A udp backend on this network, on the host with that address (default 127.0.0.1). */
  plugin(init?: VirtualUdpInit): Plugin;
  /** A lower socket without a plugin around it, for engines and endpoints under test. */
  lower(init?: VirtualLowerInit): VirtualLower;
  /** Adds a rule; the first that decides wins. Gives back what removes it. */
  rule(rule: TrafficRule): () => void;
  /** Changes conditions from now on. */
  change(conditions: Omit<NetworkInit, 'clock' | 'seed' | 'names'>): void;
  /** NAT rebinding: the port at `address` sends from and is reachable at another address from now on. */
  move(address: Address, to?: Address): Address;
  /** A datagram from anybody, forged source included. It meets no rule, no fault and no MTU. */
  inject(datagram: { readonly from: Address; readonly to: Address; readonly data: Uint8Array }): void;
  /** A forged ICMP port unreachable: tells the port at `to` that `about` refuses. */
  injectUnreachable(message: { readonly to: Address; readonly about: Address }): void;
  /** Every datagram so far, in the order of sending. */
  readonly log: readonly LogEntry[];
  /** Addresses that somebody holds. */
  readonly ports: readonly Address[];
}

export function createNetwork(init: NetworkInit): Network {
  const { clock } = init;
  const seed = init.seed ?? 1;
  let conditions = checked(init);
  const ports = portTable();
  const rules: TrafficRule[] = [];
  const log: LogEntry[] = [];
  const flows = new Map<string, Flow>();

  /** The two directions between two ports, whatever their public addresses are at the moment. */
  const flowOf = (from: string, to: string): { readonly way: Way; readonly direction: Direction } => {
    const known = flows.get(`${from}>${to}`);
    if (known !== undefined) return { way: known.forth, direction: 'forth' };
    const reverse = flows.get(`${to}>${from}`);
    if (reverse !== undefined) return { way: reverse.back, direction: 'back' };
    const flow: Flow = { forth: newWay(`${from}>${to}`), back: newWay(`${to}>${from}`) };
    flows.set(`${from}>${to}`, flow);
    return { way: flow.forth, direction: 'forth' };
  };

  const ask = (entry: LogEntry): RuleVerdict => {
    for (const rule of rules) {
      const verdict = rule(entry, entry.index, entry.direction);
      if (verdict !== undefined) return verdict;
    }
    return undefined;
  };

  const arrive = (entry: LogEntry, data: Uint8Array, sender: Port | undefined): void => {
    const receiver = ports.at(entry.to);
    if (receiver !== undefined) {
      entry.delivered += 1;
      receiver.receiver.datagram(data, entry.from);
      return;
    }
    entry.unreachable += 1;
    if (conditions.unreachable) sender?.receiver.unreachable(entry.to);
  };

  /** Puts one copy on its way, with whatever was held back for it. */
  const travel = (way: Way, sender: Port, entry: LogEntry, data: Uint8Array, delay: number): void => {
    clock.timer(delay, () => arrive(entry, data.slice(), sender));
    const held = way.held;
    way.held = undefined;
    if (held === undefined) return;
    held.limit.cancel();
    clock.timer(delay, held.release);
  };

  const hold = (way: Way, sender: Port, entry: LogEntry, data: Uint8Array, delay: number): void => {
    if (way.held !== undefined) {
      travel(way, sender, entry, data, delay);
      return;
    }
    const release = (): void => arrive(entry, data.slice(), sender);
    // A path does not keep a datagram for ever only because nothing follows it.
    const limit = clock.timer(delay + HOLD_LIMIT, () => {
      way.held = undefined;
      release();
    });
    way.held = { release, limit };
  };

  const core: NetworkCore = {
    clock,
    names: init.names ?? {},
    mtu: () => conditions.mtu,
    attach: (address, receiver) => ports.attach(address, receiver),
    send(port, data, to) {
      const tooLarge = data.length + headers(to) > conditions.mtu;
      if (tooLarge && conditions.tooLarge === 'EMSGSIZE') return 'tooLarge';
      const { way, direction } = flowOf(formatAddress(port.local), formatAddress(ports.at(to)?.local ?? to));
      const index = way.count++;
      const draw = random(seed, way.name, index);
      const chance = accident(conditions.faults, draw);
      const entry: { -readonly [K in keyof LogEntry]: LogEntry[K] } = {
        ...{ sequence: log.length, at: clock.now(), from: port.address, to, data: data.slice(), direction, index },
        ...{ fate: 'pass', by: 'faults', delay: 0, corrupted: false, delivered: 0, unreachable: 0 },
      };
      log.push(entry);
      const decided = tooLarge ? 'drop' : ask(entry);
      if (tooLarge) entry.by = 'mtu';
      else if (decided !== undefined) entry.by = 'rule';
      const { fate, delay, bytes } = outcome(decided, chance, entry.data);
      entry.fate = fate;
      entry.delay = fate === 'drop' ? 0 : delay;
      entry.corrupted = decided === undefined && chance.corrupt;
      if (fate === 'drop') return undefined;
      const sent = entry.corrupted ? corrupted(bytes, draw) : bytes;
      if (fate === 'swap') hold(way, port, entry, sent, delay);
      else travel(way, port, entry, sent, delay);
      if (fate === 'duplicate') {
        const second = decided === undefined ? chance.secondDelay : delay;
        clock.timer(second, () => arrive(entry, sent.slice(), port));
      }
      return undefined;
    },
  };

  return {
    plugin: (options = {}) => virtualUdp(core, options),
    lower: (options = {}) => virtualLower(core, options),
    rule(rule) {
      rules.push(rule);
      return () => {
        const at = rules.indexOf(rule);
        if (at >= 0) rules.splice(at, 1);
      };
    },
    change(wanted) {
      conditions = checked({ ...conditions, ...wanted });
    },
    move: (address, to) => ports.move(address, to),
    inject({ from, to, data }) {
      const index = log.length;
      const copy = data.slice();
      const entry: LogEntry = {
        ...{ sequence: index, at: clock.now(), from, to, data: copy, direction: 'forth', index },
        ...{ fate: 'pass', by: 'injection', delay: 0, corrupted: false, delivered: 0, unreachable: 0 },
      };
      log.push(entry);
      clock.timer(0, () => arrive(entry, copy.slice(), undefined));
    },
    injectUnreachable({ to, about }) {
      clock.timer(0, () => ports.at(to)?.receiver.unreachable(about));
    },
    log,
    get ports() {
      return ports.addresses();
    },
  };
}

interface Way {
  readonly name: string;
  count: number;
  held: { readonly release: () => void; readonly limit: { cancel(): void } } | undefined;
}

interface Flow {
  readonly forth: Way;
  readonly back: Way;
}

const newWay = (name: string): Way => ({ name, count: 0, held: undefined });

type Conditions = Required<Omit<NetworkInit, 'clock' | 'seed' | 'names'>>;

function checked(init: Omit<NetworkInit, 'clock' | 'seed' | 'names'>): Conditions {
  const { mtu = 1500, tooLarge = 'EMSGSIZE', faults = {}, unreachable = true } = init;
  if (!(mtu >= 68)) throw new RangeError(`mtu must be at least 68 (RFC 791), received ${mtu}`);
  checkFaults(faults);
  return { mtu, tooLarge, faults, unreachable };
}

function outcome(
  verdict: RuleVerdict,
  chance: { readonly fate: Fate; readonly delay: number },
  data: Uint8Array,
): { readonly fate: Fate; readonly delay: number; readonly bytes: Uint8Array } {
  if (verdict === undefined) return { fate: chance.fate, delay: chance.delay, bytes: data };
  if (typeof verdict === 'string') return { fate: verdict, delay: chance.delay, bytes: data };
  if ('replace' in verdict) return { fate: 'pass', delay: chance.delay, bytes: verdict.replace.slice() };
  return { fate: verdict.fate ?? 'pass', delay: verdict.delay, bytes: data };
}

/** Milliseconds after which a datagram that was held back for reordering goes on alone. */
const HOLD_LIMIT = 200;
