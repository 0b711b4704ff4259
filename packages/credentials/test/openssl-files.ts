/**
 * Test support: keys, certificates and revocation lists made by the openssl command line in a directory of their own.
 * Nothing that the tests read was made by the code that they test.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface OpensslFiles {
  readonly directory: string;
  /** Full name of a file in the directory. */
  path(name: string): string;
  read(name: string): Buffer;
  write(name: string, content: Uint8Array | string): string;
  /** Runs `openssl` in the directory; standard output. */
  openssl(...args: readonly string[]): Buffer;
  /** `<name>.key`: unencrypted PKCS#8 PEM. */
  makeKey(name: string, algorithm: KeyAlgorithm): void;
  /** `<name>.crt`: a certificate for `<name>.key`, self-signed or issued by `<issuer>.crt`. */
  makeCertificate(name: string, options?: { issuer?: string; days?: number; ca?: boolean }): void;
  /** `<name>.crl`: revokes `<revoked>.crt`, signed by `<issuer>.key`. */
  makeRevocationList(name: string, issuer: string, revoked: string): void;
  remove(): void;
}

export type KeyAlgorithm = keyof typeof ALGORITHMS;

export const ALGORITHMS = {
  rsa: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
  p256: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  p384: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  ed25519: ['-algorithm', 'ED25519'],
} as const satisfies Record<string, readonly string[]>;

export function opensslFiles(): OpensslFiles {
  const directory = mkdtempSync(join(tmpdir(), 'avs-net-credentials-'));
  const path = (name: string): string => join(directory, name);
  const openssl = (...args: readonly string[]): Buffer =>
    execFileSync('openssl', args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
  return {
    directory,
    path,
    read: (name) => readFileSync(path(name)),
    write: (name, content) => {
      writeFileSync(path(name), content);
      return path(name);
    },
    openssl,
    makeKey: (name, algorithm) => {
      openssl('genpkey', ...ALGORITHMS[algorithm], '-out', `${name}.key`);
    },
    makeCertificate: (name, { issuer, days = 30, ca = issuer === undefined } = {}) => {
      const extensions = ['-addext', `basicConstraints=critical,CA:${ca ? 'TRUE' : 'FALSE'}`];
      const signer = issuer === undefined ? [] : ['-CA', `${issuer}.crt`, '-CAkey', `${issuer}.key`];
      const subject = ['-subj', `/CN=${name}`, '-days', String(days)];
      openssl(
        'req',
        '-x509',
        '-new',
        '-key',
        `${name}.key`,
        ...subject,
        ...extensions,
        ...signer,
        '-out',
        `${name}.crt`,
      );
    },
    makeRevocationList: (name, issuer, revoked) => {
      const settings = `[ca]\ndefault_ca=d\n[d]\ndatabase=${name}.db\ncrlnumber=${name}.number\ndefault_md=sha256\n`;
      writeFileSync(path(`${name}.cnf`), settings);
      writeFileSync(path(`${name}.db`), '');
      writeFileSync(path(`${name}.number`), '01\n');
      const ca = ['ca', '-config', `${name}.cnf`, '-cert', `${issuer}.crt`, '-keyfile', `${issuer}.key`];
      openssl(...ca, '-revoke', `${revoked}.crt`);
      openssl(...ca, '-gencrl', '-crldays', '30', '-out', `${name}.crl`);
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
