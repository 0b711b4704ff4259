import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Authority, Identity } from '../../../test/pki.ts';
import { pkiStage } from '../../../test/pki-stage.ts';
import { chainOf, configured, meet, ownCertificate, presenting, trusting } from '../test/certificates.ts';
import { flipping, lossy } from '../test/damage.ts';
import type { Carry, Wire } from '../test/wire.ts';
import { liveObjects } from './live-objects.ts';

let root: Authority;
let server: Identity;
let device: Identity;
pkiStage((pki) => {
  root = pki.authority('root');
  const middle = root.authority('middle');
  server = middle.issue('server.example');
  device = middle.issue('device');
});

/** Both show a chain of two, in datagrams of 548 bytes. */
function connect(carry: Carry, dtlsHandshakeTimeouts: { min: number; max: number }): Promise<Wire> {
  const rules = { clientAuthentication: 'required', trustedCerts: chainOf(root.certificate) } as const;
  const path = { lowerMtu: 548, handshakeTimeouts: dtlsHandshakeTimeouts };
  const own = configured(trusting([root], ownCertificate(device)), { dtlsHandshakeTimeouts });
  const other = configured(presenting(server, rules), { dtlsHandshakeTimeouts });
  return meet(own, other, { carry, client: path, server: path });
}

describe('a handshake with certificates', () => {
  // Ten attempts: with a quarter lost, two in a thousand would end without the last flight, and time is not repeatable.
  it('is completed by retransmission when a tenth is lost, some repeated and some late', async () => {
    await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const wire = await connect(lossy(index + 1, 0.1), { min: 20, max: 10_240 });
        expect([index, wire.client.error, wire.server.error]).toEqual([index, undefined, undefined]);
        wire.destroy();
      }),
    );
    expect(liveObjects()).toEqual({ contexts: 0, connections: 0, bios: 0, associations: 0 });
  });

  it('whose bits are damaged ends in order or with the right peer', async () => {
    const ends = await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const wire = await connect(flipping(index + 1, 0.15), { min: 20, max: 80 });
        for (const { error } of [wire.client, wire.server]) {
          if (error !== undefined) expect(['ETIMEDOUT', 'EPROTO']).toContain(error.code);
        }
        const { isEstablished, association } = wire.client;
        if (isEstablished) {
          const [leaf] = association.info().peerCertificates!;
          expect(Buffer.from(leaf!)).toEqual(new X509Certificate(server.certificate).raw);
        }
        wire.destroy();
        return isEstablished;
      }),
    );
    expect([...new Set(ends)].sort()).toEqual([false, true]);
    expect(liveObjects()).toEqual({ contexts: 0, connections: 0, bios: 0, associations: 0 });
  });
});
