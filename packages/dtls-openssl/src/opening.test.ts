import { systemClock } from '@avs-net/core';
import { describe, expect, it } from 'vitest';
import { openingOf } from '../test/opening.ts';
import { clientConfiguration, context, End, serverConfiguration, Wire } from '../test/wire.ts';

/** A client, and the hello that its cookie was verified in. */
function opened(): { client: End; opening: ReturnType<typeof openingOf>; destroy: () => void } {
  const made = context(clientConfiguration());
  const client = new End('client', made, clientConfiguration());
  const destroy = (): void => {
    client.association.destroy();
    made.destroy();
  };
  return { client, opening: openingOf(client), destroy };
}

describe('a server that adopts a verified hello', () => {
  it('goes on where the cookie exchange ended', async () => {
    const { client, opening, destroy } = opened();
    expect(opening.hello[17 + 1]).toBe(1);
    const made = context(serverConfiguration());
    const server = new End('server', made, serverConfiguration(), { opening });
    server.association.start(systemClock.now());
    expect(server.sent.length).toBeGreaterThan(0);
    for (let round = 0; round < 4; round++) {
      for (const bytes of server.sent.splice(0)) client.association.receive(bytes, systemClock.now());
      for (const bytes of client.sent.splice(0)) server.association.receive(bytes, systemClock.now());
      server.answerNeeds();
    }
    expect([client.isEstablished, server.isEstablished]).toEqual([true, true]);
    server.association.destroy();
    made.destroy();
    destroy();
  });

  it.each([0, 1, 299])('counts its records from the number of the hello on, which is the %ith after', (more) => {
    const { client, opening, destroy } = opened();
    // As if the client had sent as many hellos before.
    const hello = later(opening.hello, more);
    const number = hello.readUIntBE(5, 6);
    const made = context(serverConfiguration());
    const server = new End('server', made, serverConfiguration(), { opening: { ...opening, hello } });
    server.association.start(systemClock.now());
    const numbers: number[] = [];
    for (let round = 0; round < 4; round++) {
      for (const bytes of server.sent.splice(0)) {
        numbers.push(...plaintextNumbers(bytes));
        client.association.receive(bytes, systemClock.now());
      }
      for (const bytes of client.sent.splice(0)) {
        server.association.receive(later(bytes, more), systemClock.now());
      }
      server.answerNeeds();
    }
    expect(numbers.length).toBeGreaterThan(2);
    expect(numbers).toEqual(numbers.map((_, index) => number + index));
    expect([client.isEstablished, server.isEstablished]).toEqual([true, true]);
    server.association.destroy();
    made.destroy();
    destroy();
  });

  it.each([
    ['no hello', (hello: Uint8Array) => Buffer.from(hello).fill(0, 13)],
    ['cut short', (hello: Uint8Array) => hello.subarray(0, 40)],
    ['without a cookie', () => firstHello()],
  ])('fails with words when it is %s', (_what, spoil) => {
    const { opening, destroy } = opened();
    const made = context(serverConfiguration());
    const server = new End('server', made, serverConfiguration(), {
      opening: { ...opening, hello: spoil(opening.hello) },
    });
    server.association.start(systemClock.now());
    expect(server.error).toMatchObject({ code: 'EPROTO', message: expect.stringContaining('the handshake failed') });
    expect(server.sent).toEqual([]);
    expect(server.association.phase).toBe('closed');
    server.association.destroy();
    made.destroy();
    destroy();
  });
});

/** Of all records in epoch 0. */
function plaintextNumbers(bytes: Uint8Array): number[] {
  return plaintextRecords(bytes).map((at) => Buffer.from(bytes).readUIntBE(at + 5, 6));
}

/** The same datagram with higher numbers in epoch 0. */
function later(bytes: Uint8Array, by: number): Buffer {
  const datagram = Buffer.from(bytes);
  for (const at of plaintextRecords(bytes)) datagram.writeUIntBE(datagram.readUIntBE(at + 5, 6) + by, at + 5, 6);
  return datagram;
}

function plaintextRecords(bytes: Uint8Array): number[] {
  const datagram = Buffer.from(bytes);
  const starts: number[] = [];
  for (let at = 0; at < datagram.length; at += 13 + datagram.readUInt16BE(at + 11)) {
    if (datagram.readUInt16BE(at + 3) === 0) starts.push(at);
  }
  return starts;
}

function firstHello(): Uint8Array {
  const wire = new Wire(clientConfiguration(), serverConfiguration());
  wire.client.association.start(0);
  const [hello] = wire.client.sent;
  wire.destroy();
  return hello!;
}
