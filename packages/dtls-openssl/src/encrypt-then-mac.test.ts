/** Suites whose records are OpenSSL's, under encrypt-then-MAC (RFC 7366): nobody without keys may end what they protect. */

import { systemClock } from '@avs-net/core';
import { describe, expect, it } from 'vitest';
import { clientConfiguration, IDENTITY, serverConfiguration, Wire } from '../test/wire.ts';
import { liveObjects } from './live-objects.ts';

const SUITES: [string, object][] = [
  ['TLS_PSK_WITH_AES_128_CBC_SHA', {}],
  ['TLS_PSK_WITH_AES_128_CBC_SHA256', {}],
  ['TLS_PSK_WITH_AES_256_CBC_SHA384', {}],
  ['TLS_PSK_WITH_AES_128_CBC_SHA', { version: { min: 'DTLSv1.0', max: 'DTLSv1.0' } }],
];
const EPOCH_AT = 4;

describe.each(SUITES)('%s %j', (suite, version) => {
  const configuration = { ciphersuites: [suite], ...version };
  const wireOf = (carry?: ConstructorParameters<typeof Wire>[2]): Wire =>
    new Wire(clientConfiguration(configuration), serverConfiguration(configuration), carry);

  it('outlives forged records, each of them counted', async () => {
    const wire = await wireOf().connect();
    try {
      const { client, server } = wire;
      expect(server.association.info()).toMatchObject({ encryptThenMac: true });
      client.association.send(Buffer.from('genuine'), systemClock.now());
      const [record] = client.sent.splice(0);
      // Behind the header: IV, text and MAC; the number before it is authenticated as well.
      for (let at = 8; at < record!.length; at += 1) {
        if (at === 11 || at === 12) continue;
        server.association.receive(flipped(record!, at), systemClock.now());
      }
      expect(server.error).toBeUndefined();
      expect(new Set(server.refusals)).toEqual(new Set(['forged']));
      server.association.receive(record!, systemClock.now());
      expect(server.messages.map(String)).toEqual(['genuine']);
    } finally {
      wire.destroy();
    }
    expect(liveObjects()).toMatchObject({ connections: 0, associations: 0 });
  });

  it('is agreed on although Finished messages are forged in front of the genuine ones', async () => {
    const wire = await wireOf((bytes) => {
      const isProtected = bytes[EPOCH_AT] === 1;
      return isProtected ? [flipped(bytes, bytes.length - 1), bytes] : [forgedBehind(bytes), bytes];
    }).connect();
    try {
      expect([wire.client.error, wire.server.error]).toEqual([undefined, undefined]);
      expect(wire.server.identities).toContain(IDENTITY);
    } finally {
      wire.destroy();
    }
  });
});

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at]! ^= 1;
  return copy;
}

/** The datagram with the last bit of its last record flipped, if that is protected; else what nobody looks at. */
function forgedBehind(bytes: Uint8Array): Uint8Array {
  for (let at = 0; at + 13 <= bytes.length; at += 13 + ((bytes[at + 11]! << 8) | bytes[at + 12]!)) {
    if (bytes[at + EPOCH_AT] === 1) return flipped(bytes.subarray(at), bytes.length - at - 1);
  }
  return new Uint8Array(1);
}
