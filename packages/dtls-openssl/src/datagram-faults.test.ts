import { describe, expect, it } from 'vitest';
import { type Carry, clientConfiguration, type End, serverConfiguration, Wire } from '../test/wire.ts';

/** A small path, so that flights have several datagrams. */
const NARROW = { client: { lowerMtu: 110 }, server: { lowerMtu: 110 } };

const HINT = { ...serverConfiguration().security, identityHint: Buffer.from('which of the devices are you?') };

describe.each([
  ['a wide path', undefined],
  ['a narrow path', NARROW],
])('a handshake over %s', (_, options) => {
  const connect = async (carry?: Carry): Promise<Wire> =>
    new Wire(clientConfiguration(), serverConfiguration({ security: HINT }), carry, options).connect();

  it.each(FAULTS())('survives that every single datagram is %s', async (_fault, spoil) => {
    const count = { client: 0, server: 0 };
    const clean = await connect((bytes, from) => {
      count[from] += 1;
      return [bytes];
    });
    clean.destroy();
    expect(count.client).toBeGreaterThan(1);
    for (const victim of ['client', 'server'] as const) {
      for (let number = 0; number < count[victim]; number++) {
        const wire = await connect(spoil(victim, number));
        await settle(wire, `${victim} ${number}`);
        wire.destroy();
      }
    }
  });
});

function FAULTS(): [string, (victim: string, number: number) => Carry][] {
  return [
    ['lost', (victim, number) => (bytes, from, n) => (from === victim && n === number ? [] : [bytes])],
    ['repeated', (victim, number) => (bytes, from, n) => (from === victim && n === number ? [bytes, bytes] : [bytes])],
    [
      'swapped with the next',
      (victim, number) => {
        let held: Uint8Array[] = [];
        return (bytes, from, n) => {
          if (from !== victim) return [bytes];
          if (n === number) {
            held = [bytes];
            return [];
          }
          const arriving = [bytes, ...held];
          held = [];
          return arriving;
        };
      },
    ],
  ];
}

/** Both sides get there, and data still flows both ways. */
async function settle(wire: Wire, fault: string): Promise<void> {
  const { client, server } = wire;
  await wire.until(() => client.isEstablished && server.isEstablished);
  expect([client.error, server.error], fault).toEqual([undefined, undefined]);
  await echo(wire, client, server, fault);
  await echo(wire, server, client, fault);
}

/** A message that the fault itself swallows is sent again. */
async function echo(wire: Wire, from: End, to: End, fault: string): Promise<void> {
  for (let attempt = 0; attempt < 3 && to.messages.length === 0; attempt++) {
    from.association.send(Buffer.from('ping'), 0);
    wire.carry();
  }
  expect(to.messages.map(String), fault).toContain('ping');
}
