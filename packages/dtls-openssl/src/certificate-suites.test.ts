import { CIPHERSUITES, type SecureConfiguration } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import type { Authority, Identity } from '../../../test/pki.ts';
import { pkiStage } from '../../../test/pki-stage.ts';
import { configured, meet, presenting, trusting } from '../test/certificates.ts';
import { clientSecurity, type End, serverConfiguration } from '../test/wire.ts';

const SUITES = CIPHERSUITES.filter(({ mode }) => mode === 'certificate');

let root: Authority;
let ecdsa: Identity;
let rsa: Identity;
pkiStage((pki) => {
  root = pki.authority('root');
  ecdsa = root.issue('server.example');
  rsa = root.issue('server.example', { key: 'rsa' });
});

const client = (overrides: Partial<SecureConfiguration> = {}) => configured(trusting([root]), overrides);
const server = (identity: Identity, overrides: Partial<SecureConfiguration> = {}) =>
  configured(presenting(identity), overrides);

describe('a certificate handshake', () => {
  it.each(SUITES.map((suite) => [suite.name, suite] as const))(
    '%s carries data and knows its size',
    async (_, suite) => {
      const ciphersuites = [suite.id];
      const identity = suite.name.includes('_ECDSA_') ? ecdsa : rsa;
      const wire = await meet(client({ ciphersuites }), server(identity, { ciphersuites }));
      for (const [from, to] of [
        [wire.client, wire.server],
        [wire.server, wire.client],
      ] as const) {
        expect(from.association.info()).toMatchObject({
          version: 'DTLSv1.2',
          ciphersuite: { id: suite.id, name: suite.name },
          extendedMasterSecret: true,
        });
        from.association.send(Buffer.from(`from ${from.role}`), 0);
        wire.carry();
        expect(to.messages.map(String)).toEqual([`from ${from.role}`]);
        const largest = from.association.maxMessage(1_472);
        for (let size = largest - 32; size <= largest + 32; size++) {
          expect(datagramOf(from, size) <= 1_472, `${size} bytes, largest ${largest}`).toBe(size <= largest);
        }
      }
      wire.destroy();
    },
  );

  it('is not to be had where the suites do not fit the key', async () => {
    const ciphersuites = ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'];
    const wire = await meet(client({ ciphersuites }), server(ecdsa));
    expect(wire.server.error).toMatchObject({ code: 'EPROTO', alert: { name: 'handshake_failure', origin: 'local' } });
    wire.destroy();
  });

  it('keeps the order of the server, and drops suites of the other mode', async () => {
    const ciphersuites = [0xc0a8, 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8', 'ECDHE-ECDSA-AES128-GCM-SHA256'];
    const wire = await meet(client(), server(ecdsa, { ciphersuites }));
    expect(wire.client.association.info().ciphersuite?.name).toBe('TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8');
    wire.destroy();
  });

  it('never takes the place of one with a pre-shared key, nor the other way round', async () => {
    const all = CIPHERSUITES.map(({ id }) => id);
    const pairs: [SecureConfiguration, SecureConfiguration][] = [
      [client({ ciphersuites: all }), serverConfiguration({ ciphersuites: all })],
      [configured(clientSecurity(), { ciphersuites: all }), server(ecdsa, { ciphersuites: all })],
    ];
    for (const [one, other] of pairs) {
      const wire = await meet(one, other);
      expect([wire.client.isEstablished, wire.server.isEstablished]).toEqual([false, false]);
      expect(wire.server.error).toMatchObject({ code: 'EPROTO', alert: { description: 40, origin: 'local' } });
      wire.destroy();
    }
  });
});

describe('the range of versions', () => {
  it.each([
    [undefined, undefined],
    ['DTLSv1.2', undefined],
    ['DTLSv1.2', 'DTLSv1.2'],
  ] as const)('from %s to %s gives DTLS 1.2', async (min, max) => {
    const version = { ...(min && { min }), ...(max && { max }) };
    const wire = await meet(client({ version }), server(ecdsa));
    expect(wire.client.association.info().version).toBe('DTLSv1.2');
    wire.destroy();
  });

  it.each([
    ['DTLSv1.0', 'DTLSv1.2', 'ENOTSUP'],
    ['DTLSv1.0', 'DTLSv1.0', 'ENOTSUP'],
    ['DTLSv1.2', 'DTLSv1.0', 'EINVAL'],
    ['DTLSv1.3', 'DTLSv1.3', 'ENOTSUP'],
  ] as const)('from %s to %s is refused by %s', async (min, max, code) => {
    await expect(meet(client({ version: { min, max } }), server(ecdsa))).rejects.toMatchObject({ code });
    await expect(meet(client(), server(ecdsa, { version: { min, max } }))).rejects.toMatchObject({ code });
  });
});

function datagramOf(end: End, size: number): number {
  end.association.send(new Uint8Array(size), 0);
  return end.sent.splice(0)[0]!.length;
}
