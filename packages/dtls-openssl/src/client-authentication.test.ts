import { X509Certificate } from 'node:crypto';
import type { CertificateInfo, CertificateServerInfo } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import type { Authority, Identity, Pki } from '../../../test/pki.ts';
import { pkiStage } from '../../../test/pki-stage.ts';
import { chainOf, configured, meet, ownCertificate, presenting, revoking, trusting } from '../test/certificates.ts';
import type { Wire } from '../test/wire.ts';

let pki: Pki;
let root: Authority;
let middle: Authority;
let other: Authority;
let server: Identity;
pkiStage((made) => {
  pki = made;
  [root, other] = [pki.authority('root'), pki.authority('other')];
  middle = root.authority('middle');
  server = root.issue('server.example');
});

const anchors = () => ({ trustedCerts: chainOf(root.certificate) });

/** A server with these rules meets a client that adds `own`. */
function greet(rules: Partial<CertificateServerInfo>, own: Partial<CertificateInfo> = {}): Promise<Wire> {
  return meet(configured(trusting([root], own)), configured(presenting(server, rules)));
}

function names(certificates: readonly Uint8Array[] | undefined): string[] | undefined {
  return certificates?.map((der) => new X509Certificate(der).subject);
}

describe('a server', () => {
  it.each(['rsa', 'p256', 'p384', 'ed25519'] as const)(
    'knows a client by its certificate with a key of kind %s',
    async (key) => {
      const wire = await greet(
        { clientAuthentication: 'required', ...anchors() },
        ownCertificate(middle.issue('device', { key })),
      );
      expect([wire.client.error, wire.server.error]).toEqual([undefined, undefined]);
      expect(names(wire.server.association.info().peerCertificates)).toEqual(['CN=device', 'CN=middle']);
      expect(names(wire.client.association.info().peerCertificates)).toEqual(['CN=server.example']);
      wire.destroy();
    },
  );

  it.each([
    ['none', false, true],
    ['none', true, true],
    ['optional', false, true],
    ['optional', true, true],
    ['required', false, false],
    ['required', true, true],
  ] as const)(
    'that asks for "%s" meets a client with a certificate: %s',
    async (clientAuthentication, has, accepted) => {
      const wire = await greet({ clientAuthentication, ...anchors() }, has ? ownCertificate(root.issue('device')) : {});
      expect(wire.server.isEstablished).toBe(accepted);
      const sent = accepted && has && clientAuthentication !== 'none';
      expect(names(wire.server.association.info().peerCertificates)).toEqual(sent ? ['CN=device'] : undefined);
      if (!accepted) {
        expect(wire.server.error).toMatchObject({
          code: 'EPROTO',
          message: expect.stringContaining('peer did not return a certificate'),
          alert: { name: 'handshake_failure', origin: 'local' },
        });
      }
      wire.destroy();
    },
  );

  it.each<[string, () => Identity, string, string]>([
    ['of another authority', () => other.issue('device'), 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'unknown_ca'],
    [
      'that has expired',
      () => root.issue('device', { validity: 'expired' }),
      'CERT_HAS_EXPIRED',
      'certificate_expired',
    ],
    [
      'for servers only',
      () => root.issue('device', { purposes: ['serverAuth'] }),
      'INVALID_PURPOSE',
      'unsupported_certificate',
    ],
    ['that signed itself', () => pki.selfSigned('device'), 'DEPTH_ZERO_SELF_SIGNED_CERT', 'unknown_ca'],
  ])('refuses a client certificate %s, also where none would do', async (_what, make, name, alert) => {
    for (const clientAuthentication of ['optional', 'required'] as const) {
      const wire = await greet({ clientAuthentication, ...anchors() }, ownCertificate(make()));
      expect(wire.server.error).toMatchObject({
        code: 'EPROTO',
        message: expect.stringContaining('the certificate of the client was refused'),
        library: { code: name },
        alert: { name: alert, origin: 'local' },
      });
      wire.destroy();
    }
  });

  it('refuses a client certificate that was revoked, and only that', async () => {
    const [good, bad] = [root.issue('good'), root.issue('bad')];
    const rules = { clientAuthentication: 'required', ...anchors(), ...revoking(root.revocationList([bad])) } as const;
    const welcome = await greet(rules, ownCertificate(good));
    expect(welcome.server.isEstablished).toBe(true);
    welcome.destroy();
    const refused = await greet(rules, ownCertificate(bad));
    expect(refused.server.error?.library?.code).toBe('CERT_REVOKED');
    refused.destroy();
  });

  it('never takes a client of the public authorities for one of its own', async () => {
    const security = presenting(server, { clientAuthentication: 'required' });
    await expect(meet(configured(trusting([root])), configured(security))).rejects.toMatchObject({
      code: 'EINVAL',
      message: expect.stringContaining('security.trustedCerts: holds nothing'),
    });
  });

  it('refuses keys that OpenSSL cannot serve with', async () => {
    const security = presenting(root.issue('server.example', { key: 'ed25519' }));
    await expect(meet(configured(trusting([root])), configured(security))).rejects.toMatchObject({
      code: 'ENOTSUP',
      message: expect.stringMatching(/security.serverKey: .*received ed25519/),
    });
  });
});

describe('the chain of a client', () => {
  it.each([
    [true, ['CN=device', 'CN=middle', 'CN=root']],
    [false, undefined],
  ])('is completed from what the client trusts only if wanted: %s', async (rebuildClientCertChain, expected) => {
    const { certificate, key } = middle.issue('device');
    const own = {
      ...ownCertificate({ chain: certificate, key }),
      trustedCerts: chainOf(root.certificate, middle.certificate),
    };
    const wire = await greet({ clientAuthentication: 'required', ...anchors() }, { ...own, rebuildClientCertChain });
    expect(names(wire.server.association.info().peerCertificates)).toEqual(expected);
    wire.destroy();
  });
});
