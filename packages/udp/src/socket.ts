/**
 * The udp socket of avs_net on node:dgram: SocketOperations over one system socket at a time. Keeps no queue and no
 * state machine, which are core's. Has no pause: datagrams beyond the queue of core are dropped there.
 */

import {
  type Address,
  type Attempt,
  abortError,
  candidates,
  formatAddress,
  type IpVersion,
  interfaceName,
  type Lookup,
  NetError,
  type OptionKey,
  type OptionValues,
  type SocketHost,
  type SocketOperations,
  systemError,
  type UnreadDatagram,
  unmapAddress,
  versionOf,
  versionOrder,
} from '@avs-net/core/plugin';
import { AskedAddresses } from './asked-addresses.ts';
import { bindSocket } from './binding.ts';
import { connectSystemSocket, mapAddress } from './family-switch.ts';
import { icmpError } from './icmp-error.ts';
import { LARGEST_MESSAGE } from './mtu.ts';
import { getOption, type OpenSocket, setOption, type UdpOptions } from './options.ts';
import { peerOperations } from './peer-operations.ts';
import { PeerTable } from './peer-table.ts';
import { type BoundSocket, SystemSocket, type SystemSocketInit } from './system-socket.ts';

export interface UdpSocketInit {
  readonly host: SocketHost;
  readonly options: UdpOptions;
  readonly lookup: Lookup;
  /** Largest number of peers of one bound socket. */
  readonly peerLimit: number;
}

export class UdpSocket implements SocketOperations {
  readonly #init: UdpSocketInit;
  readonly #host: SocketHost;
  #system: SystemSocket | AskedAddresses | undefined;
  #remote: Address | undefined;
  /** The host of `#remote` as the system writes it in a datagram. */
  #remoteHost = '';
  #peers: PeerTable | undefined;
  #ended = false;
  #sendErrors = 0;
  /** Number of closes: what was under way when one came must not revive the socket. */
  #life = 0;

  constructor(init: UdpSocketInit) {
    this.#init = init;
    this.#host = init.host;
  }

  async connect(host: string, port: number, { signal }: Attempt): Promise<void> {
    const { options, lookup } = this.#init;
    const { preferredEndpoint } = options;
    const { backend } = this.#host;
    if (this.#peers !== undefined) throw this.#error('EISCONN', 'connect', 'the socket accepts peers');
    if (port === 0) throw this.#error('EADDRNOTAVAIL', 'connect', 'port 0 cannot be connected to');
    if (this.#system instanceof AskedAddresses) {
      throw this.#error('ENOTSUP', 'connect', 'replyFromAskedAddress is for sockets that serve: this one is bound so');
    }
    const life = this.#life;
    let failure: unknown;
    const addresses = candidates({
      ...{
        operation: 'connect',
        backend,
        host,
        port,
        versions: versionOrder(options.preferredFamily, options.addressFamily),
        lookup,
        signal,
      },
      ...{ preferred: preferredEndpoint?.address, unresolvable: 'EADDRNOTAVAIL' },
    });
    for await (const address of addresses) {
      if (signal.aborted) break;
      const bound = this.#system as SystemSocket | undefined;
      try {
        const open = (version: IpVersion, ipv6Only: boolean): SystemSocket => this.#open(version, ipv6Only);
        const system = await connectSystemSocket(address, { backend, bound, open });
        if (signal.aborted || life !== this.#life) {
          if (system === bound) bound.disconnect();
          else await system.close();
          break;
        }
        this.#connected(system);
        if (preferredEndpoint !== undefined) preferredEndpoint.address = address;
        if (system !== bound) await bound?.close();
        return;
      } catch (error) {
        failure = systemError(error, { operation: 'connect', backend, address });
      }
    }
    throw signal.aborted ? abortError('connect', signal, backend) : failure;
  }

  async bind(host: string, port: number): Promise<void> {
    const life = this.#life;
    this.#system = await bindSocket({
      ...{ host, port, options: this.#init.options, lookup: this.#init.lookup, backend: this.#host.backend },
      open: (version, ipv6Only, message) => this.#open(version, ipv6Only, message),
      receive: (system, data, from) => this.#receive(system, data, from),
      wanted: () => life === this.#life,
    });
  }

  listen(unread: readonly UnreadDatagram[]): void {
    const { options, peerLimit } = this.#init;
    const system = this.#opened('accept');
    const peers = new PeerTable({
      host: this.#host,
      limit: peerLimit,
      transmit: (data, to) => this.#transmit(data, to, 'send'),
      operations: (peer, host) =>
        peerOperations({ peer, host, options: { ...options }, version: system.version, bound: this }),
    });
    this.#peers = peers;
    for (const { data, from } of unread) {
      const asIs = from.local !== undefined || versionOf(from.host) === system.version;
      peers.receive(data, asIs ? from : mapAddress(from));
    }
  }

  send(data: Uint8Array): void | Promise<void> {
    const system = this.#opened('send');
    if (this.#remote === undefined) throw this.#error('EDESTADDRREQ', 'send', 'not connected: use sendTo');
    this.#checkSize(data, versionOf(this.#remote.host), 'send');
    return system.sender.send(data);
  }

  sendTo(data: Uint8Array, to: Address): void | Promise<void> {
    if (this.#remote === undefined) return this.#transmit(data, to, 'sendTo');
    if (to.host === this.#remote.host && to.port === this.#remote.port) return this.send(data);
    throw this.#error('EISCONN', 'sendTo', `connected to ${formatAddress(this.#remote)}, the only peer it can send to`);
  }

  async resolve(host: string, port: number): Promise<Address> {
    const { version, dualStack } = this.#opened('sendTo');
    const { lookup, options } = this.#init;
    const versions = versionOrder(options.preferredFamily, options.addressFamily).filter(
      (each) => each === version || (each === 4 && dualStack),
    );
    const { backend } = this.#host;
    const resolution = { operation: 'sendTo', backend, host, port, lookup, unresolvable: 'EADDRNOTAVAIL' } as const;
    for await (const address of candidates({ ...resolution, versions })) return address;
    throw this.#error('EADDRNOTAVAIL', 'sendTo', `${JSON.stringify(host)} has no address`);
  }

  /** dgram cannot shut down: what comes is dropped, and core refuses to send. Peers live on. */
  async shutdown(how: 'both' | 'write'): Promise<void> {
    this.#ended ||= how === 'both';
  }

  async close(): Promise<void> {
    const system = this.#system;
    const peers = this.#peers;
    this.#life += 1;
    this.#system = undefined;
    this.#remote = undefined;
    this.#peers = undefined;
    this.#ended = false;
    peers?.end(() => this.#error('ECONNABORTED', 'receive', 'the socket that accepted this peer was closed'));
    await system?.close();
  }

  interfaceName(): string {
    return interfaceName(this.#opened('interfaceName').local(), this.#host.backend);
  }

  remote(): Address | undefined {
    return this.#remote;
  }

  local(): Address | undefined {
    const local = this.#system?.local();
    return local && { host: unmapAddress(local.host), port: local.port };
  }

  getOption<K extends OptionKey>(key: K): OptionValues[K] {
    return getOption(this.#init.options, key, this.#sizes(), this.#host.backend);
  }

  setOption<K extends OptionKey>(key: K, value: OptionValues[K]): void {
    setOption(this.#init.options, key, value);
  }

  /** Datagrams that the system refused, and peers that are known. */
  stats(): Readonly<Record<string, number>> {
    return { sendErrors: this.#sendErrors, peers: this.#peers?.size ?? 0 };
  }

  #open(
    version: IpVersion,
    ipv6Only: boolean,
    message: SystemSocketInit['message'] = (system, data, { address, port }) =>
      this.#receive(system, data, { host: address, port }),
  ): SystemSocket {
    const { reuseAddress, reusePort } = this.#init.options;
    return new SystemSocket({
      ...{ version, ipv6Only, reuseAddress, reusePort, backend: this.#host.backend, message },
      failed: (system, error) => this.#failed(system, error),
    });
  }

  #connected(system: SystemSocket): void {
    const { host, port } = system.remote();
    this.#system = system;
    this.#remoteHost = host;
    this.#remote = { host: unmapAddress(host), port };
  }

  /** `from` as the system writes it. */
  #receive(system: BoundSocket, data: Uint8Array, from: Address): void {
    if (system !== this.#system) return;
    const { host, port } = from;
    const remote = this.#remote;
    if (this.#ended) this.#host.dropped('afterEnd');
    else if (remote === undefined) {
      if (this.#peers !== undefined) this.#peers.receive(data, from);
      else this.#host.deliver(data, from.local === undefined ? { host: unmapAddress(host), port } : from);
    } else if (port === remote.port && host === this.#remoteHost) this.#host.deliver(data, remote);
    // Waited in the system since before the socket was connected.
    else this.#host.dropped('notPeer');
  }

  #failed(system: SystemSocket, error: NodeJS.ErrnoException): void {
    if (system !== this.#system && !(this.#system instanceof AskedAddresses)) return;
    const sending = error.syscall === 'send';
    if (sending) this.#sendErrors += 1;
    const reported = icmpError(error, this.#remote !== undefined);
    if (reported === undefined) {
      this.#host.dropped('icmp');
      return;
    }
    const operation = sending ? 'send' : 'receive';
    this.#host.softError(systemError(reported, { operation, backend: this.#host.backend, address: this.#remote }));
  }

  #transmit(data: Uint8Array, to: Address, operation: string): undefined | Promise<void> {
    const system = this.#opened(operation);
    const version = versionOf(to.host);
    this.#checkSize(data, versionOf(unmapAddress(to.host)), operation);
    if (to.port === 0) throw this.#error('EADDRNOTAVAIL', operation, 'nothing can be sent to port 0');
    const asIs = version === system.version || system instanceof AskedAddresses;
    if (asIs) return system.sender.send(data, to);
    if (version === 4 && system.dualStack) return system.sender.send(data, mapAddress(to));
    const message = `${formatAddress(to)} cannot be reached from a socket bound to IPv${system.version}`;
    throw this.#error('EADDRNOTAVAIL', operation, message);
  }

  #checkSize(data: Uint8Array, version: IpVersion, operation: string): void {
    const limit = LARGEST_MESSAGE[version];
    if (data.length <= limit) return;
    const message = `${data.length} bytes do not fit one datagram: over IPv${version} it holds at most ${limit}`;
    throw this.#error('EMSGSIZE', operation, message);
  }

  #opened(operation: string): SystemSocket | AskedAddresses {
    if (this.#system === undefined) throw this.#error('EBADF', operation, 'the socket is closed');
    return this.#system;
  }

  #sizes(): OpenSocket | undefined {
    const system = this.#system;
    if (system === undefined) return undefined;
    return { version: system.version, packets: this.#remote ? versionOf(this.#remote.host) : system.version };
  }

  #error(code: string, operation: string, message: string): NetError {
    return new NetError({ code, operation, message, backend: this.#host.backend });
  }
}
