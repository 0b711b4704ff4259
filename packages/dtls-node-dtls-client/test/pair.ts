/**
 * A client of this package and a `PskServer` on the in-process network and its clock, and the path between them.
 */

import {
  createNetwork,
  type Network,
  type NetworkInit,
  type VirtualClock,
  virtualClock,
} from '@avs-net/conformance/network';
import type { AssociationRequest } from '@avs-net/core/plugin';
import { dtls } from 'node-dtls-client';
import { type AssociationInit, NodeDtlsClientAssociation } from '../src/association.ts';
import { filteredAssociation } from '../src/context.ts';
import { type Driven, driven } from './driven.ts';
import { PskServer, type PskServerInit } from './psk-server.ts';

export const KEY: Buffer = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
export const IDENTITY: Buffer = Buffer.from('device-1');

export interface PairInit {
  readonly client?: Partial<AssociationInit>;
  readonly request?: Partial<AssociationRequest>;
  readonly server?: Partial<PskServerInit>;
  readonly network?: Partial<NetworkInit>;
  /** False: the association without the record filter, as only this package's tests see it. */
  readonly filter?: boolean;
}

export interface Pair {
  readonly client: Driven;
  readonly server: PskServer;
  readonly network: Network;
  readonly clock: VirtualClock;
  /** Runs timers until `done` or until nothing is left to happen. */
  run(done?: () => boolean): void;
  /** Until the client is established or has failed. */
  shake(): void;
}

export const CLIENT: AssociationInit = {
  library: dtls,
  identity: IDENTITY,
  key: KEY,
  ciphersuites: [0xc0a8, 0xc0a4, 0x00a8, 0x00a9],
  retransmission: true,
};

export function pair({ client, request, server, network: conditions, filter = true }: PairInit = {}): Pair {
  const clock = virtualClock();
  const network = createNetwork({ clock, faults: { delay: { min: 10, max: 10 } }, ...conditions });
  const near = { host: '192.0.2.1', port: 40_000 };
  const far = { host: '192.0.2.2', port: 5684 };
  const serverLower = network.lower({ local: far, remote: near });
  const peer = new PskServer({ key: KEY, send: (datagram) => serverLower.send(datagram), ...server });
  serverLower.start({
    receive(data) {
      peer.receive(Buffer.from(data), clock.now());
      arm();
    },
    end() {},
    softError() {},
    failed() {},
  });
  let armedFor: number | undefined;
  const arm = (): void => {
    const { deadline } = peer;
    if (deadline === undefined || deadline === armedFor) return;
    armedFor = deadline;
    clock.timer(deadline - clock.now(), () => {
      peer.timeout(clock.now());
      arm();
    });
  };
  const init = { ...CLIENT, ...client };
  const made = driven({
    make: (asked) => (filter ? filteredAssociation(init, asked) : new NodeDtlsClientAssociation(init, asked)),
    lower: network.lower({ local: near, remote: far }),
    clock,
    request: { lowerMtu: 1400, ...request },
  });
  const run = (done: () => boolean = () => false): void => {
    while (!done() && clock.now() < LONGEST_RUN && clock.step());
  };
  const shake = (): void => run(() => made.established || made.failed !== undefined);
  return { client: made, server: peer, network, clock, run, shake };
}

/** Virtual milliseconds; a peer that repeats itself for ever ends here. */
const LONGEST_RUN = 1_000_000;
