import type { Address } from '@avs-net/core/plugin';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { PeerSession } from './peer-session.ts';
import { PeerTable } from './peer-table.ts';

function tableWith(...addresses: readonly Address[]): PeerTable {
  const table = new PeerTable();
  for (const peer of addresses) table.begin({ peer, guest: false } as PeerSession);
  return table;
}

function isKnown(table: PeerTable, address: Address): boolean {
  return table.find(address) !== undefined;
}

/** Few of each, so that they often differ in one thing only. */
const byte = fc.constantFrom(0, 1, 10, 127, 128, 255);
const host = fc.oneof(
  fc.tuple(byte, byte, byte, byte).map((bytes) => bytes.join('.')),
  fc.constantFrom('::', '::1', '::2', 'fe80::1%eth0', 'fe80::1%eth1', '2001:db8::1', '', '1', '1.2.3', '0.0.0.1.1'),
);
const address: fc.Arbitrary<Address> = fc
  .tuple(host, fc.constantFrom(1, 2, 65_535), fc.option(host, { nil: undefined }))
  .map(([name, port, local]) => ({
    host: name,
    port,
    ...(local !== undefined && { local: { host: local, port: 1 } }),
  }));

it('tells addresses apart as their text does', () => {
  fc.assert(
    fc.property(fc.array(address, { maxLength: 20 }), address, (known, sought) => {
      const texts = known.map(textOf);
      expect(isKnown(tableWith(...known), sought)).toBe(texts.includes(textOf(sought)));
    }),
    { seed: 1, numRuns: 2_000 },
  );
});

it.each(['01.2.3.4', '1.2.3.04', '1.2.3.256', '1.2.3.4.', '.1.2.3', '1..2.3', '1.2.3.4 ', '1.2.3', '0x1.2.3.4'])(
  'takes %j for no IPv4 address',
  (strange) => {
    for (const canonical of ['1.2.3.4', '1.2.3.0', '0.1.2.3', '1.0.2.3', '1.2.4.0']) {
      expect(isKnown(tableWith({ host: canonical, port: 1 }), { host: strange, port: 1 })).toBe(false);
    }
    expect(isKnown(tableWith({ host: strange, port: 1 }), { host: strange, port: 1 })).toBe(true);
  },
);

it('finds who is mapped into IPv6 under the IPv4 address', () => {
  const table = tableWith({ host: '::ffff:192.0.2.1', port: 1 });
  expect(isKnown(table, { host: '192.0.2.1', port: 1 })).toBe(true);
  expect(isKnown(table, { host: '::FFFF:192.0.2.1', port: 1 })).toBe(true);
  expect(isKnown(table, { host: '192.0.2.1', port: 2 })).toBe(false);
});

it.each<[string, (low: number) => string]>([
  ['IPv4', (low) => `192.0.2.${low}`],
  ['IPv6', (low) => `2001:db8::${low.toString(16)}`],
])('does not let the hosts of one %s network choose ports with which all have the same hash', (_family, host) => {
  const table = new PeerTable();
  const addresses: Address[] = Array.from({ length: 256 }, (_, low) => ({ host: host(low), port: 49_152 ^ low }));
  for (const peer of addresses) table.begin({ peer, guest: false } as PeerSession);
  expect(addresses.filter((each) => table.find(each)?.next !== undefined).length).toBeLessThan(8);
});

it.each([
  [0, 1, 2, 3],
  [3, 2, 1, 0],
  [1, 3, 0, 2],
])('tells apart those whose hash is the same, and forgets them one by one: %i %i %i %i', (...order) => {
  const table = new PeerTable();
  // The two texts one behind the other are the same for all.
  const sessions = [0, 1, 2, 3].map((ones) => {
    const local = { host: `${'1'.repeat(3 - ones)}::2`, port: 5_684 };
    return { peer: { host: `2001:db8::${'1'.repeat(ones)}`, port: 1, local }, guest: false } as PeerSession;
  });
  for (const session of sessions) table.begin(session);
  expect(sessions.filter(({ peer }) => table.find(peer)?.next !== undefined)).toHaveLength(3);
  for (const [gone, index] of order.entries()) {
    table.remove(sessions[index]!);
    const left = sessions.map(({ peer }) => table.find(peer)?.handshake);
    expect(left).toEqual(sessions.map((session, at) => (order.indexOf(at) <= gone ? undefined : session)));
  }
  expect(table.entries).toBe(0);
});

function textOf({ host: name, port, local }: Address): string {
  return JSON.stringify([name, port, local?.host]);
}
