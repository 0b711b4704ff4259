/** An address that one peer after the other has, as behind a NAT that gives its ports to others. */

import { idRecord } from '@avs-net/conformance/dtls-records';
import type { Address, AssociationInfo, ServerLimits } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import { FakeEndpoint, FakeLower, type Opened } from '../../../test/fake-endpoint.ts';

const NAT: Address = { host: '192.0.2.1', port: 5_000 };
const AWAY: Address = { host: '192.0.2.1', port: 6_000 };
const identity = (name: string): AssociationInfo => ({ pskIdentity: Buffer.from(name) });

/** Two peers at one address, the first of which is found by its id. */
function twoPeers(first: AssociationInfo, second: AssociationInfo, limits: ServerLimits = {}) {
  const endpoint = new FakeEndpoint(limits, new FakeLower(), { ids: true });
  const old = endpoint.establishWithId(NAT);
  Object.assign(old.association.facts, first);
  const young: Opened = endpoint.begin(NAT, { random: 8 });
  young.association.establish(second);
  return { endpoint, old, young };
}

describe('a peer with an id, at whose address somebody else shakes hands', () => {
  it.each<[string, AssociationInfo, AssociationInfo]>([
    ['with another identity', identity('x'), identity('y')],
    ['with another certificate', { peerCertificates: [Buffer.of(1)] }, { peerCertificates: [Buffer.of(2)] }],
    ['without having shown who it is', identity('x'), {}],
  ])('%s, is still found by its id', (_, first, second) => {
    const { endpoint, old, young } = twoPeers(first, second);
    expect([old.over, young.over]).toEqual([false, false]);
    endpoint.arrive(idRecord(old.id, { sequence: 1 }), AWAY);
    expect(old.messages).toHaveLength(1);
    expect(old.moves).toHaveLength(1);
    expect(endpoint.listener.stats()).toMatchObject({ peers: 2, peersReplaced: 0, peersMoved: 1 });
  });

  it.each<[string, AssociationInfo, AssociationInfo, ServerLimits]>([
    ['if it is the same one, which has lost its state', identity('x'), identity('x'), {}],
    ['if nobody has shown who he is', {}, {}, {}],
    ['if there is no room for both', identity('x'), identity('y'), { maxPeers: 1 }],
  ])('is replaced %s', (_, first, second, limits) => {
    const { endpoint, old } = twoPeers(first, second, limits);
    expect(old.over).toBe(true);
    expect(endpoint.listener.stats()).toMatchObject({ peers: 1, peersReplaced: 1 });
  });

  it('leaves nothing behind when both are gone', () => {
    const { endpoint, old, young } = twoPeers(identity('x'), identity('y'));
    young.association.shutdown();
    old.association.shutdown();
    expect(endpoint.stat('entries')).toBe(0);
  });
});
