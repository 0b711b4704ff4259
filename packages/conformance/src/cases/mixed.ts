/** Clients with keys and clients with certificates on one port, each with its negative twins. */

import assert from 'node:assert/strict';
import type { SecureConfiguration } from '@avs-net/core/plugin';
import { type CertificateServerOptions, psk, pskServer, serverSecurity } from '@avs-net/credentials';
import { type Fixture, type FixtureAuthority, fixtureAuthority } from '../certificates/authority.ts';
import { asClient, asServer, insisting, NAMED, shows } from '../certificates/configuration.ts';
import { refusedBetween } from '../certificates/refused-handshake.ts';
import type { ConformanceCase } from '../conformance-case.ts';
import { assertBytes, assertTalks, rejects } from '../expectation.ts';
import { IDENTITY, KEY } from '../stage.ts';

const BOTH_KINDS = { role: 'server', needs: ['mixed'], mutual: ['certificate'] } as const;

export const MIXED: readonly ConformanceCase[] = [
  {
    ...BOTH_KINDS,
    id: 'mixed/both-kinds',
    title: 'serves both kinds of client at once, and tells of each who it is and no more',
    async run(stage) {
      const { root, own } = fixtures();
      const device = root.issue('device');
      const asked: string[] = [];
      const listener = await stage.listen(server(own, insisting(root), asked));
      const byKey = await stage.meet(listener);
      const byCertificate = await stage.meet(listener, asClient(root, shows(device)));
      await assertTalks(byKey);
      await assertTalks(byCertificate);
      assertBytes(byKey.peer.info().pskIdentity ?? null, Buffer.from(IDENTITY));
      assert.equal(byKey.peer.info().peerCertificates, undefined);
      assertBytes(byCertificate.peer.info().peerCertificates?.[0] ?? null, device.certificate);
      assert.equal(byCertificate.peer.info().pskIdentity, undefined);
      assert.deepEqual(asked, [IDENTITY], 'a key was looked up that nobody needs');
    },
  },
  {
    ...BOTH_KINDS,
    id: 'mixed/wrong-key',
    title: 'lets no client in with a wrong key or an unknown identity',
    async run(stage) {
      const { own } = fixtures();
      const wrong = psk({ identity: IDENTITY, key: KEY.map((byte) => byte ^ 1) });
      const unknown = psk({ identity: 'nobody', key: KEY });
      const listener = await stage.listen(server(own));
      let accepted = 0;
      listener.on('connection', () => {
        accepted += 1;
      });
      for (const security of [wrong, unknown]) {
        const socket = await stage.client.createSocket('dtls', stage.clientConfiguration({ security }));
        await rejects(socket.connect(stage.serverHost, listener.localPort()), 'EPROTO', 'ETIMEDOUT');
      }
      assert.equal(accepted, 0, 'the server accepted a client that must not be there');
    },
  },
  {
    ...BOTH_KINDS,
    id: 'mixed/certificate-required',
    title: 'lets no client in that has neither a key nor the certificate that is required',
    async run(stage) {
      const { root, own } = fixtures();
      const rules = insisting(root);
      const stranger = fixtureAuthority('another').issue('device');
      await refusedBetween(stage, asClient(root), server(own, rules));
      await refusedBetween(stage, asClient(root, shows(stranger)), server(own, rules));
      // Where nothing is required the same client is welcome.
      await assertTalks(await stage.pair({ client: asClient(root), server: server(own) }));
    },
  },
];

function fixtures(): { root: FixtureAuthority; own: Fixture } {
  const root = fixtureAuthority('root');
  return { root, own: root.issue('server', NAMED) };
}

function server(
  own: Fixture,
  rules: Partial<CertificateServerOptions> = {},
  asked: string[] = [],
): Partial<SecureConfiguration> {
  const lookup = (identity: Uint8Array): Uint8Array | undefined => {
    const name = Buffer.from(identity).toString();
    asked.push(name);
    return name === IDENTITY ? KEY : undefined;
  };
  const certificate = asServer(own, rules).security as Parameters<typeof serverSecurity>[0]['certificate'];
  return { security: serverSecurity({ psk: pskServer({ lookup }), certificate }) };
}
