import { CIPHERSUITES } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import { CLAIMS } from './claims.ts';
import { tlsNode } from './plugin.ts';
import { probe } from './probe.ts';

describe('the probe', () => {
  it('names the library and takes ciphersuites away, nothing else', () => {
    const found = probe();
    if (!found.available) throw new Error(found.reason);
    const { client, server, ...others } = found.claims!;
    const { client: claimedClient, server: claimedServer, ...claimed } = CLAIMS;
    expect(others).toEqual(claimed);
    expect({ ...client, ciphersuites: 0 }).toEqual({ ...claimedClient, ciphersuites: 0 });
    expect({ ...server, ciphersuites: 0 }).toEqual({ ...claimedServer, ciphersuites: 0 });
    expect(found.library).toEqual({ name: 'OpenSSL', running: process.versions['openssl'] });
    const lacking = CIPHERSUITES.filter(({ id }) => !client!.ciphersuites.includes(id));
    expect(lacking.every(({ name }) => name.endsWith('_CCM_8'))).toBe(true);
  });

  it('keeps the order of the claims', () => {
    const found = probe();
    const left = found.available ? found.claims!.client!.ciphersuites : [];
    expect(left).toEqual(CLAIMS.client!.ciphersuites.filter((id) => left.includes(id)));
  });

  it('is that of the plugin, whose claims are plain data', () => {
    expect(tlsNode).toMatchObject({ contract: 1, name: 'tls-node', provides: 'tls' });
    expect(Object.isFrozen(tlsNode)).toBe(true);
    expect(JSON.parse(JSON.stringify(tlsNode.claims))).toEqual(tlsNode.claims);
  });
});
