import { X509Certificate } from 'node:crypto';
import { type CertificateServerInfo, findCiphersuite, type PskServerInfo } from '@avs-net/core/plugin';
import { serverSecurity } from '@avs-net/credentials';
import { describe, expect, it } from 'vitest';
import type { Authority, Identity } from '../../../test/pki.ts';
import { pkiStage } from '../../../test/pki-stage.ts';
import { chainOf, configured, ownCertificate, presenting, trusting } from '../test/certificates.ts';
import { clientConfiguration, clientSecurity, contextOf, FAST, IDENTITY, KEY, Wire } from '../test/wire.ts';

let root: Authority;
let own: Identity;
pkiStage((pki) => {
  root = pki.authority('root');
  own = root.issue('server.example');
});

const asking = () => ({ clientAuthentication: 'required', trustedCerts: chainOf(root.certificate) }) as const;
const lookup: PskServerInfo['lookup'] = (identity) => (Buffer.from(identity).toString() === IDENTITY ? KEY : undefined);
const server = (rules: Partial<CertificateServerInfo> = {}, psk: Partial<PskServerInfo> = {}, more = {}) =>
  configured(serverSecurity({ psk: { mode: 'psk', lookup, ...psk }, certificate: presenting(own, rules) }), more);
const byCertificate = (device?: Identity, more = {}) =>
  configured(trusting([root], device && ownCertificate(device)), more);
const named = { client: { serverName: 'server.example' } };

describe('a server for both kinds of client', () => {
  it('knows one by its identity and the other by its certificate, on one context', async () => {
    const configuration = server(asking());
    const shared = await contextOf(configuration);
    const clients = [clientConfiguration(), byCertificate(root.issue('device'))];
    const wires = [];
    for (const each of clients) {
      const contexts = [await contextOf(each), shared];
      wires.push(await new Wire(each, configuration, undefined, named, contexts).connect());
    }
    const [psk, certificate] = wires.map(({ server: end }) => end.association.info());
    expect(Buffer.from(psk!.pskIdentity!).toString()).toBe(IDENTITY);
    expect(psk!.peerCertificates).toBeUndefined();
    expect(certificate!.pskIdentity).toBeUndefined();
    expect(certificate!.peerCertificates!.map((der) => new X509Certificate(der).subject)).toEqual(['CN=device']);
    expect(wires.map(({ server: end }) => end.identities)).toEqual([[IDENTITY], []]);
    for (const wire of wires) wire.destroy();
  });

  it.each([
    ['none', false, true],
    ['required', false, false],
    ['required', true, true],
  ] as const)('asks only those without a key for a certificate: %s, shown %s', async (rule, shows, accepted) => {
    const rules = { ...asking(), clientAuthentication: rule };
    const psk = await Wire.of(clientConfiguration(), server(rules)).then((wire) => wire.connect());
    expect(psk.server.isEstablished).toBe(true);
    const device = shows ? root.issue('device') : undefined;
    const other = await Wire.of(byCertificate(device), server(rules), undefined, named).then((wire) => wire.connect());
    expect(other.server.isEstablished).toBe(accepted);
    psk.destroy();
    other.destroy();
  });

  it.each([
    ['the wrong key', Buffer.alloc(16, 9), IDENTITY],
    ['an unknown identity', KEY, 'nobody'],
  ])('takes no client with %s, and offers it no certificate instead', async (_what, key, identity) => {
    const client = clientConfiguration({ security: clientSecurity(key, identity), dtlsHandshakeTimeouts: FAST });
    const wire = await Wire.of(client, server()).then((made) => made.connect());
    expect(wire.server.isEstablished).toBe(false);
    expect(findCiphersuite(wire.server.association.info().ciphersuite?.id ?? 0)?.mode ?? 'psk').toBe('psk');
    wire.destroy();
  });

  it('keeps to its suites: a list without one of the kinds is refused', async () => {
    await expect(contextOf(server({}, {}, { ciphersuites: [0xc0a8] }))).rejects.toThrow(/mode certificate/);
    await expect(contextOf(server({}, {}, { ciphersuites: [0xc02b] }))).rejects.toThrow(/mode psk/);
  });

  it('resumes clients of either kind, and asks for the key of those that have one', async () => {
    const configuration = server(asking());
    const shared = await contextOf(configuration);
    const session = new Map<string, Uint8Array>();
    for (const each of [clientConfiguration({ session }), byCertificate(root.issue('device'), { session })]) {
      const contexts = [await contextOf(each), shared];
      const first = await new Wire(each, configuration, undefined, named, contexts).connect();
      const again = await new Wire(
        each,
        configuration,
        undefined,
        { client: { ...named.client, session: first.client.sessions[0]! } },
        contexts,
      ).connect();
      const { resumed, pskIdentity, peerCertificates } = again.server.association.info();
      expect(resumed).toBe(true);
      const isPsk = each.security.mode === 'psk';
      expect([pskIdentity !== undefined, peerCertificates !== undefined]).toEqual([isPsk, !isPsk]);
      expect(again.server.identities).toEqual(isPsk ? [IDENTITY] : []);
      for (const wire of [first, again]) for (const end of [wire.client, wire.server]) end.association.destroy();
      contexts[0]!.destroy();
    }
    shared.destroy();
  });

  it('serves names to those with certificates, and binds the sessions of both to them', async () => {
    const configuration = server(
      {},
      {},
      { server: { names: { 'one.example': presenting(root.issue('one.example')) } } },
    );
    const greet = (client: ReturnType<typeof configured>, serverName: string) =>
      Wire.of(client, configuration, undefined, { client: { serverName } }).then((wire) => wire.connect());
    for (const [client, name, accepted] of [
      [byCertificate(), 'one.example', true],
      [byCertificate(), 'two.example', false],
      [clientConfiguration(), 'one.example', true],
      [clientConfiguration(), 'two.example', false],
    ] as const) {
      const wire = await greet(client, name);
      expect(wire.server.isEstablished, name).toBe(accepted);
      if (!accepted) expect(wire.server.error?.alert?.name).toBe('unrecognized_name');
      wire.destroy();
    }
  });
});
