/** Flights with certificates: cut to the path, and complete whatever single datagram is lost. */

import type { HandshakeTimeouts } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import type { Authority, Identity } from '../../../test/pki.ts';
import { pkiStage } from '../../../test/pki-stage.ts';
import { chainOf, configured, meet, ownCertificate, presenting, trusting } from '../test/certificates.ts';
import { type Carry, FAST, type Wire } from '../test/wire.ts';

let root: Authority;
let server: Identity;
let device: Identity;
pkiStage((pki) => {
  root = pki.authority('root', { key: 'rsa' });
  const middle = root.authority('middle', { key: 'rsa' });
  server = middle.issue('server.example', { key: 'rsa' });
  device = middle.issue('device', { key: 'rsa' });
});

/** Both sides show a chain of two RSA certificates. */
function connect(lowerMtu: number, carry?: Carry, handshakeTimeouts: HandshakeTimeouts = FAST): Promise<Wire> {
  const own = trusting([root], ownCertificate(device));
  const rules = { clientAuthentication: 'required', trustedCerts: chainOf(root.certificate) } as const;
  return meet(configured(own), configured(presenting(server, rules)), {
    client: { lowerMtu, handshakeTimeouts },
    server: { lowerMtu, handshakeTimeouts },
    ...(carry === undefined ? {} : { carry }),
  });
}

describe('a flight with certificates', () => {
  it.each([
    ['IPv4, 576', 548],
    ['IPv6, 1280', 1_232],
    ['IPv4, 1500', 1_472],
  ])('fits a path of %s', async (_path, mtu) => {
    const sizes: number[] = [];
    const carry: Carry = (bytes) => {
      sizes.push(bytes.length);
      return bytes.length <= mtu ? [bytes] : [];
    };
    const wire = await connect(mtu, carry, UNHURRIED);
    expect([wire.client.error, wire.server.error]).toEqual([undefined, undefined]);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(mtu);
    // Each side sends more than one of them, so that the bound was what cut them, and it was used.
    expect(sizes.filter((size) => size > mtu - 30).length).toBeGreaterThan(1);
    expect(wire.client.flights).toHaveLength(2);
    wire.destroy();
  });

  it('finds the way through a path that is narrower than it says', async () => {
    const wire = await connect(1_472, (bytes) => (bytes.length <= 600 ? [bytes] : []));
    await wire.until(() => wire.client.isEstablished && wire.server.isEstablished);
    expect([wire.client.error, wire.server.error]).toEqual([undefined, undefined]);
    wire.destroy();
  });

  it.each([548, 1_232])('arrives whatever single datagram of %i bytes is lost', async (mtu) => {
    const count = { client: 0, server: 0 };
    const clean = await connect(mtu, (bytes, from) => {
      count[from] += 1;
      return [bytes];
    });
    clean.destroy();
    for (const victim of ['client', 'server'] as const) {
      for (let number = 0; number < count[victim]; number++) {
        const wire = await connect(mtu, (bytes, from, n) => (from === victim && n === number ? [] : [bytes]));
        await wire.until(() => wire.client.isEstablished && wire.server.isEstablished);
        expect([wire.client.error, wire.server.error], `${victim} ${number}`).toEqual([undefined, undefined]);
        expect([...wire.client.refusals, ...wire.server.refusals].filter((why) => LIMITS.includes(why))).toEqual([]);
        wire.destroy();
      }
    }
    expect(count.server).toBeGreaterThan(2);
  });

  it('arrives in reverse order, and twice', async () => {
    let held: Uint8Array[] = [];
    const wire = await connect(548, (bytes, from) => {
      if (from !== 'server' || bytes.length < 400) {
        const all = from === 'server' ? [bytes, ...held.splice(0).reverse()] : [bytes, bytes];
        return all;
      }
      held = [...held, bytes];
      return [];
    });
    await wire.until(() => wire.client.isEstablished && wire.server.isEstablished);
    expect([wire.client.error, wire.server.error]).toEqual([undefined, undefined]);
    wire.destroy();
  });
});

/** What the record filter refuses when its limits are too narrow for what is sent. */
const LIMITS = ['messageTooLong', 'messageNumber', 'tooManyFragments', 'unexpectedMessage', 'recordTooLong'];

/** However slow the machine, no flight is sent twice. */
const UNHURRIED: HandshakeTimeouts = { min: 60_000, max: 60_000 };
