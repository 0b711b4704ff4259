/**
 * A certificate recipe: authorities, certificates and revocation lists, made by the openssl command line when a test
 * runs, in a directory of their own. Nothing here is checked in, so nothing expires. Needs the peer program `openssl`.
 */

import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Pki extends Disposable {
  /** A self-signed authority. */
  authority(name: string, options?: AuthorityOptions): Authority;
  /** A certificate that is its own issuer and no authority. */
  selfSigned(name: string, options?: CertificateOptions): Identity;
}

/** A certificate and its key, both PEM, as bytes and as files. */
export interface Identity {
  readonly name: string;
  readonly certificate: Buffer;
  readonly key: Buffer;
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Leaf first, then what is above it, without the root; the leaf alone where there is nothing between. */
  readonly chain: Buffer;
  readonly chainFile: string;
}

export interface Authority extends Identity {
  issue(name: string, options?: CertificateOptions): Identity;
  /** An intermediate authority. */
  authority(name: string, options?: AuthorityOptions): Authority;
  /** A revocation list in PEM, valid now; every call gives a new one. */
  revocationList(revoked: readonly Identity[], options?: { expired?: boolean }): { pem: Buffer; file: string };
}

export interface CertificateOptions {
  readonly key?: KeyKind;
  /** DNS names and IP literals of subjectAltName; default: the name itself. */
  readonly names?: readonly string[];
  /** `current` until 2099, `expired` since 2021, `future` from 2099 on. */
  readonly validity?: 'current' | 'expired' | 'future';
  /** Extended key usage; default: both. */
  readonly purposes?: readonly ('serverAuth' | 'clientAuth' | 'codeSigning')[];
  readonly digest?: 'sha256' | 'sha384' | 'sha1';
}

export interface AuthorityOptions extends Pick<CertificateOptions, 'key' | 'validity' | 'digest'> {
  /** False: a certificate that may not issue any, but does. */
  readonly ca?: boolean;
}

export type KeyKind = keyof typeof KEYS;

/** Arguments of `openssl genpkey`. */
export const KEYS = {
  rsa: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
  rsa1024: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'],
  p256: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  p384: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  ed25519: ['-algorithm', 'ED25519'],
} as const;

export function createPki(): Pki {
  const directory = mkdtempSync(join(tmpdir(), 'avs-net-pki-'));
  let serial = 0;
  const at: Workshop = {
    path: (file) => join(directory, file),
    next: (name) => `${++serial}-${name.replace(/[^a-z0-9.-]/gi, '_')}`,
    openssl: (...args) => execFileSync('openssl', args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] }),
  };
  return {
    authority: (name, options = {}) => authority(at, name, options, undefined),
    selfSigned: (name, options = {}) => certify(at, name, options, leafExtensions(name, options), undefined),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** The directory, names for what is made in it, and the tool. */
interface Workshop {
  path(file: string): string;
  next(name: string): string;
  openssl(...args: readonly string[]): Buffer;
}

/** An identity that signs; `above` goes with what it issues: its own chain, without a root. */
interface Signer extends Identity {
  readonly above: Buffer;
}

function authority(at: Workshop, name: string, options: AuthorityOptions, issuer: Signer | undefined): Authority {
  const isCa = options.ca ?? true;
  const usage = isCa ? 'critical,keyCertSign,cRLSign' : 'critical,digitalSignature';
  const extensions = [`basicConstraints=critical,CA:${isCa ? 'TRUE' : 'FALSE'}`, `keyUsage=${usage}`];
  const own = certify(at, name, options, extensions, issuer);
  const signer: Signer = { ...own, above: issuer === undefined ? Buffer.alloc(0) : own.chain };
  return {
    ...own,
    issue: (leaf, leafOptions = {}) => certify(at, leaf, leafOptions, leafExtensions(leaf, leafOptions), signer),
    authority: (below, belowOptions = {}) => authority(at, below, belowOptions, signer),
    revocationList: (revoked, { expired = false } = {}) => revocationList(at, own, revoked, expired),
  };
}

function leafExtensions(name: string, { names = [name], purposes }: CertificateOptions): string[] {
  const alternatives = names.map((entry) => `${isIP(entry) === 0 ? 'DNS' : 'IP'}:${entry}`);
  return [
    'basicConstraints=critical,CA:FALSE',
    'keyUsage=critical,digitalSignature,keyEncipherment',
    `extendedKeyUsage=${(purposes ?? ['serverAuth', 'clientAuth']).join(',')}`,
    ...(alternatives.length === 0 ? [] : [`subjectAltName=${alternatives.join(',')}`]),
  ];
}

function certify(
  at: Workshop,
  name: string,
  { key = 'p256', validity = 'current', digest = 'sha256' }: CertificateOptions,
  extensions: readonly string[],
  issuer: Signer | undefined,
): Identity {
  const stem = at.next(name);
  const [keyFile, request, certificateFile, chainFile] = ['key', 'csr', 'crt', 'chain'].map((end) =>
    at.path(`${stem}.${end}`),
  ) as [string, string, string, string];
  at.openssl('genpkey', ...KEYS[key], '-out', keyFile);
  at.openssl('req', '-new', '-key', keyFile, '-subj', `/CN=${name}`, '-out', request);
  writeFileSync(at.path(`${stem}.ext`), ['[v3]', ...extensions, 'subjectKeyIdentifier=hash', ''].join('\n'));
  const [from, until] = VALIDITY[validity];
  at.openssl(
    ...['ca', '-batch', '-notext', '-config', caSettings(at, stem), '-in', request, '-out', certificateFile],
    ...(issuer === undefined ? ['-selfsign', '-keyfile', keyFile] : signedBy(issuer)),
    ...['-startdate', from, '-enddate', until, '-md', digestFor(issuer?.key ?? readFileSync(keyFile), digest)],
    ...['-extfile', `${stem}.ext`, '-extensions', 'v3'],
  );
  const certificate = readFileSync(certificateFile);
  const chain = Buffer.concat([certificate, issuer?.above ?? Buffer.alloc(0)]);
  writeFileSync(chainFile, chain);
  return { name, certificate, key: readFileSync(keyFile), certificateFile, keyFile, chain, chainFile };
}

function revocationList(
  at: Workshop,
  issuer: Identity,
  revoked: readonly Identity[],
  expired: boolean,
): { pem: Buffer; file: string } {
  const stem = at.next(`${issuer.name}-crl`);
  const file = at.path(`${stem}.crl`);
  const settings = caSettings(at, stem);
  for (const { certificateFile } of revoked) {
    at.openssl('ca', '-config', settings, ...signedBy(issuer), '-revoke', certificateFile);
  }
  const [from, until] = VALIDITY[expired ? 'expired' : 'current'];
  at.openssl(
    ...['ca', '-config', settings, ...signedBy(issuer), '-gencrl', '-out', file],
    ...['-crl_lastupdate', from, '-crl_nextupdate', until, '-md', digestFor(issuer.key, 'sha256')],
  );
  return { pem: readFileSync(file), file };
}

/** Settings and an empty database for one use of `openssl ca`. */
function caSettings(at: Workshop, stem: string): string {
  const file = `${stem}.cnf`;
  writeFileSync(at.path(`${stem}.db`), '');
  writeFileSync(at.path(`${stem}.number`), '01\n');
  const lines = ['[ca]', 'default_ca=d', '[d]', `database=${stem}.db`, `crlnumber=${stem}.number`, 'policy=p'];
  const rest = [
    'new_certs_dir=.',
    'default_md=sha256',
    'rand_serial=yes',
    'unique_subject=no',
    '[p]',
    'commonName=supplied',
    '',
  ];
  writeFileSync(at.path(file), [...lines, ...rest].join('\n'));
  return file;
}

function signedBy({ certificateFile, keyFile }: Identity): string[] {
  return ['-cert', certificateFile, '-keyfile', keyFile];
}

/** EdDSA has its digest inside, and openssl wants to hear so. */
function digestFor(key: Buffer, digest: string): string {
  return createPrivateKey(key).asymmetricKeyType === 'ed25519' ? 'null' : digest;
}

const VALIDITY = {
  current: ['20200101000000Z', '20991231235959Z'],
  expired: ['20200101000000Z', '20210101000000Z'],
  future: ['20990101000000Z', '20991231235959Z'],
} as const;
