import { describe, expect, it } from 'vitest';
import { CLAIMS } from './claims.ts';
import { type Addon, loadAddon, requireAddon } from './native.ts';
import { dtlsOpenssl } from './plugin.ts';
import { probe } from './probe.ts';

const addon = loadAddon();
const failing = (message: string) => (): Addon =>
  requireAddon(() => {
    throw new Error(message);
  });

describe('the probe', () => {
  it('reports the built and the running library', () => {
    expect(dtlsOpenssl.probe?.()).toEqual({
      available: true,
      claims: CLAIMS,
      library: {
        name: 'OpenSSL',
        built: expect.stringMatching(/^3\.\d+\.\d+/),
        running: process.versions.openssl,
      },
    });
  });

  it.each([
    ['glibc', '/x/dtls_openssl.node: undefined symbol: DTLS_client_method'],
    ['musl', 'Error relocating /x/dtls_openssl.node: DTLS_client_method: symbol not found'],
    ['macOS', "dlopen(/x): symbol not found in flat namespace '_DTLS_client_method'"],
  ])('explains a runtime without the symbols as %s reports it', (_system, message) => {
    expect(probe(failing(message))).toEqual({
      available: false,
      reason: expect.stringMatching(
        /^this runtime \(node 2\d\.[\d.]+\) does not export the OpenSSL functions .*missing: DTLS_client_method.*another/,
      ),
    });
  });

  it('explains an addon that was not built, and one that is broken', () => {
    const notBuilt = (): Addon => {
      throw new Error('the native addon is not built for linux-x64');
    };
    expect(probe(notBuilt)).toEqual({ available: false, reason: 'the native addon is not built for linux-x64' });
    expect(probe(failing('file too short'))).toEqual({
      available: false,
      reason: 'the native addon cannot be loaded: file too short',
    });
  });

  it('refuses a library of another major version by name', () => {
    const newer = { ...addon, versions: () => ({ built: 'OpenSSL 3.0.19', running: 'OpenSSL 4.0.1', major: 4 }) };
    expect(probe(() => newer)).toEqual({
      available: false,
      reason: expect.stringContaining('knows OpenSSL 3 and node runs 4.0.1'),
      library: { name: 'OpenSSL', built: '3.0.19', running: '4.0.1' },
    });
  });

  it('takes away the suites that the running library has not', () => {
    const poorer = { ...addon, ciphersuites: () => [0xa8, 0x1301] };
    const found = probe(() => poorer);
    expect(found.available && [found.claims?.client?.ciphersuites, found.claims?.server?.ciphersuites]).toEqual([
      [0xa8],
      [0xa8],
    ]);
  });
});
