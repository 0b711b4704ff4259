import { CIPHERSUITES } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import { clientConfiguration, type End, serverConfiguration, Wire } from '../test/wire.ts';

const PSK = CIPHERSUITES.filter(({ mode }) => mode === 'psk');

describe('the largest message', () => {
  it.each(PSK.map((suite) => [suite.name, suite] as const))(
    'of %s fits, and one byte more does not',
    async (_, suite) => {
      const ciphersuites = [suite.id];
      const wire = await new Wire(
        clientConfiguration({ ciphersuites }),
        serverConfiguration({ ciphersuites }),
      ).connect();
      for (const end of [wire.client, wire.server]) {
        for (const limit of [...LIMITS, ...around(1_472, 17)]) {
          const largest = end.association.maxMessage(limit);
          for (const size of around(largest, 32)) {
            expect(datagramOf(end, size) <= limit, `${size} bytes in ${limit}, largest ${largest}`).toBe(
              size <= largest,
            );
          }
          if (suite.protection.kind === 'aead') expect(datagramOf(end, largest)).toBe(limit);
        }
      }
      wire.destroy();
    },
  );

  it('is nothing where not even one byte fits, and before there are keys', async () => {
    const wire = new Wire(clientConfiguration(), serverConfiguration({ ciphersuites: [0xc0a8] }));
    expect(wire.client.association.maxMessage(1_472)).toBe(0);
    await wire.connect();
    expect(wire.client.association.maxMessage(29)).toBe(0);
    expect(wire.client.association.maxMessage(30)).toBe(1);
    expect(datagramOf(wire.client, 1)).toBe(30);
    wire.destroy();
  });

  it('is never more than a record carries', async () => {
    const wire = await new Wire(clientConfiguration(), serverConfiguration()).connect();
    expect(wire.client.association.maxMessage(65_507)).toBe(16_384);
    wire.client.association.send(new Uint8Array(16_384).fill(1), 0);
    expect(() => wire.client.association.send(new Uint8Array(16_385), 0)).toThrow(
      expect.objectContaining({
        code: 'EMSGSIZE',
        message: expect.stringMatching(/at most 16384 bytes, received 16385/),
      }),
    );
    wire.carry();
    expect(wire.server.messages.map(({ length }) => length)).toEqual([16_384]);
    wire.destroy();
  });
});

const LIMITS = [548, 1_232];

function around(middle: number, distance: number): number[] {
  return Array.from({ length: 2 * distance + 1 }, (_, index) => middle - distance + index).filter((size) => size > 0);
}

/** Bytes of the datagram that carries a message of `size` bytes. */
function datagramOf(end: End, size: number): number {
  end.sent.length = 0;
  end.association.send(new Uint8Array(size), 0);
  expect(end.sent).toHaveLength(1);
  return end.sent.pop()!.length;
}
