/**
 * `bind` of a udp socket: which addresses are tried in which order, and what stands for all addresses of the machine.
 */

import cluster from 'node:cluster';
import {
  type Address,
  candidates,
  formatAddress,
  type IpVersion,
  type Lookup,
  NetError,
  systemError,
  versionOf,
  versionOrder,
} from '@avs-net/core/plugin';
import { AskedAddresses } from './asked-addresses.ts';
import type { UdpOptions } from './options.ts';
import { ANY, type BoundSocket, type SystemSocket, type SystemSocketInit } from './system-socket.ts';

export interface Binding {
  /** '' is every address of the machine. */
  readonly host: string;
  readonly port: number;
  readonly options: UdpOptions;
  readonly lookup: Lookup;
  readonly backend: string;
  open(version: IpVersion, ipv6Only: boolean, message?: SystemSocketInit['message']): SystemSocket;
  /** Of a socket that does not get its datagrams by `open`. */
  receive(socket: BoundSocket, data: Uint8Array, from: Address): void;
  /** False once it was closed meanwhile. */
  wanted(): boolean;
}

export async function bindSocket(binding: Binding): Promise<SystemSocket | AskedAddresses> {
  const { host, port, options, lookup, backend } = binding;
  const versions = versionOrder(options.preferredFamily, options.addressFamily);
  if (options.replyFromAskedAddress && (host === '' || host === ANY[4] || host === ANY[6])) {
    return await bindEach(binding, host === ANY[4] ? versions.filter((version) => version === 4) : versions);
  }
  let failure: NetError | undefined;
  const addresses =
    host === ''
      ? versions.map((version) => ({ host: ANY[version], port }))
      : candidates({ operation: 'bind', backend, host, port, versions, lookup, unresolvable: 'EINVAL' });
  for await (const address of addresses) {
    const system = binding.open(versionOf(address.host), options.addressFamily === 'inet6');
    try {
      await system.bind(address);
      if (!binding.wanted()) throw closedMeanwhile(backend);
      return system;
    } catch (error) {
      await system.close();
      failure = systemError(inCluster(error, address, backend), { operation: 'bind', backend, address });
      // The port is refused, not the family: half of what was asked for would be a surprise.
      if (PORT_REFUSED.includes(failure.code) || !binding.wanted()) break;
    }
  }
  throw failure;
}

async function bindEach(binding: Binding, versions: readonly IpVersion[]): Promise<AskedAddresses> {
  const { host, port, backend, open, receive, wanted } = binding;
  try {
    const sockets = await AskedAddresses.bind({
      ...{ backend, versions, port, receive },
      open: (version, message) => open(version, true, (_, data, info) => message(data, info)),
    });
    if (wanted()) return sockets;
    await sockets.close();
    throw closedMeanwhile(backend);
  } catch (error) {
    const address = { host: host === '' ? ANY[versions.includes(6) ? 6 : 4] : host, port };
    throw systemError(inCluster(error, address, backend), { operation: 'bind', backend, address });
  }
}

/** Workers of node:cluster usually share one handle; here they do not, and need to be told. */
function inCluster(error: unknown, address: Address, backend: string): unknown {
  if (!cluster.isWorker || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return error;
  return new NetError({
    code: 'EADDRINUSE',
    operation: 'bind',
    backend,
    message:
      `${formatAddress(address)} is in use, perhaps by another worker: the shared socket of node:cluster would ` +
      'spread the datagrams of one peer over all workers, so that each binds by itself here; set reusePort (Node 22.12 ' +
      'and newer) in all of them, or give each a port of its own',
    cause: error,
  });
}

function closedMeanwhile(backend: string): NetError {
  return new NetError({ code: 'ECONNABORTED', operation: 'bind', message: 'closed meanwhile', backend });
}

const PORT_REFUSED: readonly string[] = ['EADDRINUSE', 'EACCES'];
