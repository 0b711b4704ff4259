/** For tests: the host of a udp socket, and sockets on it. */

import type { Address, Clock, TransportConfiguration } from '@avs-net/core/plugin';
import { Arrivals } from '../../../test/arrivals.ts';
import {
  type AcceptedPeer as Accepted,
  type MadeSocket as Made,
  openSocket,
  TransportHost,
} from '../../../test/transport-host.ts';
import { createUdp, type UdpSettings } from '../src/plugin.ts';

export { bytes, closeAll, type Operations, text, unaborted } from '../../../test/transport-host.ts';

export interface Delivery {
  readonly data: Uint8Array;
  readonly from: Address | undefined;
}

export class FakeHost extends TransportHost<FakeHost> {
  readonly backend = 'udp';
  readonly clock: Clock = {
    now: () => 0,
    timer: () => {
      throw new Error('a udp socket needs no timer');
    },
  };
  readonly messages: Arrivals<Delivery> = new Arrivals();

  deliver(data: Uint8Array, from?: Address): void {
    this.messages.add({ data, from });
  }

  end(): void {
    throw new Error('datagram sockets have no end');
  }

  protected another(): FakeHost {
    return new FakeHost();
  }
}

export type MadeSocket = Made<FakeHost>;
export type AcceptedPeer = Accepted<FakeHost>;

export function makeSocket(
  configuration: TransportConfiguration = {},
  settings: UdpSettings = {},
): Promise<MadeSocket> {
  return openSocket(createUdp(settings), configuration, new FakeHost());
}

export interface BoundSocket extends MadeSocket {
  readonly port: number;
}

/** A socket that is bound to a free port of `address`. */
export async function makeBound(address: string, configuration: TransportConfiguration = {}): Promise<BoundSocket> {
  const made = await makeSocket(configuration);
  await made.socket.bind(address, 0);
  return { ...made, port: made.socket.local()?.port as number };
}
