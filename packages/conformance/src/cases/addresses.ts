/**
 * Servers that are called by an address: what their certificates must bear (RFC 9525 §6.4, octet for octet), each with
 * its negative twins.
 */

import type { SecureConfiguration } from '@avs-net/core/plugin';
import { type FixtureOptions, fixtureAuthority } from '../certificates/authority.ts';
import { asClient, asServer, trusting } from '../certificates/configuration.ts';
import { refusedBetween, refusedByClient } from '../certificates/refused-handshake.ts';
import { BOTH_TYPES, type ConformanceCase } from '../conformance-case.ts';
import { assertTalks } from '../expectation.ts';

const BY_ADDRESS = { role: 'client', needs: ['certificate'], mutual: true, types: BOTH_TYPES } as const;

/** What a client calls its server, and what the certificate bears. A zone is local to the client (RFC 4007 §11). */
const SAME = [
  ['2001:db8::1', '2001:db8::1'],
  ['2001:DB8:0:0::0001', '2001:db8::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['::ffff:192.0.2.77', '::ffff:192.0.2.77'],
  ['::ffff:c000:24d', '::ffff:192.0.2.77'],
] as const;

/** The same for servers to refuse; their common names are right. */
const OTHER: readonly (readonly [string, FixtureOptions])[] = [
  ['2001:db8::1', { addresses: ['2001:db8::2', '192.0.2.77'] }],
  ['2001:db8::1', { names: ['2001:db8::1'] }],
  ['2001:db8::1', {}],
  ['::ffff:192.0.2.77', { addresses: ['192.0.2.77'] }],
  ['192.0.2.77', { addresses: ['::ffff:192.0.2.77'] }],
];

/** What resolvers of names take for `PLAIN`: short, octal, hexadecimal (inet_aton), and in full-width digits. */
const DISGUISES = ['192.0.589', '192.0.2.0115', '0xc000024d', '\uff11\uff19\uff12.0.2.77'];
const PLAIN = '192.0.2.77';

export const ADDRESSES: readonly ConformanceCase[] = [
  {
    ...BY_ADDRESS,
    id: 'certificate/address',
    title: 'compares an address with the addresses of a certificate',
    async run(stage) {
      const root = fixtureAuthority('root');
      const byAddress: Partial<SecureConfiguration> = { security: trusting(root) };
      const right = root.issue('server', { addresses: [stage.serverHost] });
      await assertTalks(await stage.pair({ client: byAddress, server: asServer(right) }));
      for (const options of [{ addresses: ['192.0.2.77'] }, { names: [stage.serverHost] }]) {
        await refusedByClient(stage, byAddress, asServer(root.issue('server', options)));
      }
    },
  },
  {
    ...BY_ADDRESS,
    id: 'certificate/ipv6-address',
    title: 'compares an IPv6 address by its octets, however it is written, and never as a name',
    async run(stage) {
      const root = fixtureAuthority('root');
      for (const [address, borne] of SAME) {
        const client = { ...asClient(root), serverNameIndication: address };
        const server = asServer(root.issue('server', { addresses: [borne] }));
        await assertTalks(await stage.pair({ client, server }));
      }
      for (const [address, options] of OTHER) {
        const client = { ...asClient(root), serverNameIndication: address };
        await refusedByClient(stage, client, asServer(root.issue(address, options)));
      }
    },
  },
  {
    ...BY_ADDRESS,
    id: 'certificate/disguised-address',
    title: 'takes an IPv4 address in other notations neither for that address nor for a name',
    async run(stage) {
      const root = fixtureAuthority('root');
      for (const disguise of DISGUISES) {
        const client = { ...asClient(root), serverNameIndication: disguise };
        const ascii = disguise === DISGUISES.at(-1) ? PLAIN : disguise;
        const server = root.issue(ascii, { addresses: [PLAIN], names: [ascii] });
        // It may be known before anything is sent.
        await refusedBetween(stage, client, asServer(server), 'EINVAL', 'EPROTO');
      }
    },
  },
];
