/**
 * One socket of the system, by node:dgram: bind, connect and close as promises. Addresses are IP literals only, so that
 * nothing is looked up and no call is put off.
 */

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { Address, IpVersion } from '@avs-net/core/plugin';
import { Sender } from './sender.ts';

export interface SystemSocketInit {
  readonly version: IpVersion;
  /** Only for version 6: refuse IPv4 peers. */
  readonly ipv6Only: boolean;
  readonly reuseAddress: boolean;
  readonly reusePort: boolean;
  readonly backend: string;
  message(socket: SystemSocket, data: Uint8Array, info: RemoteInfo): void;
  /** The system reported an error of a datagram, its own or ICMP. The socket lives. */
  failed(socket: SystemSocket, error: Error): void;
}

/** What sends: a socket of the system, or several that stand for one. */
export interface BoundSocket {
  readonly version: IpVersion;
  /** Carries IPv4 in v4-mapped addresses too. */
  readonly dualStack: boolean;
  readonly sender: Pick<Sender, 'send'>;
  local(): Address;
  close(): Promise<void>;
}

export class SystemSocket implements BoundSocket {
  readonly version: IpVersion;
  /** Carries IPv4 in v4-mapped addresses too. */
  readonly dualStack: boolean;
  /** Bound to every address of the machine. */
  wildcard = false;
  readonly sender: Sender;
  readonly #socket: Socket;
  #open = false;
  #closed: Promise<void> | undefined;

  constructor(init: SystemSocketInit) {
    const { version, ipv6Only, reuseAddress, reusePort, backend } = init;
    this.version = version;
    this.dualStack = version === 6 && !ipv6Only;
    this.#socket = createSocket({
      type: version === 4 ? 'udp4' : 'udp6',
      ipv6Only: version === 6 && ipv6Only,
      reuseAddr: reuseAddress,
      ...(reusePort && { reusePort }),
      lookup: literal as unknown as NonNullable<Parameters<typeof createSocket>[0] & object>['lookup'],
    });
    const failed = (error: Error): void => {
      if (this.#open) init.failed(this, error);
    };
    this.sender = new Sender(this.#socket, { backend, failed });
    this.#socket.on('message', (data, info) => init.message(this, data, info));
    this.#socket.on('error', failed);
  }

  /** `0.0.0.0` and `::` mean every address of the machine, port 0 any free one. */
  bind({ host, port }: Address): Promise<void> {
    this.wildcard = host === ANY[this.version];
    return new Promise((resolve, reject) => {
      const settle = (error?: Error): void => {
        this.#socket.off('listening', settle);
        this.#socket.off('error', settle);
        this.#socket.off('close', gone);
        this.#open = error === undefined;
        if (error === undefined) resolve();
        else reject(error);
      };
      const gone = (): void => settle(new Error('closed while binding'));
      this.#socket.once('listening', settle);
      this.#socket.once('error', settle);
      this.#socket.once('close', gone);
      // Not shared with the other processes of a node cluster: datagrams of one peer would be spread over them.
      this.#socket.bind({ address: host, port, exclusive: true });
    });
  }

  /** Needs a bound socket. No datagram is sent. */
  connect(address: Address): Promise<void> {
    return new Promise((resolve, reject) => {
      const gone = (): void => reject(new Error('closed while connecting'));
      this.#socket.once('close', gone);
      this.#socket.connect(address.port, address.host, (error?: Error) => {
        this.#socket.off('close', gone);
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  }

  disconnect(): void {
    this.#socket.disconnect();
  }

  local(): Address {
    const { address, port } = this.#socket.address();
    return { host: address, port };
  }

  /** As the system writes it. */
  remote(): Address {
    const { address, port } = this.#socket.remoteAddress();
    return { host: address, port };
  }

  /** Idempotent; resolves when the port is free. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#open = false;
      this.#socket.once('close', () => resolve());
      this.#socket.close();
      this.sender.close();
    });
    return this.#closed;
  }
}

function literal(host: string, _family: unknown, found: (error: null, address: string) => void): void {
  found(null, host);
}

/** The wildcard addresses. */
export const ANY: Readonly<Record<IpVersion, string>> = { 4: '0.0.0.0', 6: '::' };
