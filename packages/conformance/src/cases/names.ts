/** Credentials of a server by the name that its clients ask for (RFC 6066 §3), each with its negative twin. */

import assert from 'node:assert/strict';
import type { CertificateServerInfo, SecureConfiguration, ServerNames } from '@avs-net/core/plugin';
import type { CertificateOptions } from '@avs-net/credentials';
import { type Fixture, type FixtureAuthority, fixtureAuthority } from '../certificates/authority.ts';
import { asClient, asServer, insisting, shows, trusting } from '../certificates/configuration.ts';
import { refusedBetween } from '../certificates/refused-handshake.ts';
import type { ConformanceCase } from '../conformance-case.ts';
import { assertBytes, assertTalks, begun } from '../expectation.ts';
import type { Pair } from '../stage.ts';

const BY_NAME = { role: 'server', needs: ['serverNames', 'certificate'], mutual: ['certificate', 'sni'] } as const;

export const NAMES: readonly ConformanceCase[] = [
  {
    ...BY_NAME,
    id: 'names/table',
    title: 'shows each client the certificate of the name that it asks for, in whatever case, and tells which',
    async run(stage) {
      const { root, own, one, two } = fixtures();
      const names = { 'One.gate.example': serving(one), 'two.gate.example': serving(two) };
      for (const [name, certificate] of [
        ['one.gate.example', one],
        ['ONE.gate.example', one],
        ['two.gate.example', two],
      ] as const) {
        const pair = await stage.pair({ client: named(root, name), server: server(own, names) });
        assertShown(pair, certificate);
        assert.equal(pair.peer.info().serverName?.toLowerCase(), name.toLowerCase());
        await assertTalks(pair);
      }
    },
  },
  {
    ...BY_NAME,
    id: 'names/unknown',
    title: 'refuses a name that it has not with unrecognized_name, and never falls back to another credential',
    async run(stage) {
      const { root, own, one } = fixtures();
      const everywhere = root.issue('everywhere', { names: ['three.gate.example', 'own.example'] });
      for (const names of [{ 'one.gate.example': serving(one) }, () => undefined]) {
        const error = await refusedBetween(
          stage,
          named(root, 'three.gate.example'),
          server(everywhere, names),
          'EPROTO',
        );
        if (stage.serverClaims.alerts === true) assert.equal(error.alert?.description, 112, error.message);
      }
      await assertTalks(await stage.pair({ client: named(root, 'own.example'), server: asServer(own) }));
    },
  },
  {
    ...BY_NAME,
    id: 'names/none',
    title: 'serves whoever asks for no name with its own credential',
    async run(stage) {
      const { root, one } = fixtures();
      const own = root.issue('own', { addresses: [stage.serverHost] });
      // An address is never sent as a name.
      const client = { security: trusting(root) };
      const pair = await stage.pair({ client, server: server(own, { 'one.gate.example': serving(one) }) });
      assertShown(pair, own);
      await assertTalks(pair);
    },
  },
  {
    ...BY_NAME,
    id: 'names/wildcard',
    title: 'takes a wildcard for one label, after the name itself',
    async run(stage) {
      const { root, own, one } = fixtures();
      const any = root.issue('any', { names: ['*.gate.example', 'two.below.gate.example'] });
      const names = { '*.gate.example': serving(any), 'one.gate.example': serving(one) };
      assertShown(await stage.pair({ client: named(root, 'one.gate.example'), server: server(own, names) }), one);
      assertShown(await stage.pair({ client: named(root, 'two.gate.example'), server: server(own, names) }), any);
      await refusedBetween(stage, named(root, 'two.below.gate.example'), server(own, names));
    },
  },
  {
    ...BY_NAME,
    id: 'names/function',
    title: 'waits for a function that finds a credential, and serves others meanwhile',
    needs: [...BY_NAME.needs, 'asyncLookup'],
    async run(stage) {
      const { root, own, one, two } = fixtures();
      const asked: string[] = [];
      let give!: (value: CertificateServerInfo) => void;
      const late = new Promise<CertificateServerInfo>((resolve) => {
        give = resolve;
      });
      const names = (name: string) => {
        asked.push(name);
        return name === 'one.gate.example' ? late : Promise.resolve(serving(two));
      };
      const listener = await stage.listen(server(own, names));
      const connect = async (name: string) => {
        const socket = await stage.client.createSocket('dtls', stage.clientConfiguration(named(root, name)));
        await socket.connect(stage.serverHost, listener.localPort());
        return socket;
      };
      const waiting = begun(connect('ONE.gate.example'));
      while (asked.length === 0) await stage.pass(1);
      const accepted = begun(listener.accept());
      await assertTalks({ client: await connect('two.gate.example'), peer: await accepted });
      const lateAccepted = begun(listener.accept());
      give(serving(one));
      const pair = { client: await waiting, peer: await lateAccepted, listener };
      assertShown(pair, one);
      await assertTalks(pair);
      assert.deepEqual(asked, ['one.gate.example', 'two.gate.example']);
    },
  },
  {
    ...BY_NAME,
    id: 'names/failing-function',
    title: 'lets nobody in where the function fails, and goes on',
    async run(stage) {
      const { root, one } = fixtures();
      const everywhere = root.issue('everywhere', { names: ['two.gate.example'] });
      const names = (name: string): CertificateServerInfo => {
        if (name === 'one.gate.example') return serving(one);
        throw new Error('no database');
      };
      const listener = await stage.listen(server(everywhere, names));
      const bad = await stage.client.createSocket('dtls', stage.clientConfiguration(named(root, 'two.gate.example')));
      await assert.rejects(bad.connect(stage.serverHost, listener.localPort()));
      assert.ok(listener.stats().dropped['lookupFailed']! > 0, 'the failure was not counted');
      await assertTalks(await stage.meet(listener, named(root, 'one.gate.example')));
    },
  },
  {
    ...BY_NAME,
    id: 'names/client-authentication',
    title: 'asks of the clients of a name what the credential of that name says, and of no others',
    async run(stage) {
      const { root, own, one, two } = fixtures();
      const anchors = fixtureAuthority('devices');
      const [device, stranger] = [anchors.issue('device'), root.issue('stranger')];
      const configuration = server(own, {
        'one.gate.example': serving(one, insisting(anchors)),
        'two.gate.example': serving(two),
      });
      const welcome = await stage.pair({
        client: named(root, 'one.gate.example', shows(device)),
        server: configuration,
      });
      assertBytes(welcome.peer.info().peerCertificates?.[0] ?? null, device.certificate);
      const free = await stage.pair({ client: named(root, 'two.gate.example'), server: configuration });
      assert.equal(free.peer.info().peerCertificates, undefined);
      await refusedBetween(stage, named(root, 'one.gate.example'), configuration);
      await refusedBetween(stage, named(root, 'one.gate.example', shows(stranger)), configuration);
    },
  },
];

function fixtures(): Record<'own' | 'one' | 'two', Fixture> & { root: FixtureAuthority } {
  const root = fixtureAuthority('root');
  const issue = (name: string): Fixture => root.issue(name, { names: [name] });
  return { root, own: issue('own.example'), one: issue('one.gate.example'), two: issue('two.gate.example') };
}

function named(root: Fixture, name: string, options: CertificateOptions = {}): Partial<SecureConfiguration> {
  return { ...asClient(root, options), serverNameIndication: name };
}

function serving(fixture: Fixture, rules: Parameters<typeof asServer>[1] = {}): CertificateServerInfo {
  return asServer(fixture, rules).security as CertificateServerInfo;
}

function server(own: Fixture, names: ServerNames): Partial<SecureConfiguration> {
  return { ...asServer(own), server: { names } };
}

function assertShown({ client }: Pick<Pair, 'client'>, { certificate }: Fixture): void {
  assertBytes(client.info().peerCertificates?.[0] ?? null, certificate);
}
