/** Certificates, revocation lists and DANE, each with its negative twins. */

import assert from 'node:assert/strict';
import type { Role, SecureConfiguration, TlsaRecord } from '@avs-net/core/plugin';
import { type Fixture, type FixtureAuthority, fixtureAuthority, selfSigned } from '../certificates/authority.ts';
import {
  asClient,
  asServer,
  insisting,
  knows,
  NAMED,
  shows,
  signedWithSha1,
  tlsa,
} from '../certificates/configuration.ts';
import { assertLocalAlert, refusedBetween, refusedByClient } from '../certificates/refused-handshake.ts';
import { BOTH_TYPES, type ConformanceCase } from '../conformance-case.ts';
import { assertBytes, assertTalks, rejects } from '../expectation.ts';
import { type Pair, type Stage, Unavailable } from '../stage.ts';

/** A server that a client which trusts `root` must refuse. */
const UNWORTHY: Readonly<Record<string, readonly [string, (root: FixtureAuthority) => Fixture]>> = {
  'wrong-authority': ['of another authority', () => fixtureAuthority('another').issue('server', NAMED)],
  impostor: ['of an authority that only bears the same name', () => fixtureAuthority('root').issue('server', NAMED)],
  'wrong-name': ['of another name', (root) => root.issue('server', { names: ['other.example'] })],
  expired: ['that has expired', (root) => root.issue('server', { ...NAMED, validity: 'expired' })],
  'not-yet-valid': ['that is not valid yet', (root) => root.issue('server', { ...NAMED, validity: 'future' })],
  'wrong-purpose': ['for clients only', (root) => root.issue('server', { ...NAMED, purposes: ['clientAuth'] })],
  'self-signed': ['that signed itself', () => selfSigned('server', NAMED)],
};

/** A client that a server which trusts `root` must refuse. */
const STRANGERS: Readonly<Record<string, readonly [string, (root: FixtureAuthority) => Fixture | undefined]>> = {
  nobody: ['that shows none', () => undefined],
  stranger: ['with one of another authority', () => fixtureAuthority('another').issue('device')],
  expired: ['with one that has expired', (root) => root.issue('device', { validity: 'expired' })],
  'wrong-purpose': ['with one for servers only', (root) => root.issue('device', { purposes: ['serverAuth'] })],
};

export const CERTIFICATE: readonly ConformanceCase[] = [
  ...(['client', 'server'] as const).map(
    (role): ConformanceCase => ({
      ...certificateCase(role),
      id: `certificate/${role}-connects`,
      types: BOTH_TYPES,
      title: 'shakes hands where both show a certificate, and tells which',
      async run(stage) {
        const { root, server } = fixtures();
        const device = root.issue('device');
        const pair = await stage.pair({
          client: asClient(root, shows(device)),
          server: asServer(server, insisting(root)),
        });
        await assertTalks(pair);
        assertBytes(pair.client.info().peerCertificates?.[0] ?? null, server.certificate);
        assertBytes(pair.peer.info().peerCertificates?.[0] ?? null, device.certificate);
      },
    }),
  ),
  ...Object.entries(UNWORTHY).map(
    ([id, [what, make]]): ConformanceCase => ({
      ...certificateCase('client'),
      id: `certificate/${id}`,
      types: BOTH_TYPES,
      title: `never connects to a server with a certificate ${what}`,
      async run(stage) {
        const { root } = fixtures();
        await refusedByClient(stage, asClient(root), asServer(make(root)));
      },
    }),
  ),
  {
    ...certificateCase('client'),
    id: 'certificate/key-mismatch',
    types: BOTH_TYPES,
    mutual: false,
    title: 'refuses a key of another certificate when the socket is created',
    async run(stage) {
      const { root } = fixtures();
      const [one, other] = [root.issue('one'), root.issue('other')];
      const mismatched = asClient(root, shows({ ...one, key: other.key }));
      await rejects(stage.client.createSocket(stage.type, stage.clientConfiguration(mismatched)), 'EINVAL');
      assert.deepEqual(stage.log, []);
    },
  },
  {
    ...certificateCase('client'),
    id: 'certificate/never-psk',
    types: BOTH_TYPES,
    title: 'never falls back to a pre-shared key, nor from one to a certificate',
    async run(stage) {
      const { root, server } = fixtures();
      await refusedBetween(stage, asClient(root), {});
      await refusedBetween(stage, {}, asServer(server));
    },
  },
  {
    ...certificateCase('client'),
    id: 'certificate/narrow-path',
    title: 'cuts its flights to the path, 576 bytes and 1280',
    async run(stage) {
      const { root } = fixtures();
      // Names by the dozen make certificates that need several datagrams.
      const many = { names: ['server.example', ...Array.from({ length: 60 }, (_, index) => `name-${index}.example`)] };
      const [server, device] = [root.issue('server', many), root.issue('device', many)];
      for (const mtu of [576, 1_280]) {
        stage.network.change({ mtu, tooLarge: 'blackhole' });
        const since = stage.network.log.length;
        const pair = await stage.pair({
          client: asClient(root, shows(device)),
          server: asServer(server, insisting(root)),
        });
        await assertTalks(pair);
        const tooLarge = stage.network.log.slice(since).filter(({ by }) => by === 'mtu');
        assert.deepEqual(tooLarge, [], `a datagram did not fit a path of ${mtu} bytes`);
      }
    },
  },
  {
    ...certificateCase('client'),
    id: 'certificate/each-drop',
    title: 'connects when any single datagram of a handshake with certificates is lost',
    needs: ['certificate', 'handshakeTimers'],
    async run(stage) {
      const { root, server } = fixtures();
      const both = { client: asClient(root, shows(root.issue('device'))), server: asServer(server, insisting(root)) };
      await stage.pair(both);
      for (const { direction, index } of [...stage.network.log]) {
        const calm = stage.network.rule((_, number, way) =>
          way === direction && number === index ? 'drop' : undefined,
        );
        const pair = await stage.pair(both).finally(calm);
        await assertTalks(pair);
        await pair.client.dispose();
        await pair.listener.dispose();
      }
    },
  },
  ...Object.entries(STRANGERS).map(
    ([id, [what, make]]): ConformanceCase => ({
      ...certificateCase('server'),
      id: `certificate/server-refuses-${id}`,
      types: BOTH_TYPES,
      title: `accepts no client ${what} where one is required`,
      async run(stage) {
        const { root, server } = fixtures();
        const device = make(root);
        const client = asClient(root, device === undefined ? {} : shows(device));
        await refusedBetween(stage, client, asServer(server, insisting(root)));
      },
    }),
  ),
  {
    ...certificateCase('client'),
    id: 'certificate/revoked',
    types: BOTH_TYPES,
    title: 'refuses a revoked certificate, and one of which nothing is known, once there is a list',
    needs: ['certificate', 'crl'],
    mutual: ['certificate'],
    async run(stage) {
      needCertificates(stage);
      const { root, server } = fixtures();
      const revoked = root.issue('server', NAMED);
      const list = root.revocationList(revoked);
      await assertTalks(await stage.pair({ client: asClient(root), server: asServer(revoked) }));
      await assertTalks(await stage.pair({ client: asClient(root, knows(list)), server: asServer(server) }));
      await refusedByClient(stage, asClient(root, knows(list)), asServer(revoked));
      const foreign = knows(fixtureAuthority('another').revocationList());
      await refusedByClient(stage, asClient(root, foreign), asServer(server));
    },
  },
  {
    ...certificateCase('server'),
    id: 'certificate/server-revoked',
    types: BOTH_TYPES,
    title: 'accepts a client while it is not revoked, and not after',
    needs: ['certificate', 'crl'],
    mutual: ['certificate'],
    async run(stage) {
      needCertificates(stage);
      const { root, server } = fixtures();
      const [good, bad] = [root.issue('good'), root.issue('bad')];
      const rules = asServer(server, { ...insisting(root), ...knows(root.revocationList(bad)) });
      await assertTalks(await stage.pair({ client: asClient(root, shows(good)), server: rules }));
      await refusedBetween(stage, asClient(root, shows(bad)), rules);
    },
  },
  ...(['client', 'server'] as const).map(
    (role): ConformanceCase => ({
      role,
      needs: ['certificate', 'sha1HandshakeSignatures'],
      mutual: true,
      id: `certificate/${role}-sha1-signatures`,
      title: 'speaks DTLS 1.0 with certificates where that was asked for by name, and nowhere else',
      async run(stage) {
        const { root, server } = fixtures();
        const version = { min: 'DTLSv1.0', max: 'DTLSv1.0' } as const;
        const both = { client: { ...asClient(root), version }, server: { ...asServer(server), version } };
        const subject = role === 'client' ? stage.clientConfiguration : stage.serverConfiguration;
        await rejects(stage.subject.createSocket(stage.type, subject(both[role])), 'ENOTSUP');
        const pair = await stage.pair({ client: signedWithSha1(both.client), server: signedWithSha1(both.server) });
        assert.equal(pair.client.info().version, 'DTLSv1.0');
        await assertTalks(pair);
      },
    }),
  ),
  {
    ...certificateCase('client'),
    id: 'certificate/dane',
    types: BOTH_TYPES,
    title: 'obeys TLSA records where DANE is on, and only there',
    needs: ['certificate', 'dane'],
    mutual: ['certificate'],
    async run(stage) {
      needCertificates(stage);
      const { root, server } = fixtures();
      const [right, wrong] = [tlsa(server), tlsa(root.issue('somebody else', NAMED))];
      await assertTalks(await connectWith(stage, asClient(root, { dane: true }), server, [right]));
      await assertTalks(await connectWith(stage, asClient(root), server, [wrong]));
      const error = await rejects(connectWith(stage, asClient(root, { dane: true }), server, [wrong]), 'EPROTO');
      assertLocalAlert(stage, error);
    },
  },
];

function certificateCase(role: Role): { role: Role; needs: ['certificate']; mutual: true } {
  return { role, needs: ['certificate'], mutual: true };
}

/** The peer needs them too, but not the other claims of the case. */
function needCertificates({ clientClaims, serverClaims, peer }: Stage): void {
  const both = [clientClaims, serverClaims].every(({ security }) => security.includes('certificate'));
  if (!both) throw new Unavailable(`${peer.name} does not claim certificates`);
}

function fixtures(): { root: FixtureAuthority; server: Fixture } {
  const root = fixtureAuthority('root');
  return { root, server: root.issue('server', NAMED) };
}

async function connectWith(
  stage: Stage,
  configuration: Partial<SecureConfiguration>,
  server: Fixture,
  records: readonly TlsaRecord[],
): Promise<Pair> {
  const listener = await stage.listen(asServer(server));
  const client = await stage.client.createSocket(stage.type, stage.clientConfiguration(configuration));
  client.setOption('daneTlsaArray', records);
  const accepting = listener.accept();
  accepting.catch(() => {});
  await client.connect(stage.serverHost, listener.localPort());
  return { client, peer: await accepting, listener };
}
