import tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import { trustAnchors } from './trust.ts';

const own = [Uint8Array.of(0x30, 1), Uint8Array.of(0x30, 2)];

describe('trust anchors', () => {
  it('are those of the configuration where the system does not count', () => {
    expect(trustAnchors(own, true)).toEqual([
      '-----BEGIN CERTIFICATE-----\nMAE=\n-----END CERTIFICATE-----\n',
      '-----BEGIN CERTIFICATE-----\nMAI=\n-----END CERTIFICATE-----\n',
    ]);
    expect(trustAnchors([], true)).toEqual([]);
  });

  it('are left to node where there are no others', () => {
    expect(trustAnchors([], false)).toBeUndefined();
  });

  it('are both otherwise', () => {
    const anchors = trustAnchors(own, false)!;
    expect(anchors.slice(0, 2)).toEqual(trustAnchors(own, true));
    expect(anchors.slice(2)).toEqual(expect.arrayContaining([tls.rootCertificates[0]]));
    expect(anchors.length).toBeGreaterThanOrEqual(2 + tls.rootCertificates.length);
  });
});
