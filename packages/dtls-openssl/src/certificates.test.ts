/** What a certificate credential is refused for when a context is made, and where it may come from. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tls from 'node:tls';
import { type CertificateInfo, type CertificateServerInfo, NetError } from '@avs-net/core/plugin';
import {
  certificateChainFromArray,
  certificateChainFromBuffer,
  certificateChainFromFile,
  certificateChainFromList,
  certificateChainFromPath,
  certRevocationListFromBuffer,
  empty,
  privateKeyFromBuffer,
  privateKeyFromFile,
  withoutServerCertValidation,
} from '@avs-net/credentials';
import { describe, expect, it, vi } from 'vitest';
import type { Authority, Identity, Pki } from '../../../test/pki.ts';
import { pkiStage } from '../../../test/pki-stage.ts';
import { chainOf, configured, meet, ownCertificate, presenting, trusting } from '../test/certificates.ts';
import { contextOf, host } from '../test/wire.ts';
import { createContext } from './context.ts';
import { liveObjects } from './live-objects.ts';
import { type Addon, loadAddon } from './native.ts';
import { systemTrustStore } from './system-trust-store.ts';

let pki: Pki;
let root: Authority;
let server: Identity;
let device: Identity;
pkiStage((made) => {
  pki = made;
  root = pki.authority('root');
  server = root.issue('server.example');
  device = root.issue('device');
});

type Security = CertificateInfo | CertificateServerInfo;

describe('a certificate credential', () => {
  it.each<[string, () => Security, string, RegExp]>([
    [
      'whose key is another one',
      () => presenting({ chain: server.chain, key: device.key }),
      'EINVAL',
      /security.serverKey.*: the private key does not belong to the first certificate/,
    ],
    [
      'whose chain begins with the authority',
      () =>
        trusting([root], ownCertificate({ ...device, chain: Buffer.concat([root.certificate, device.certificate]) })),
      'EINVAL',
      /security.clientKey.*the leaf must come first/,
    ],
    [
      'without its key',
      () => trusting([root], { clientCert: chainOf(device.chain) }),
      'EINVAL',
      /security.clientKey: clientCert is given/,
    ],
    [
      'without its certificate',
      () => trusting([root], { clientKey: privateKeyFromBuffer(device.key) }),
      'EINVAL',
      /security.clientCert: clientKey is given/,
    ],
    [
      'of garbage',
      () => trusting([], { trustedCerts: certificateChainFromBuffer(Buffer.from('garbage')) }),
      'EPROTO',
      /security.trustedCerts \(buffer of 7 bytes/,
    ],
    [
      'of a damaged list',
      () => trusting([root], { certRevocationLists: certRevocationListFromBuffer(Buffer.from([0x30, 0x03, 1, 1])) }),
      'EPROTO',
      /security.certRevocationLists \(buffer of 4 bytes/,
    ],
    [
      'from a file that is not there',
      () => trusting([], { trustedCerts: certificateChainFromFile('/no/such/file.pem') }),
      'ENOENT',
      /security.trustedCerts \(file \/no\/such\/file.pem/,
    ],
    [
      'that trusts nothing',
      () => trusting([], { trustedCerts: empty('certificateChain') }),
      'EINVAL',
      /security.trustedCerts: holds nothing/,
    ],
    [
      'with an RSA key of 1024 bits',
      () => presenting(pki.selfSigned('server.example', { key: 'rsa1024' })),
      'EINVAL',
      /OpenSSL refuses the own certificate or its key/,
    ],
  ])('%s is refused', async (_what, security, code, message) => {
    await expect(contextOf(configured(security()))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(liveObjects()).toEqual({ contexts: 0, connections: 0, bios: 0, associations: 0 });
  });

  it('is refused with the words of OpenSSL, and without those of the key', async () => {
    const error: unknown = await contextOf(
      configured(presenting(pki.selfSigned('server.example', { key: 'rsa1024' }))),
    ).catch((reason) => reason);
    expect(error).toBeInstanceOf(NetError);
    expect((error as NetError).library?.text).toMatch(/ee key too small/);
  });

  it.each(['buffer', 'file', 'path', 'array', 'list'] as const)('may come from a source of kind %s', async (source) => {
    const directory = mkdtempSync(join(tmpdir(), 'avs-net-trust-'));
    writeFileSync(join(directory, 'root.pem'), root.certificate);
    const trustedCerts = {
      buffer: () => chainOf(root.certificate),
      file: () => certificateChainFromFile(root.certificateFile),
      path: () => certificateChainFromPath(directory),
      array: () => certificateChainFromArray([empty('certificateChain'), chainOf(root.certificate)]),
      list: () => certificateChainFromList(new Set([chainOf(root.certificate)])),
    }[source]();
    const own = presenting(server, {
      serverCert: certificateChainFromFile(server.chainFile),
      serverKey: privateKeyFromFile(server.keyFile),
    });
    const wire = await meet(configured(trusting([], { trustedCerts })), configured(own));
    expect(wire.client.isEstablished).toBe(true);
    wire.destroy();
    rmSync(directory, { recursive: true });
  });
});

describe('the trust store of the system', () => {
  it('is what node trusts', () => {
    expect(systemTrustStore().length).toBeGreaterThan(50);
  });

  it('holds what NODE_EXTRA_CA_CERTS names where node does not tell, as far as it can be read', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'avs-net-extra-'));
    const damaged = join(directory, 'damaged.pem');
    writeFileSync(damaged, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    const sizes: number[] = [];
    for (const file of ['', root.certificateFile, damaged, '/no/such/file']) {
      vi.stubEnv('NODE_EXTRA_CA_CERTS', file);
      vi.resetModules();
      const fresh = await import('./system-trust-store.ts');
      sizes.push(fresh.systemTrustStore().length);
    }
    vi.unstubAllEnvs();
    rmSync(directory, { recursive: true });
    const [none = 0, ...others] = sizes;
    expect(others).toEqual([none + ('getCACertificates' in tls ? 0 : 1), none, none]);
  });

  it.each<[string, () => Security, number]>([
    ['by default', () => ({ mode: 'certificate' }), systemTrustStore().length],
    [
      'beside what is configured',
      () => trusting([root], { ignoreSystemTrustStore: false }),
      systemTrustStore().length + 1,
    ],
    ['not where it is ignored', () => trusting([root]), 1],
    ['not where nothing is verified', () => withoutServerCertValidation({ mode: 'certificate' }), 0],
    [
      'not by a server',
      () => presenting(server, { clientAuthentication: 'optional', trustedCerts: chainOf(root.certificate) }),
      1,
    ],
  ])('is used %s', async (_when, security, expected) => {
    const counts: number[] = [];
    const real = loadAddon();
    const counting: Addon = {
      ...real,
      useTrust: (context, mode, anchors, lists, dane) => {
        counts.push(derObjects(anchors));
        real.useTrust(context, mode, anchors, lists, dane);
      },
    };
    const made = await createContext(counting, configured(security()), host);
    made.destroy();
    expect(counts).toEqual([expected]);
  });
});

describe('without verification', () => {
  it('anybody will do, and nothing is asked but the handshake', async () => {
    const security = withoutServerCertValidation({ mode: 'certificate' });
    for (const someone of [pki.selfSigned('anybody'), root.issue('x', { validity: 'expired' })]) {
      const wire = await meet(configured(security), configured(presenting(someone)));
      expect(wire.client.isEstablished).toBe(true);
      expect(wire.client.association.info().peerCertificates).toHaveLength(1);
      wire.destroy();
    }
  });
});

/** RFC 5280: every certificate is a SEQUENCE of two bytes of length. */
function derObjects(bytes: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < bytes.length; count++) at += 4 + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
  return count;
}
