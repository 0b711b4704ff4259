/** The certificate recipe, checked by `openssl verify`. */

import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { type Authority, type Identity, KEYS, type KeyKind } from './pki.ts';
import { pkiStage } from './pki-stage.ts';

let root: Authority;
pkiStage((pki) => {
  root = pki.authority('root');
});

function verify({ certificateFile, chainFile }: Identity, ...flags: string[]): string {
  const args = ['verify', '-CAfile', root.certificateFile, '-untrusted', chainFile, ...flags, certificateFile];
  const { stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  return stdout + stderr;
}

describe('the certificate recipe', () => {
  it.each(Object.keys(KEYS) as KeyKind[])('issues for a key of kind %s', (key) => {
    expect(verify(root.issue('device', { key }))).toMatch(/: OK/);
  });

  it('issues by Ed25519 authorities, revocation lists too', () => {
    const middle = root.authority('middle', { key: 'ed25519' });
    const leaf = middle.issue('device');
    expect(verify(leaf)).toMatch(/: OK/);
    expect(middle.revocationList([leaf]).pem.toString()).toMatch(/BEGIN X509 CRL/);
  });

  it.each([
    ['expired', /certificate has expired/],
    ['future', /not yet valid/],
  ] as const)('issues what is %s', (validity, complaint) => {
    expect(verify(root.issue('device', { validity }))).toMatch(complaint);
  });

  it('chains through an intermediate, and not through what is no authority', () => {
    const middle = root.authority('middle');
    expect(verify(middle.issue('device'))).toMatch(/: OK/);
    expect(verify({ ...middle.issue('device'), chainFile: root.certificateFile })).toMatch(
      /unable to get local issuer/,
    );
    expect(verify(root.authority('pretender', { ca: false }).issue('device'))).toMatch(/invalid CA|basic constraints/);
  });

  it('names hosts and addresses', () => {
    const leaf = root.issue('device', { names: ['device.example', '127.0.0.1', '::1'] });
    for (const flags of [
      ['-verify_hostname', 'device.example'],
      ['-verify_ip', '127.0.0.1'],
      ['-verify_ip', '::1'],
    ]) {
      expect(verify(leaf, ...flags)).toMatch(/: OK/);
    }
    expect(verify(leaf, '-verify_hostname', 'other.example')).toMatch(/hostname mismatch/i);
  });

  it('revokes', () => {
    const [good, bad] = [root.issue('good'), root.issue('bad')];
    const { file } = root.revocationList([bad]);
    expect(verify(good, '-crl_check', '-CRLfile', file)).toMatch(/: OK/);
    expect(verify(bad, '-crl_check', '-CRLfile', file)).toMatch(/certificate revoked/);
    const old = root.revocationList([], { expired: true });
    expect(verify(good, '-crl_check', '-CRLfile', old.file)).toMatch(/CRL has expired/);
  });

  it('limits purposes', () => {
    const leaf = root.issue('device', { purposes: ['clientAuth'] });
    expect(verify(leaf, '-purpose', 'sslclient')).toMatch(/: OK/);
    expect(verify(leaf, '-purpose', 'sslserver')).toMatch(/purpose/);
  });
});
