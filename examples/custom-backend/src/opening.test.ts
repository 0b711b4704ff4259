import { describe, expect, it } from 'vitest';
import { associationPair } from '../test/association-pair.ts';

/** Handshake type, record number and message_seq at the begin of a datagram; type 0: no handshake record. */
const numbers = (data: Uint8Array) => {
  const view = new DataView(data.buffer, data.byteOffset);
  return {
    type: view.getUint8(0) === 22 ? view.getUint8(13) : 0,
    record: view.getUint32(7),
    message: view.getUint16(17),
  };
};

describe('behind the endpoint', () => {
  it('adopts the verified hello: the first flight goes on with its numbers', async () => {
    const pair = await associationPair({ wiring: 'endpoint' });
    // The second hello is lost twice, so that its record number differs from its message number.
    pair.network.rule((datagram, index) => (datagram.data.length > 100 && index < 3 ? 'drop' : undefined));
    expect(pair.run()).toBe(true);
    const [hello, request, ...rest] = pair.network.log.map(({ data }) => numbers(data));
    expect(hello).toEqual({ type: 1, record: 0, message: 0 });
    expect(request).toMatchObject({ type: 3, record: 0, message: 0 });
    const second = rest.filter(({ type }) => type === 1).at(-1);
    expect(second).toEqual({ type: 1, record: 3, message: 1 });
    expect(rest.find(({ type }) => type === 2)).toEqual({ type: 2, record: 3, message: 1 });
  });

  it('answers another cookie with it, but not for ever', async () => {
    const pair = await associationPair();
    const verify = (cookie: readonly number[]) => {
      const body = [0xfe, 0xff, cookie.length, ...cookie];
      const size = (length: number) => [length >> 8, length & 0xff];
      const header = [3, 0, ...size(body.length), 0, 0, 0, 0, 0, 0, ...size(body.length)];
      const record = [22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, ...size(header.length + body.length)];
      return Uint8Array.from([...record, ...header, ...body]);
    };
    const hellos = () => pair.network.log.length;
    pair.client.hear(verify([]));
    expect(hellos()).toBe(2);
    pair.client.hear(verify([]));
    expect(hellos()).toBe(2);
    pair.client.hear(verify(new Array(255).fill(9)));
    expect(hellos()).toBe(3);
    expect(numbers(pair.network.log[2]!.data)).toEqual({ type: 1, record: 2, message: 1 });
    expect(pair.network.log[2]!.data.length).toBe(pair.network.log[1]!.data.length + 255);
    for (let byte = 0; byte < 10; byte += 1) pair.client.hear(verify([byte]));
    expect(hellos()).toBe(5);
    expect(pair.client.association.phase).toBe('handshake');
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    [
      'a piece of a hello',
      Uint8Array.from([22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12, 1, 0, 0, 9, 0, 1, 0, 0, 0, 0, 0, 0]),
    ],
    [
      'another message',
      Uint8Array.from([22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12, 14, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    ],
  ])('an opening that holds %s fails and does not throw', async (_, hello) => {
    const opening = { hello, from: { host: '192.0.2.1', port: 1 }, cookieVerified: true } as const;
    const pair = await associationPair({ request: { opening } });
    expect(pair.server.failure?.code).toBe('EPROTO');
    expect(pair.server.association.deadline).toBeUndefined();
  });
});
