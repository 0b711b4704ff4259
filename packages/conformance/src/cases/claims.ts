/** Claims against behaviour: what is negotiated was claimed, what is claimed can be negotiated. */

import assert from 'node:assert/strict';
import { findCiphersuite } from '@avs-net/core/plugin';
import { BOTH_TYPES, type ConformanceCase } from '../conformance-case.ts';
import { assertTalks, begun, rejects } from '../expectation.ts';

export const CLAIMS: readonly ConformanceCase[] = [
  {
    id: 'claims/data',
    types: BOTH_TYPES,
    title: 'claims are plain data: JSON keeps them whole',
    role: 'client',
    async run({ plugin }) {
      assert.deepEqual(JSON.parse(JSON.stringify(plugin.claims)), plugin.claims);
    },
  },
  {
    id: 'claims/negotiated',
    types: BOTH_TYPES,
    title: 'negotiates a version and a ciphersuite that were claimed, and reports them',
    role: 'client',
    async run(stage) {
      const { client, peer } = await stage.pair();
      const { version, ciphersuite } = client.info();
      assert.ok(version !== undefined && stage.clientClaims.versions.includes(version), `version ${version}`);
      assert.ok(ciphersuite !== undefined && stage.clientClaims.ciphersuites.includes(ciphersuite.id));
      assert.equal(findCiphersuite(ciphersuite.id)?.name, ciphersuite.name);
      assert.deepEqual(peer.info().ciphersuite, ciphersuite, 'the two ends disagree');
      assert.equal(client.info().resumed, false);
    },
  },
  {
    id: 'claims/ciphersuites',
    types: BOTH_TYPES,
    title: 'connects with every claimed PSK suite alone that the peer claims too',
    role: 'client',
    async run(stage) {
      const common = stage.clientClaims.ciphersuites.filter(
        (id) => findCiphersuite(id)?.mode === 'psk' && stage.serverClaims.ciphersuites.includes(id),
      );
      assert.ok(common.length > 0, 'client and server have no PSK suite in common');
      for (const id of common) {
        const pair = await stage.pair({ client: { ciphersuites: [id] } });
        assert.equal(pair.client.info().ciphersuite?.id, id);
        await assertTalks(pair);
        await pair.client.dispose();
        await pair.listener.dispose();
      }
    },
  },
  {
    id: 'claims/unknown-ciphersuites',
    types: BOTH_TYPES,
    title: 'refuses a list of ciphersuites that leaves nothing to offer',
    role: 'client',
    async run(stage) {
      const created = stage.client.createSocket(stage.type, stage.clientConfiguration({ ciphersuites: [0xffff] }));
      await rejects(created, 'EINVAL', 'ENOTSUP');
    },
  },
  {
    id: 'claims/unknown-property',
    types: BOTH_TYPES,
    title: 'refuses a configuration property that nobody knows',
    role: 'client',
    async run(stage) {
      const typo = { ...stage.clientConfiguration(), ciphersuits: [0xc0a8] };
      await rejects(stage.client.createSocket(stage.type, typo), 'EINVAL');
    },
  },
  {
    id: 'claims/sni',
    types: BOTH_TYPES,
    title: 'sends the configured server name, and never an IP literal',
    role: 'client',
    needs: ['sni'],
    async run(stage) {
      await stage.pair({ client: { serverNameIndication: 'conformance.example' } });
      assert.ok(stage.log.some(({ data }) => Buffer.from(data).includes('conformance.example')));
      const before = stage.log.length;
      await stage.pair();
      const hellos = stage.log.slice(before);
      assert.ok(!hellos.some(({ data }) => Buffer.from(data).includes(stage.serverHost)), 'an IP literal was sent');
    },
  },
  {
    id: 'claims/refuses-certificates',
    types: BOTH_TYPES,
    title: 'takes certificates, or refuses them',
    role: 'client',
    needs: ['certificate'],
    async run(stage) {
      // Asked for with a certificate that is none: claimed means that it is looked at, and refused for what it is.
      const { configurationThatAsksFor } = await import('../need.ts');
      await rejects(
        stage.client.createSocket(stage.type, configurationThatAsksFor('certificate')),
        'EPROTO',
        'EINVAL',
        'EBADMSG',
      );
    },
  },
  {
    id: 'claims/resumption',
    title: 'resumes a session that a store has kept, and says so',
    role: 'client',
    needs: ['resumption'],
    mutual: true,
    async run(stage) {
      const session = new Map<string, Uint8Array>();
      const { client, listener } = await stage.pair({ client: { session } });
      assert.equal(client.getOption('sessionResumed'), false);
      await client.close();
      const accepted = begun(listener.accept());
      await client.connect(stage.serverHost, listener.localPort());
      assert.equal(client.getOption('sessionResumed'), true);
      await assertTalks({ client, peer: await accepted });
    },
  },
  {
    id: 'claims/alpn',
    types: BOTH_TYPES,
    title: 'negotiates an application protocol',
    role: 'client',
    needs: ['alpn'],
    mutual: true,
    async run(stage) {
      const { client } = await stage.pair({ client: { alpn: ['other', 'coap'] }, server: { alpn: ['coap'] } });
      assert.equal(client.info().alpn, 'coap');
    },
  },
  {
    id: 'claims/keylog',
    types: BOTH_TYPES,
    title: 'writes the key log that was asked for',
    role: 'client',
    needs: ['keylog'],
    async run(stage) {
      const lines: string[] = [];
      await stage.pair({ client: { keylog: (line) => void lines.push(line) } });
      assert.match(lines.join('\n'), /^CLIENT_RANDOM [0-9a-f]{64} [0-9a-f]{96}$/m);
    },
  },
  {
    id: 'claims/connection-id',
    types: BOTH_TYPES,
    title: 'negotiates connection ids',
    role: 'client',
    needs: ['connectionId'],
    mutual: true,
    async run(stage) {
      const pair = await stage.pair({ client: { connectionId: true }, server: { connectionId: true } });
      assert.ok(pair.client.info().connectionId);
      await assertTalks(pair);
    },
  },
  {
    id: 'claims/dtls-1.0',
    title: 'speaks DTLS 1.0 when it is told to',
    role: 'client',
    needs: ['dtls1.0'],
    mutual: true,
    async run(stage) {
      const version = { min: 'DTLSv1.0', max: 'DTLSv1.0' } as const;
      const pair = await stage.pair({ client: { version }, server: { version } });
      assert.equal(pair.client.info().version, 'DTLSv1.0');
      await assertTalks(pair);
    },
  },
  {
    id: 'claims/extended-master-secret',
    title: 'uses the extended master secret and says so at both ends',
    role: 'client',
    needs: ['extendedMasterSecret'],
    mutual: true,
    async run(stage) {
      const { client, peer } = await stage.pair();
      assert.equal(client.info().extendedMasterSecret, true);
      assert.equal(peer.info().extendedMasterSecret, true);
    },
  },
  {
    id: 'claims/refuses-revocation-lists',
    types: BOTH_TYPES,
    title: 'reads revocation lists, or refuses them',
    role: 'client',
    needs: ['crl'],
    async run(stage) {
      const { configurationThatAsksFor } = await import('../need.ts');
      const asked = stage.client.createSocket(stage.type, configurationThatAsksFor('crl'));
      await rejects(asked, 'EPROTO', 'EINVAL', 'EBADMSG');
    },
  },
  {
    id: 'claims/dane',
    types: BOTH_TYPES,
    title: 'takes TLSA records as trust anchors, or refuses them',
    role: 'client',
    needs: ['dane'],
    async run(stage) {
      const { configurationThatAsksFor } = await import('../need.ts');
      const socket = await stage.client.createSocket(stage.type, configurationThatAsksFor('dane'));
      socket.setOption('daneTlsaArray', [
        { certificateUsage: 3, selector: 1, matchingType: 1, associationData: new Uint8Array(32) },
      ]);
      await socket.dispose();
    },
  },
];
