/**
 * The tcp socket of avs_net on node:net: SocketOperations over one connection or one listening socket at a time. Keeps
 * no queue and no state machine, which are core's. Sends at once (TCP_NODELAY): a message is worth a segment.
 */

import type { Socket } from 'node:net';
import {
  type Address,
  type Attempt,
  abortError,
  candidates,
  interfaceName,
  type Lookup,
  NetError,
  type OptionKey,
  type OptionValues,
  type SocketHost,
  type SocketOperations,
  systemError,
  unmapAddress,
  versionOf,
  versionOrder,
} from '@avs-net/core/plugin';
import { Connection } from './connection.ts';
import { connectionOperations } from './connection-operations.ts';
import { dial } from './dial.ts';
import { Listener } from './listener.ts';
import { getOption, setOption, type TcpOptions } from './options.ts';

export interface TcpSocketInit {
  readonly host: SocketHost;
  readonly options: TcpOptions;
  readonly lookup: Lookup;
}

export class TcpSocket implements SocketOperations {
  readonly #init: TcpSocketInit;
  readonly #host: SocketHost;
  #connection: Connection | undefined;
  #listener: Listener | undefined;
  /** Number of closes: what was under way when one came must not revive the socket. */
  #life = 0;

  constructor(init: TcpSocketInit) {
    this.#init = init;
    this.#host = init.host;
  }

  async connect(host: string, port: number, { signal }: Attempt): Promise<void> {
    const { options, lookup } = this.#init;
    const { preferredEndpoint, preferredFamily, addressFamily } = options;
    const { backend, clock } = this.#host;
    const life = this.#life;
    let failure: unknown;
    const addresses = candidates({
      ...{ operation: 'connect', backend, host, port, versions: versionOrder(preferredFamily, addressFamily), lookup },
      ...{ signal, preferred: preferredEndpoint?.address, unresolvable: 'EADDRNOTAVAIL' },
    });
    for await (const address of addresses) {
      try {
        const socket = await dial({ address, backend, clock, signal });
        if (signal.aborted || life !== this.#life) {
          socket.on('error', () => {}).destroy();
          break;
        }
        this.#connection = new Connection(socket, this.#host);
        if (preferredEndpoint !== undefined) preferredEndpoint.address = address;
        return;
      } catch (error) {
        failure = systemError(error, { operation: 'connect', backend, address });
        if (signal.aborted) break;
      }
    }
    throw signal.aborted ? abortError('connect', signal, backend) : (failure ?? this.#closed('connect'));
  }

  /** Listens at once, as in avs_net. */
  async bind(host: string, port: number): Promise<void> {
    const { options, lookup } = this.#init;
    const { backend } = this.#host;
    const life = this.#life;
    const versions = versionOrder(options.preferredFamily, options.addressFamily);
    let failure: NetError | undefined;
    const addresses =
      host === ''
        ? versions.map((version) => ({ host: version === 4 ? '0.0.0.0' : '::', port }))
        : candidates({ operation: 'bind', backend, host, port, versions, lookup, unresolvable: 'EINVAL' });
    for await (const address of addresses) {
      const listener = new Listener(this.#host);
      try {
        await listener.bind(address, options.addressFamily === 'inet6');
        if (life !== this.#life) throw this.#closed('bind');
        this.#listener = listener;
        return;
      } catch (error) {
        listener.close();
        failure = systemError(error, { operation: 'bind', backend, address });
        // The port is refused, not the family: half of what was asked for would be a surprise.
        if (PORT_REFUSED.includes(failure.code) || life !== this.#life) break;
      }
    }
    throw failure;
  }

  listen(): void {
    this.#listener?.accept((socket) => this.#accepted(socket));
  }

  send(data: Uint8Array): void | Promise<void> {
    if (this.#connection === undefined) throw this.#error('ENOTCONN', 'send', 'not connected');
    return this.#connection.send(data);
  }

  /** A listening socket listens no more; the connections that it accepted live on. */
  async shutdown(how: 'both' | 'write'): Promise<void> {
    this.#listener?.close();
    await this.#connection?.shutdown(how);
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#life += 1;
    this.#listener?.close();
    this.#connection = undefined;
    this.#listener = undefined;
    await connection?.close();
  }

  pause(): void {
    this.#connection?.pause();
  }

  resume(): void {
    this.#connection?.resume();
  }

  interfaceName(): string {
    const local = this.local();
    if (local === undefined) throw this.#error('EBADF', 'interfaceName', 'the socket is closed');
    return interfaceName(local, this.#host.backend);
  }

  remote(): Address | undefined {
    return this.#connection?.remote;
  }

  local(): Address | undefined {
    if (this.#connection !== undefined) return this.#connection.local;
    const local = this.#listener?.local;
    return local && { host: unmapAddress(local.host), port: local.port };
  }

  getOption<K extends OptionKey>(key: K): OptionValues[K] {
    const listening = this.#listener?.local?.host;
    const version = this.#connection?.version ?? (listening === undefined ? undefined : versionOf(listening));
    return getOption(this.#init.options, key, version, this.#host.backend);
  }

  setOption<K extends OptionKey>(key: K, value: OptionValues[K]): void {
    setOption(this.#init.options, key, value);
  }

  #accepted(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    let taken = false;
    // Gone again already.
    if (remoteAddress === undefined || remotePort === undefined) return void socket.destroy();
    this.#host.accepted({ host: unmapAddress(remoteAddress), port: remotePort }, (host) => {
      taken = true;
      return connectionOperations(new Connection(socket, host), { ...this.#init.options }, host);
    });
    if (!taken) socket.destroy();
  }

  #closed(operation: string): NetError {
    return this.#error('ECONNABORTED', operation, 'the socket was closed meanwhile');
  }

  #error(code: string, operation: string, message: string): NetError {
    return new NetError({ code, operation, message, backend: this.#host.backend });
  }
}

const PORT_REFUSED: readonly string[] = ['EADDRINUSE', 'EACCES'];
