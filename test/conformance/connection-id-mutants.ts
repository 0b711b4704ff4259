/**
 * Broken copies of dtls-openssl, because the reference backend knows no connection ids: one thing changed at the border
 * of the contract, and the case that is there to catch it.
 */

import type { Association, AssociationRequest, SecureConfiguration } from '@avs-net/core/plugin';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { brokenCopy, type Mutant, overridden, withOutput } from './broken-copy.ts';

type Info = ReturnType<Association['info']>;

export const CONNECTION_ID_MUTANTS: readonly Mutant[] = [
  mutant('takes every datagram for the newest record', 'ids/forged-record', {
    newest: (_, datagrams) => datagrams,
  }),
  mutant('takes what authenticates for the newest record', 'ids/old-record', {
    newest: (_, __, messages) => messages,
  }),
  mutant('never says what is newest', 'ids/server-follows', { newest: () => undefined }),
  mutant('gives ids of a length of its own', 'ids/lengths', {
    request: (request) =>
      request.role === 'client' ? { ...request, connectionId: new Uint8Array(8).fill(9) } : request,
  }),
  mutant('never offers an id', 'ids/lengths', {
    configuration: ({ connectionId: _, ...configuration }) => configuration,
  }),
  mutant('takes its own id for that of the peer', 'ids/lengths', {
    info: (info) =>
      info.connectionId === undefined
        ? info
        : { ...info, connectionId: { own: info.connectionId.own, peer: info.connectionId.own } },
  }),
  mutant('speaks of ids that were not negotiated', 'ids/client-refused', {
    info: (info, request) =>
      info.connectionId === undefined && request.role === 'client'
        ? { ...info, connectionId: { own: new Uint8Array(0), peer: new Uint8Array(4) } }
        : info,
  }),
  mutant('forgets the id in the largest message', 'ids/inner-mtu', {
    maxMessage: (limit, sound) => sound.maxMessage(limit + (sound.info().connectionId?.peer.length ?? 0)),
  }),
  mutant('puts an id on what comes before there is one', 'ids/lengths', {
    // A second copy of every plaintext record, as if ids were a matter of course.
    datagram: (bytes) => (bytes[0] === 22 && bytes[4] === 0 ? [asIdRecord(bytes), bytes] : [bytes]),
  }),
];

interface Change {
  readonly newest?: (sound: number | undefined, datagrams: number, messages: number) => number | undefined;
  readonly configuration?: (configuration: SecureConfiguration) => SecureConfiguration;
  readonly request?: (request: AssociationRequest) => AssociationRequest;
  readonly info?: (info: Info, request: AssociationRequest) => Info;
  readonly maxMessage?: (limit: number, sound: Association) => number;
  readonly datagram?: (bytes: Uint8Array) => readonly Uint8Array[];
}

function mutant(name: string, caughtBy: string, change: Change): Mutant {
  const plugin = brokenCopy(dtlsOpenssl, {
    configuration: change.configuration,
    association: (make) => (asked) => {
      const counts = { datagrams: 0, messages: 0 };
      const request = change.request?.(asked) ?? asked;
      return broken(make(counting(request, counts, change)), request, change, counts);
    },
  });
  return { name, caughtBy, plugin };
}

interface Counts {
  datagrams: number;
  messages: number;
}

function counting(request: AssociationRequest, counts: Counts, change: Change): AssociationRequest {
  return withOutput(request, (output) => ({
    datagram(bytes) {
      for (const each of change.datagram?.(bytes) ?? [bytes]) output.datagram(each);
    },
    message(bytes) {
      counts.messages += 1;
      output.message(bytes);
    },
  }));
}

function broken(sound: Association, request: AssociationRequest, change: Change, counts: Counts): Association {
  const { newest, info, maxMessage } = change;
  return overridden(sound, {
    get newest() {
      return newest === undefined ? sound.newest : newest(sound.newest, counts.datagrams, counts.messages);
    },
    info: () => info?.(sound.info(), request) ?? sound.info(),
    maxMessage: (limit) => maxMessage?.(limit, sound) ?? sound.maxMessage(limit),
    receive(bytes, now) {
      counts.datagrams += 1;
      sound.receive(bytes, now);
    },
  });
}

function asIdRecord(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy[0] = 25;
  return copy;
}
