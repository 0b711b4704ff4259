/**
 * A `LowerSocket` straight on the network. What it hands to its sink is overwritten right after the call, so that a
 * layer above that keeps borrowed bytes is found out. EMSGSIZE and ICMP arrive as soft errors, later.
 */

import { type Address, formatAddress, type LowerSink, type LowerSocket, NetError } from '@avs-net/core/plugin';
import { headers, type NetworkCore } from './network-core.ts';
import type { Port } from './port.ts';

export interface VirtualLowerInit {
  /** Default: a free port of 127.0.0.1. */
  readonly local?: Address;
  /** Connected: only this peer is heard, and `send` goes to it. */
  readonly remote?: Address;
}

export interface VirtualLower extends LowerSocket {
  readonly local: Address;
  sendTo(data: Uint8Array, to: Address): void;
  /** Gives the address back; nothing is delivered afterwards. */
  close(): void;
  /** Datagrams lost because `QUEUE_LIMIT` were waiting. */
  readonly queueFull: number;
}

export function virtualLower(network: NetworkCore, { local, remote }: VirtualLowerInit): VirtualLower {
  let sink: LowerSink | undefined;
  let paused = false;
  let closed = false;
  let queueFull = 0;
  const queue: (() => void)[] = [];

  const flush = (): void => {
    while (!paused && !closed && sink !== undefined) {
      const next = queue.shift();
      if (next === undefined) return;
      next();
    }
  };
  const arrived = (report: () => void): void => {
    if (queue.length >= QUEUE_LIMIT) queueFull += 1;
    else queue.push(report);
    flush();
  };

  const wanted = local ?? { host: '127.0.0.1', port: 0 };
  const attached: Port | undefined = network.attach(wanted, {
    datagram(data, from) {
      if (remote !== undefined && formatAddress(remote) !== formatAddress(from)) return;
      arrived(() => {
        sink!.receive(data, from);
        data.fill(SCRIBBLE);
      });
    },
    unreachable(about) {
      if (remote === undefined || formatAddress(remote) !== formatAddress(about)) return;
      const message = `${formatAddress(about)} answered port unreachable`;
      arrived(() => sink!.softError(new NetError({ code: 'ECONNREFUSED', operation: 'receive', message })));
    },
  });
  if (attached === undefined) throw new Error(`lower: ${formatAddress(wanted)} is taken`);
  const port = attached;

  const sendTo = (data: Uint8Array, to: Address): void => {
    if (closed) throw new Error('lower: sent after close');
    if (network.send(port, data, to) === undefined) return;
    const message = `a datagram of ${data.length} bytes does not fit the path to ${formatAddress(to)}`;
    network.clock.timer(0, () => {
      if (!closed) sink?.softError(new NetError({ code: 'EMSGSIZE', operation: 'send', message }));
    });
  };

  return {
    kind: 'datagram',
    local: port.local,
    start(begun) {
      sink = begun;
      network.clock.timer(0, flush);
    },
    send(data) {
      if (remote === undefined) throw new Error('lower: send needs a remote address');
      sendTo(data, remote);
    },
    sendTo,
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      network.clock.timer(0, flush);
    },
    innerMtu: () => network.mtu() - headers(remote ?? port.local),
    close() {
      closed = true;
      port.detach();
    },
    get queueFull() {
      return queueFull;
    },
  };
}

const QUEUE_LIMIT = 256;
const SCRIBBLE = 0xa5;
