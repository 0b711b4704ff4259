/**
 * Real udp sockets into which a test can put datagrams from any address, as somebody on the path can: what is put in
 * arrives at the bound socket that was made first. What is sent to an address of 10/8 is only counted.
 */

import type { Address, Plugin, SocketHost } from '@avs-net/core/plugin';
import { udp } from '@avs-net/udp';

export type Way = 'in' | 'out';

export interface SpoofedUdp {
  readonly plugin: Plugin;
  /** Delivers now. */
  put(data: Uint8Array, from: Address): void;
  /** Datagrams that came to the first socket. */
  readonly arrived: { readonly data: Uint8Array; readonly from: Address }[];
  /** Sent to 10/8, the last of them, and the longest. */
  readonly away: { count: number; last: Uint8Array; longest: number };
  /** Thrown by the system when something is sent to 10/8. */
  refusal: Error | undefined;
  /** What becomes of datagrams between the first socket and real ones; default: nothing. */
  carry: (data: Uint8Array, way: Way, peer: Address) => Uint8Array | undefined;
}

export function spoofedUdp(): SpoofedUdp {
  let victim: SocketHost | undefined;
  const spoofed: SpoofedUdp = {
    plugin: {
      ...udp,
      async load() {
        const module = await udp.load();
        return {
          async context(configuration, contextHost) {
            const context = await module.context(configuration, contextHost);
            return { ...context, socket: (host) => (victim === undefined ? first(host) : context.socket!(host)) };

            function first(host: SocketHost): ReturnType<NonNullable<typeof context.socket>> {
              victim = host;
              const operations = context.socket!({
                ...host,
                deliver(data, from) {
                  const carried = spoofed.carry(data, 'in', from!);
                  if (carried === undefined) return;
                  spoofed.arrived.push({ data: carried.slice(), from: from! });
                  host.deliver(carried, from);
                },
              });
              // The operations are those of an object with private fields.
              return new Proxy(operations, {
                get(target, name) {
                  const value = Reflect.get(target, name) as unknown;
                  if (typeof value !== 'function') return value;
                  if (name === 'sendTo') return (data: Uint8Array, to: Address) => sendTo(target, data, to);
                  return value.bind(target) as unknown;
                },
              });
            }
          },
        };
      },
    },
    put: (data, from) => victim!.deliver(data.slice(), from),
    arrived: [],
    away: { count: 0, last: new Uint8Array(0), longest: 0 },
    refusal: undefined,
    carry: (data) => data,
  };
  function sendTo(
    operations: { sendTo?(data: Uint8Array, to: Address): void | Promise<void> },
    data: Uint8Array,
    to: Address,
  ): void | Promise<void> {
    if (!to.host.startsWith('10.')) {
      const carried = spoofed.carry(data, 'out', to);
      return carried === undefined ? undefined : operations.sendTo!(carried, to);
    }
    if (spoofed.refusal !== undefined) throw spoofed.refusal;
    spoofed.away.count += 1;
    spoofed.away.last = data.slice();
    spoofed.away.longest = Math.max(spoofed.away.longest, data.length);
  }
  return spoofed;
}
