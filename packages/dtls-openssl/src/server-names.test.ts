import { X509Certificate } from 'node:crypto';
import { systemClock } from '@avs-net/core';
import type { CertificateServerInfo, ServerConfiguration } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import type { Authority, Identity } from '../../../test/pki.ts';
import { pkiStage } from '../../../test/pki-stage.ts';
import { chainOf, configured, meet, ownCertificate, presenting, trusting } from '../test/certificates.ts';
import { contextOf, FAST, Wire } from '../test/wire.ts';
import { liveObjects } from './live-objects.ts';

let root: Authority;
let other: Authority;
let [fallback, one, two]: Identity[] = [];
pkiStage((pki) => {
  [root, other] = [pki.authority('root'), pki.authority('other')];
  [fallback, one, two] = ['server.example', 'one.example', 'two.example'].map((name) => root.issue(name));
});

type Table = Readonly<Record<string, CertificateServerInfo>>;

const table = (): Table => ({ 'one.example': presenting(one!), 'two.example': presenting(two!, { ...asking() }) });
const asking = () => ({ clientAuthentication: 'required', trustedCerts: chainOf(other.certificate) }) as const;
const server = (names: ServerConfiguration['names'], security = presenting(fallback!)) =>
  configured(security, { server: { names: names! } });
const client = (own = {}, more = {}) => configured(trusting([root], own), more);

function shown(wire: Wire): string | undefined {
  const [leaf] = wire.client.association.info().peerCertificates ?? [];
  return leaf && new X509Certificate(leaf).subject;
}

describe('a server with names', () => {
  it.each([
    ['server.example', undefined, 'CN=server.example'],
    ['one.example', 'one.example', 'CN=one.example'],
    ['ONE.Example', 'one.example', 'CN=one.example'],
  ])('shows a client that wants %s the certificate of %s', async (name, asked, subject) => {
    const names = asked === undefined ? { ...table(), 'server.example': presenting(fallback!) } : table();
    const wire = await meet(client(), server(names), { serverName: name });
    expect(wire.server.error).toBeUndefined();
    expect(shown(wire)).toBe(subject);
    expect(wire.server.names).toEqual([name.toLowerCase()]);
    expect(wire.server.association.info().serverName?.toLowerCase()).toBe(name.toLowerCase());
    wire.destroy();
  });

  it('serves whoever asks for no name with the credential of its own, and an address is no name', async () => {
    const byAddress = root.issue('by address', { names: ['192.0.2.7'] });
    const wire = await meet(client(), server(table(), presenting(byAddress)), { serverName: '192.0.2.7' });
    expect(shown(wire)).toBe('CN=by address');
    expect(wire.server.names).toEqual([]);
    wire.destroy();
  });

  it('refuses a name that it has not with unrecognized_name, and never falls back', async () => {
    const wire = await meet(client(), server(table()), { serverName: 'three.example' });
    expect(wire.server.error).toMatchObject({
      code: 'EPROTO',
      alert: { level: 'fatal', description: 112, name: 'unrecognized_name', origin: 'local' },
      message: expect.stringContaining('server.names has nothing for the name'),
    });
    expect(wire.client.isEstablished).toBe(false);
    wire.destroy();
  });

  it.each<[string, number, number, string]>([
    // The extension: two bytes for the length of the list, one for the type, two for the length of the name.
    ['whose list is longer than it is', -4, 200, 'decode_error'],
    ['whose list is shorter than it is', -4, 1, 'decode_error'],
    ['that is no host name but something else', -3, 1, 'decode_error'],
    ['that is longer than its list', -1, 200, 'decode_error'],
    ['that is shorter than its list', -1, 3, 'decode_error'],
    ['with a NUL in it', 3, 0, 'unrecognized_name'],
    ['with a character that no host has', 3, 0x2f, 'unrecognized_name'],
    ['that is a wildcard', 0, 0x2a, 'unrecognized_name'],
    ['in another alphabet', 0, 0xe9, 'unrecognized_name'],
  ])('refuses a name %s, and asks nobody', async (_what, offset, value, name) => {
    const carry = (bytes: Uint8Array, from: string): Uint8Array[] => {
      const at = from === 'client' ? Buffer.from(bytes).indexOf('one.example') : -1;
      if (at >= 0) bytes[at + offset] = value;
      return [bytes];
    };
    const wire = await meet(client(), server(table()), { serverName: 'one.example', carry });
    expect(wire.server.error?.alert).toMatchObject({ name, origin: 'local' });
    expect([wire.server.names, wire.client.isEstablished]).toEqual([[], false]);
    wire.destroy();
  });

  it('asks clients for a certificate where their name wants it, and judges it by its anchors', async () => {
    const greet = (name: string, own = {}) => meet(client(own), server(table()), { serverName: name });
    const device = ownCertificate(other.issue('device'));
    const stranger = ownCertificate(root.issue('stranger'));
    const welcome = await greet('two.example', device);
    expect(welcome.server.isEstablished).toBe(true);
    expect(welcome.server.association.info().peerCertificates).toHaveLength(1);
    const unasked = await greet('one.example', device);
    expect(unasked.server.association.info().peerCertificates).toBeUndefined();
    const nobody = await greet('two.example');
    expect(nobody.server.error?.alert?.name).toBe('handshake_failure');
    const wrong = await greet('two.example', stranger);
    expect(wrong.server.error?.library?.code).toBe('UNABLE_TO_GET_ISSUER_CERT_LOCALLY');
    for (const wire of [welcome, unasked, nobody, wrong]) wire.destroy();
  });

  it('asks nobody for a certificate whose name does not want it, although its own credential would', async () => {
    const strict = presenting(fallback!, asking());
    const wire = await meet(client(), server(table(), strict), { serverName: 'one.example' });
    expect([wire.server.isEstablished, shown(wire)]).toEqual([true, 'CN=one.example']);
    wire.destroy();
  });

  it('agrees on a protocol under every name', async () => {
    const names = server(table());
    const wire = await meet(
      client({}, { alpn: ['coap'] }),
      { ...names, alpn: ['coap'] },
      { serverName: 'one.example' },
    );
    expect(wire.server.association.info().alpn).toBe('coap');
    wire.destroy();
  });

  it.each([
    ['a name', 'one.example', 'one.example', true],
    ['another name of the same certificate', 'one.example', 'again.example', false],
    ['the name of another certificate', 'one.example', 'server.example', false],
  ])('resumes a session under the name that it was made with: under %s', async (_what, first, second, resumed) => {
    const both = root.issue('both', { names: ['one.example', 'again.example', 'server.example'] });
    const credential = presenting(both);
    const configuration = server({
      'one.example': credential,
      'again.example': credential,
      'server.example': presenting(fallback!),
    });
    const resuming = client({}, { session: new Map() });
    const contexts = [await contextOf(resuming), await contextOf(configuration)];
    const begin = (serverName: string, session?: Uint8Array) =>
      new Wire(resuming, configuration, undefined, { client: { serverName, ...(session && { session }) } }, contexts);
    const wire = await begin(first).connect();
    const again = await begin(second, wire.client.sessions[0]).connect();
    expect(wire.client.sessions).toHaveLength(1);
    expect([again.server.isEstablished, again.server.association.info().resumed]).toEqual([true, resumed]);
    expect(again.server.association.info().serverName).toBe(second);
    for (const { client: left, server: right } of [wire, again]) {
      left.association.destroy();
      right.association.destroy();
    }
    for (const each of contexts) each.destroy();
  });

  it('resumes a client with a certificate under the name that asked for it, and knows it still', async () => {
    const configuration = server(table());
    const resuming = client(ownCertificate(other.issue('device')), { session: new Map() });
    const contexts = [await contextOf(resuming), await contextOf(configuration)];
    const begin = (session?: Uint8Array) =>
      new Wire(
        resuming,
        configuration,
        undefined,
        { client: { serverName: 'two.example', ...(session && { session }) } },
        contexts,
      ).connect();
    const wires = [await begin()];
    wires.push(await begin(wires[0]!.client.sessions[0]));
    expect(wires.map((wire) => wire.server.association.info().resumed)).toEqual([false, true]);
    for (const wire of wires) {
      const [leaf] = wire.server.association.info().peerCertificates!;
      expect(new X509Certificate(leaf!).subject).toBe('CN=device');
      for (const end of [wire.client, wire.server]) end.association.destroy();
    }
    for (const each of contexts) each.destroy();
  });

  it('rests while it asks, asks once, and takes no answer in ten seconds for none', async () => {
    const wire = await Wire.of(
      { ...client(), dtlsHandshakeTimeouts: FAST },
      server(async () => undefined),
      undefined,
      { client: { serverName: 'one.example' } },
    );
    const began = systemClock.now();
    wire.server.association.start(began);
    wire.client.association.start(began);
    await wire.until(() => wire.client.flights.length > 2);
    expect(wire.server.names).toEqual(['one.example']);
    const { deadline } = wire.server.association;
    expect(deadline! - began).toBeGreaterThanOrEqual(10_000);
    wire.server.association.timeout(deadline! - 1);
    expect(wire.server.error).toBeUndefined();
    wire.server.association.timeout(deadline!);
    expect(wire.server.error?.alert?.name).toBe('unrecognized_name');
    wire.server.answerName(3, presenting(one!));
    expect(wire.server.isEstablished).toBe(false);
    wire.destroy();
  });

  it('leaves nothing behind', async () => {
    const before = liveObjects();
    for (const name of ['one.example', 'server.example', 'three.example', '192.0.2.7']) {
      (await meet(client(), server(table()), { serverName: name })).destroy();
    }
    expect(liveObjects()).toEqual(before);
  });

  it.each<[string, () => Table, RegExp]>([
    [
      'a key of another certificate',
      () => ({ 'one.example': presenting({ chain: one!.chain, key: two!.key }) }),
      /one/,
    ],
    [
      'nothing to trust where clients are asked',
      () => ({ 'one.example': presenting(one!, { clientAuthentication: 'required' }) }),
      /server\.names\["one\.example"\]\.trustedCerts/,
    ],
  ])('is not made with %s, and leaves nothing behind', async (_what, names, message) => {
    const before = liveObjects();
    await expect(contextOf(server(names()))).rejects.toThrow(message);
    expect(liveObjects()).toEqual(before);
  });
});
