import { CIPHERSUITES } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import { clientConfiguration, clientSecurity, IDENTITY, serverConfiguration, Wire } from '../test/wire.ts';

const PSK = CIPHERSUITES.filter(({ mode }) => mode === 'psk');

describe('a PSK handshake', () => {
  it.each(PSK.map((suite) => [suite.name, suite] as const))('%s carries data both ways', async (_name, suite) => {
    const ciphersuites = [suite.id];
    const wire = await new Wire(clientConfiguration({ ciphersuites }), serverConfiguration({ ciphersuites })).connect();
    for (const [from, to] of [
      [wire.client, wire.server],
      [wire.server, wire.client],
    ] as const) {
      expect(from.error).toBeUndefined();
      expect(from.association.info()).toMatchObject({
        version: 'DTLSv1.2',
        ciphersuite: { id: suite.id, name: suite.name },
        extendedMasterSecret: true,
        resumed: false,
      });
      from.association.send(Buffer.from(`from ${from.role}`), 0);
      wire.carry();
      expect(to.messages.map(String)).toEqual([`from ${from.role}`]);
    }
    wire.destroy();
  });

  it('offers AES-128-CCM-8 by default and chooses by the preference of the server', async () => {
    const wire = await new Wire(clientConfiguration(), serverConfiguration({ ciphersuites: [0xc0a8] })).connect();
    expect(wire.client.association.info().ciphersuite?.name).toBe('TLS_PSK_WITH_AES_128_CCM_8');
    wire.destroy();
  });

  it('goes down to DTLS 1.0 only where both are told to', async () => {
    const version = { min: 'DTLSv1.0', max: 'DTLSv1.0' } as const;
    const old = await new Wire(clientConfiguration({ version }), serverConfiguration({ version })).connect();
    expect(old.server.association.info()).toMatchObject({
      version: 'DTLSv1.0',
      ciphersuite: { name: 'TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256' },
    });
    old.destroy();
    const refused = await new Wire(clientConfiguration({ version }), serverConfiguration()).connect();
    expect(refused.server.error).toMatchObject({
      code: 'EPROTO',
      alert: { level: 'fatal', description: 70, name: 'protocol_version', origin: 'local' },
    });
    refused.destroy();
  });

  it.each([
    ['a name', 'server.example', 'server.example'],
    ['a name that ends with a dot', 'server.example.', 'server.example'],
    ['a name beyond ASCII', 'b\u00fccher.example', 'xn--bcher-kva.example'],
    ['an IPv4 address', '192.0.2.1', undefined],
    ['an IPv6 address', '2001:db8::1', undefined],
    ['an IPv6 address in brackets', '[2001:db8::1]', undefined],
    ['an address that is no literal', '127.1', undefined],
  ])('sends as server name: %s', async (_what, serverName, expected) => {
    const options = { client: { serverName } };
    const wire = await new Wire(clientConfiguration(), serverConfiguration(), undefined, options).connect();
    expect(wire.server.association.info().serverName).toBe(expected);
    wire.destroy();
  });

  it.each([['a hint'], ['']])('shows the client the identity hint "%s"', async (hint) => {
    const security = { ...serverConfiguration().security, identityHint: Buffer.from(hint) };
    const wire = await new Wire(clientConfiguration(), serverConfiguration({ security })).connect();
    const shown = wire.client.association.info().pskIdentityHint;
    // An empty hint is on the wire, but OpenSSL shows the client none.
    expect(shown === undefined ? '' : Buffer.from(shown).toString()).toBe(hint);
    wire.destroy();
  });

  it('takes identities and keys of the largest size', async () => {
    const identity = 'i'.repeat(255);
    const key = new Uint8Array(512).fill(7);
    const security = { mode: 'psk', lookup: (who: Uint8Array) => (who.length === 255 ? key : undefined) } as const;
    const wire = await new Wire(
      clientConfiguration({ security: clientSecurity(key, identity) }),
      serverConfiguration({ security }),
    ).connect();
    expect(wire.server.isEstablished).toBe(true);
    wire.destroy();
  });

  it('ends with a close_notify that the peer answers', async () => {
    const wire = await new Wire(clientConfiguration(), serverConfiguration()).connect();
    wire.client.association.shutdown(0);
    expect(wire.client.ended).toEqual({ alert: undefined });
    expect(wire.client.association.phase).toBe('closed');
    expect(wire.client.sent).toHaveLength(1);
    const [closeNotify] = wire.client.sent;
    wire.server.association.receive(closeNotify!, 0);
    expect(wire.server.ended).toEqual({
      alert: { level: 'warning', description: 0, name: 'close_notify', origin: 'peer' },
    });
    expect(wire.server.sent).toHaveLength(1);
    wire.destroy();
  });

  it('delivers what overtook the last flight', async () => {
    let finished: Uint8Array | undefined;
    // Nothing is to be repeated while it is held back, on the slowest machine.
    const patient = { dtlsHandshakeTimeouts: { min: 30_000, max: 30_000 } };
    const wire = new Wire(clientConfiguration(patient), serverConfiguration(patient), (bytes, from, number) => {
      if (from === 'server' && number === 1 && finished === undefined) {
        finished = bytes;
        return [];
      }
      return [bytes];
    });
    wire.server.association.start(0);
    wire.client.association.start(0);
    wire.carry();
    expect(wire.server.isEstablished).toBe(true);
    wire.server.association.send(Buffer.from('early'), 0);
    wire.carry();
    expect(wire.client.messages).toEqual([]);
    wire.client.association.receive(finished!, 0);
    expect(wire.client.messages.map(String)).toEqual(['early']);
    wire.destroy();
  });

  it('tells the server who the client is, and nobody a hint where there is none', async () => {
    const wire = await new Wire(clientConfiguration(), serverConfiguration()).connect();
    expect(Buffer.from(wire.server.association.info().pskIdentity!).toString()).toBe(IDENTITY);
    expect(wire.client.association.info()).not.toHaveProperty('pskIdentityHint');
    wire.destroy();
  });
});
