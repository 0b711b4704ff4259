import { describe, expect, it } from 'vitest';
import type { Authority, Identity, Pki } from '../../../test/pki.ts';
import { pkiStage } from '../../../test/pki-stage.ts';
import { REFUSED_CERTIFICATES, type RefusedCertificate } from '../../../test/refused-certificates.ts';
import { configured, meet, presenting, revoking, trusting } from '../test/certificates.ts';

let pki: Pki;
let root: Authority;
let middle: Authority;
let other: Authority;
let weak: Authority;
let leaf: Identity;
pkiStage((made) => {
  pki = made;
  [root, other, weak] = [pki.authority('root'), pki.authority('other'), pki.authority('weak', { key: 'rsa1024' })];
  middle = root.authority('middle');
  leaf = root.issue('server.example');
});

type Lists = readonly { pem: Buffer }[];

/** A client that trusts `root` meets a server; its verdict and alert, or nothing. */
async function verdict(server: Identity, lists: Lists = [], serverName?: string, anchors = [root]): Promise<unknown> {
  const security = trusting(anchors, lists.length === 0 ? {} : revoking(...lists));
  const wire = await meet(configured(security), configured(presenting(server)), { serverName });
  const { error, isEstablished } = wire.client;
  wire.destroy();
  if (error === undefined) return isEstablished ? 'accepted' : 'nothing';
  expect(error).toMatchObject({ code: 'EPROTO', alert: { level: 'fatal', origin: 'local' } });
  expect(error.message).toContain(`(${String(error.library?.code)})`);
  return [error.library?.code, error.alert?.name];
}

describe('a client refuses a server certificate', () => {
  it.each<RefusedCertificate>([
    ...REFUSED_CERTIFICATES,
    [
      'from what is no authority',
      () => root.authority('pretender', { ca: false }).issue('server.example'),
      'INVALID_CA',
      'unknown_ca',
    ],
    ['that names only part of it', () => root.issue('example'), 'HOSTNAME_MISMATCH', 'bad_certificate'],
    [
      'of an authority whose key is too small',
      () => weak.issue('server.example'),
      'CA_KEY_TOO_SMALL',
      'bad_certificate',
    ],
  ])('%s', async (_what, make, name, alert) => {
    expect(await verdict(make({ pki, root, middle, other }), [], undefined, [root, weak])).toEqual([name, alert]);
  });
});

describe('the name of a server', () => {
  it.each<[string, string, readonly string[], boolean]>([
    ['a DNS name', 'server.example', ['server.example'], true],
    ['one of several', 'b.example', ['a.example', 'b.example'], true],
    ['other letter case', 'SERVER.example', ['server.EXAMPLE'], true],
    ['a dot at the end', 'server.example.', ['server.example'], true],
    ['a name beyond ASCII', 'b\u00fccher.example', ['xn--bcher-kva.example'], true],
    ['a wildcard', 'a.plant.example', ['*.plant.example'], true],
    ['a wildcard across two labels', 'a.b.plant.example', ['*.plant.example'], false],
    ['a wildcard in a part of a label', 'server.plant.example', ['s*.plant.example'], false],
    ['a wildcard of everything', 'server.example', ['*'], false],
    ['the parent', 'example', ['server.example'], false],
    ['an IPv4 address', '192.0.2.1', ['192.0.2.1'], true],
    ['another IPv4 address', '192.0.2.1', ['192.0.2.2'], false],
    ['an IPv6 address in other words', '2001:DB8:0::1', ['2001:db8::1'], true],
    ['an IPv6 address in brackets', '[2001:db8::1]', ['2001:db8::1'], true],
    ['an IPv6 address with a zone', 'fe80::1%lo', ['fe80::1'], true],
    ['another IPv6 address', '2001:db8::1', ['2001:db8::2'], false],
    ['an IPv4 address as IPv6', '::ffff:192.0.2.1', ['192.0.2.1'], false],
    ['an IPv6 address as IPv4', '192.0.2.1', ['::ffff:192.0.2.1'], false],
    ['an IPv4 address with a zone', '192.0.2.1%lo', ['192.0.2.1'], false],
    ['an address in a DNS name only', '192.0.2.1', ['name.example'], false],
    ['a DNS name where only the address is named', 'server.example', ['192.0.2.1'], false],
  ])('%s: %s in a certificate for %s', async (_what, serverName, names, accepted) => {
    const address = /^[[\d][^%]*$|::/.test(serverName);
    const refusal = [address ? 'IP_ADDRESS_MISMATCH' : 'HOSTNAME_MISMATCH', 'bad_certificate'];
    const found = await verdict(root.issue('someone', { names }), [], serverName);
    expect(found).toEqual(accepted ? 'accepted' : refusal);
  });

  it('is sought in the subject only where subjectAltName holds none', async () => {
    expect(await verdict(root.issue('server.example', { names: [] }))).toBe('accepted');
    const both = root.issue('server.example', { names: ['other.example'] });
    expect(await verdict(both)).toEqual(['HOSTNAME_MISMATCH', 'bad_certificate']);
    const address = root.issue('192.0.2.1', { names: [] });
    expect(await verdict(address, [], '192.0.2.1')).toEqual(['IP_ADDRESS_MISMATCH', 'bad_certificate']);
  });

  it('is none where it stands for an address, and that is said before anything is sent', async () => {
    const server = root.issue('127.1', { names: ['127.1', '127.0.0.1'] });
    await expect(verdict(server, [], '127.1')).rejects.toMatchObject({
      code: 'EINVAL',
      message: expect.stringContaining('verified only as "127.0.0.1"'),
    });
  });

  it('must be known before anything is sent', async () => {
    const wire = meet(configured(trusting([root])), configured(presenting(leaf)), { serverName: '' });
    await expect(wire).rejects.toMatchObject({
      code: 'EINVAL',
      message: expect.stringContaining('serverNameIndication'),
    });
  });
});

describe('trust', () => {
  it.each(['rsa', 'p256', 'p384'] as const)('reaches a server with a key of kind %s', async (key) => {
    expect(await verdict(middle.issue('server.example', { key }))).toBe('accepted');
  });

  it('may be put into an intermediate authority, and into one certificate', async () => {
    const below = middle.issue('server.example');
    expect(await verdict(below, [], undefined, [middle])).toBe('accepted');
    const alone = pki.selfSigned('server.example');
    expect(await verdict(alone, [], undefined, [{ ...root, certificate: alone.certificate }])).toBe('accepted');
    expect(await verdict(alone, [], 'other.example', [{ ...root, certificate: alone.certificate }])).toEqual([
      'HOSTNAME_MISMATCH',
      'bad_certificate',
    ]);
  });
});

describe('revocation', () => {
  it('is a condition as soon as there is a list', async () => {
    expect(await verdict(leaf)).toBe('accepted');
    expect(await verdict(leaf, [root.revocationList([])])).toBe('accepted');
    expect(await verdict(leaf, [root.revocationList([leaf])])).toEqual(['CERT_REVOKED', 'certificate_revoked']);
    expect(await verdict(leaf, [other.revocationList([])])).toEqual(['UNABLE_TO_GET_CRL', 'unknown_ca']);
    expect(await verdict(leaf, [root.revocationList([], { expired: true })])).toEqual([
      'CRL_HAS_EXPIRED',
      'certificate_expired',
    ]);
  });

  it('holds for every certificate of the chain', async () => {
    const below = middle.issue('server.example');
    expect(await verdict(below, [middle.revocationList([])])).toEqual(['UNABLE_TO_GET_CRL', 'unknown_ca']);
    expect(await verdict(below, [middle.revocationList([]), root.revocationList([])])).toBe('accepted');
    expect(await verdict(below, [middle.revocationList([]), root.revocationList([middle])])).toEqual([
      'CERT_REVOKED',
      'certificate_revoked',
    ]);
  });

  it('is not proved by a list that somebody else signed', async () => {
    const forger = pki.authority('root');
    expect(await verdict(leaf, [forger.revocationList([])])).toEqual(['CRL_SIGNATURE_FAILURE', 'decrypt_error']);
  });
});
