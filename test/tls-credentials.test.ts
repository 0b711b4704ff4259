/**
 * Credentials of tls-node: from every source, and everything about them that is refused when a socket is created,
 * without a secret in what is said.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Configurations } from '@avs-net/core';
import {
  type CertificateOptions,
  certificateChainFromArray,
  certificateChainFromBuffer,
  certificateChainFromFile,
  certificateChainFromList,
  certificateChainFromPath,
  certificateServer,
  certificates,
  certRevocationListFromBuffer,
  certRevocationListFromFile,
  empty,
  privateKeyFromBuffer,
  privateKeyFromEngine,
  privateKeyFromFile,
} from '@avs-net/credentials';
import { describe, expect, it } from 'vitest';
import { clientIdentity, identityFlags, localhost, tlsStage } from './openssl-tls.ts';

const stage = tlsStage();

/** A directory of trust anchors. */
function directory(): string {
  const path = join(dirname(stage.root.certificateFile), 'anchors');
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'root.pem'), stage.root.certificate);
  writeFileSync(join(path, 'README'), 'not a certificate');
  return path;
}

describe('trust anchors', () => {
  it.each<[string, () => CertificateOptions['trustedCerts']]>([
    ['a file', () => certificateChainFromFile(stage.root.certificateFile)],
    ['a directory', () => certificateChainFromPath(directory())],
    ['PEM bytes', () => certificateChainFromBuffer(stage.root.certificate)],
    [
      'an array',
      () =>
        certificateChainFromArray([empty('certificateChain'), certificateChainFromFile(stage.root.certificateFile)]),
    ],
    [
      'a list in a list',
      () => certificateChainFromList([certificateChainFromList([certificateChainFromBuffer(stage.root.certificate)])]),
    ],
  ])('may come from %s', async (_what, trustedCerts) => {
    const { port } = await stage.sServer(...identityFlags(stage.middle.issue('localhost', localhost)));
    const socket = await stage.socket({ security: stage.clientSecurity({ trustedCerts: trustedCerts()! }) });
    await socket.connect('localhost', port);
  });

  it('of nobody but node refuse whom node does not know', async () => {
    const { port } = await stage.sServer(...identityFlags(stage.root.issue('localhost', localhost)));
    const socket = await stage.socket({ security: certificates({}) });
    await expect(socket.connect('localhost', port)).rejects.toMatchObject({ alert: { name: 'unknown_ca' } });
  });
});

describe('own certificates', () => {
  it.each<[string, () => Partial<CertificateOptions>]>([
    [
      'files',
      () => device((identity) => [certificateChainFromFile(identity.chainFile), privateKeyFromFile(identity.keyFile)]),
    ],
    ['bytes', () => clientIdentity(stage.middle.issue('device'))],
    [
      'the leaf alone, with what is above it taken from the trust anchors',
      () => ({
        ...device((identity) => [
          certificateChainFromFile(identity.certificateFile),
          privateKeyFromFile(identity.keyFile),
        ]),
        trustedCerts: certificateChainFromBuffer(Buffer.concat([stage.root.certificate, stage.middle.certificate])),
        rebuildClientCertChain: true,
      }),
    ],
  ])('may come from %s', async (_what, options) => {
    const required = ['-Verify', '5', '-verify_return_error', '-CAfile', stage.root.certificateFile];
    const { port, peer } = await stage.sServer(...identityFlags(stage.root.issue('localhost', localhost)), ...required);
    const socket = await stage.socket({ security: stage.clientSecurity(options()) });
    await socket.connect('localhost', port);
    await socket.send(Buffer.from('let in\n'));
    await peer.line(/let in/);
  });
});

describe('createSocket refuses', () => {
  const client = (change: () => Partial<CertificateOptions>) => () => stage.clientSecurity(change());
  it.each<[string, () => Configurations['tls']['security'], string, RegExp]>([
    [
      'a key of another certificate',
      client(() => ({
        ...clientIdentity(stage.root.issue('a')),
        clientKey: privateKeyFromBuffer(stage.root.issue('b').key),
      })),
      'EINVAL',
      /security\.clientKey.*does not belong/,
    ],
    [
      'a key that is none',
      client(() => ({
        ...clientIdentity(stage.root.issue('a')),
        clientKey: privateKeyFromBuffer(Buffer.from('hunter2')),
      })),
      'EPROTO',
      /security\.clientKey/,
    ],
    [
      'a key of a file that is not there',
      client(() => ({ ...clientIdentity(stage.root.issue('a')), clientKey: privateKeyFromFile('/nowhere/key.pem') })),
      'ENOENT',
      /nowhere/,
    ],
    [
      'a key inside an engine',
      client(() => ({ ...clientIdentity(stage.root.issue('a')), clientKey: privateKeyFromEngine('pkcs11:x') })),
      'ENOTSUP',
      /engine/,
    ],
    [
      'trust in nothing',
      client(() => ({ trustedCerts: empty('certificateChain') })),
      'EINVAL',
      /security\.trustedCerts: holds nothing/,
    ],
    [
      'trust in what is no certificate',
      client(() => ({ trustedCerts: certificateChainFromBuffer(Buffer.from('hunter2')) })),
      'EPROTO',
      /security\.trustedCerts.*7 bytes/,
    ],
    [
      'a revocation list that is none',
      client(() => ({ certRevocationLists: certRevocationListFromBuffer(stage.root.certificate) })),
      'EPROTO',
      /security\.certRevocationLists.*no revocation list/,
    ],
    [
      'a revocation list that is not there',
      client(() => ({ certRevocationLists: certRevocationListFromFile('/nowhere/crl') })),
      'ENOENT',
      /nowhere/,
    ],
    [
      'a weak key',
      client(() => clientIdentity(stage.root.issue('weak', { key: 'rsa1024' }))),
      'EINVAL',
      /node:tls refuses.*too small/,
    ],
    ['DANE, which node has not', client(() => ({ dane: true })), 'ENOTSUP', /security\.dane/],
    [
      'a weak key of a server',
      () => stage.serverSecurity(stage.root.issue('weak', { key: 'rsa1024' })),
      'EINVAL',
      /too small/,
    ],
    [
      'a server whose key is another one',
      () =>
        certificateServer({
          serverCert: certificateChainFromBuffer(stage.root.issue('a').chain),
          serverKey: privateKeyFromBuffer(stage.root.issue('b').key),
        }),
      'EINVAL',
      /security\.serverKey/,
    ],
  ])('%s', async (_what, security, code, message) => {
    const creating = stage.socket({ security: security() });
    await expect(creating).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    await expect(creating).rejects.not.toMatchObject({ message: expect.stringMatching(/hunter2|PRIVATE KEY/) });
  });

  it('what cannot work, with every reason at once', async () => {
    const configuration = {
      security: stage.clientSecurity({ dane: true }),
      version: { min: 'TLSv1.0', max: 'TLSv1.1' },
      connectionId: true,
      dtlsHandshakeTimeouts: { min: 1, max: 2 },
      ciphersuites: [0xfefe],
    } as const;
    const failure: unknown = await stage.socket(configuration).catch((error: unknown) => error);
    const { unmet } = failure as { unmet: { path: string }[] };
    const paths = unmet.map(({ path }) => path).sort();
    expect(paths).toEqual(['ciphersuites[0]', 'connectionId', 'dtlsHandshakeTimeouts', 'security.dane', 'version']);
    expect(stage.net.check('tls', configuration)).toHaveLength(paths.length);
  });
});

function device(
  parts: (
    identity: ReturnType<typeof stage.root.issue>,
  ) => [CertificateOptions['clientCert'], CertificateOptions['clientKey']],
): Partial<CertificateOptions> {
  const [clientCert, clientKey] = parts(stage.middle.issue('device'));
  return { clientCert: clientCert!, clientKey: clientKey! };
}
