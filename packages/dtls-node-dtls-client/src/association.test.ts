import { dtls } from 'node-dtls-client';
import { describe, expect, it } from 'vitest';
import { handlesOf } from '../test/handles.ts';
import { CLIENT, type Pair, pair } from '../test/pair.ts';
import type { InnerSocket } from './private-fields.ts';

function established(): Pair {
  const made = pair({ server: { hint: Buffer.from('hint') }, network: { mtu: 65_535 } });
  made.shake();
  expect(made.client.established).toBe(true);
  return made;
}

/** And the library's socket of the client. */
function spied(): { made: Pair; socket: InnerSocket } {
  const sockets: unknown[] = [];
  const library = {
    ...dtls,
    createSocket(options: Parameters<typeof dtls.createSocket>[0]) {
      sockets.push(dtls.createSocket(options));
      return sockets[0] as ReturnType<typeof dtls.createSocket>;
    },
  };
  const made = pair({ client: { library } });
  return { made, socket: sockets[0] as InnerSocket };
}

describe('messages', () => {
  it('are sent and received whole, up to the largest', () => {
    const { client, server, run } = established();
    const largest = Buffer.alloc(16_384, 'm');
    client.send(Buffer.of(0));
    client.send(largest);
    server.send(largest);
    run();
    expect(server.messages).toEqual([Buffer.of(0), largest]);
    expect(client.messages).toEqual([largest]);
  });

  it('are not borrowed', () => {
    const { client, server, run } = established();
    const message = Buffer.from('as it was');
    client.send(message);
    message.fill(0);
    run();
    expect(server.messages.map(String)).toEqual(['as it was']);
  });

  it('above the limit are refused, and nothing leaves', () => {
    const { client } = established();
    const before = client.sent.length;
    expect(() => client.send(Buffer.alloc(16_385))).toThrow(
      expect.objectContaining({ code: 'EMSGSIZE', message: expect.stringMatching(/16385 bytes .* holds 16384/) }),
    );
    expect(client.sent.length).toBe(before);
  });

  it('use record numbers as nonces, each once', () => {
    const { client, shake } = pair();
    shake();
    for (let n = 0; n < 3; n++) client.send(Buffer.of(n));
    const records = client.sent.slice(-3);
    expect(records.map((record) => record.subarray(13, 21).toString('hex'))).toEqual([
      '0001000000000001',
      '0001000000000002',
      '0001000000000003',
    ]);
    expect(records.map((record) => record.subarray(3, 11))).toEqual(records.map((record) => record.subarray(13, 21)));
  });

  it('are refused when the record numbers are used up, and close_notify still goes', () => {
    const { made, socket } = spied();
    const { client, server, run, shake } = made;
    shake();
    (socket.recordLayer.epochs[1] as { writeSequenceNumber: number }).writeSequenceNumber = 2 ** 32 - 3;
    client.send(Buffer.from('last'));
    expect(() => client.send(Buffer.of(1))).toThrow(
      expect.objectContaining({ code: 'EOVERFLOW', message: expect.stringMatching(/4294967295 records/) }),
    );
    client.shutdown();
    run();
    expect(server.messages.map(String)).toEqual(['last']);
    expect(server.alerts).toEqual([[1, 0]]);
  });

  it('are understood beyond 32 bits of record number', () => {
    const { client, server, run } = established();
    server.send(Buffer.from('far'), { skip: 2 ** 33 });
    run();
    expect(client.messages.map(String)).toEqual(['far']);
  });

  it.each([
    { name: 'before the handshake is done', made: () => pair() },
    {
      name: 'after the end',
      made: () => {
        const one = established();
        one.client.shutdown();
        return one;
      },
    },
  ])('are refused $name', ({ made }) => {
    const { client } = made();
    const before = client.sent.length;
    expect(() => client.send(Buffer.of(1))).toThrow(expect.objectContaining({ code: 'ENOTCONN' }));
    expect(client.sent.length).toBe(before);
  });

  it('of no bytes are not delivered', () => {
    const { client, server, run } = established();
    server.send(Buffer.alloc(0));
    run();
    expect(client.messages).toEqual([]);
    expect(client.drops).toEqual(['emptyMessage']);
  });
});

describe('the largest message', () => {
  it('fits whichever suite the server may choose', () => {
    const { client } = pair();
    // CCM_8 would leave 71 bytes, CCM and GCM leave 63.
    expect(client.association.maxMessage(100)).toBe(63);
  });

  it.each([
    { limit: 0, size: 0 },
    { limit: 29, size: 0 },
    { limit: 30, size: 1 },
    { limit: 1472, size: 1443 },
    { limit: 65_507, size: 16_384 },
  ])('is $size bytes in datagrams of $limit', ({ limit, size }) => {
    expect(established().client.association.maxMessage(limit)).toBe(size);
  });
});

describe('the end', () => {
  it('is close_notify, once', () => {
    const { client, server, run } = established();
    client.shutdown();
    client.shutdown();
    run();
    expect(server.alerts).toEqual([[1, 0]]);
    expect(client.association.phase).toBe('closed');
    expect(client.closed).toEqual({ alert: undefined });
  });

  it('is answered when the server ends', () => {
    const { client, server, run } = established();
    server.send(Buffer.of(1, 0), { type: 21 });
    run();
    expect(client.closed).toEqual({
      alert: { level: 'warning', description: 0, name: 'close_notify', origin: 'peer' },
    });
    expect(server.alerts).toEqual([[1, 0]]);
  });

  it('says nothing during the handshake', () => {
    const { client } = pair();
    client.shutdown();
    expect(client.sent.length).toBe(1);
    expect(client.closed).toEqual({ alert: undefined });
    expect(client.association.deadline).toBeUndefined();
  });

  it.each([
    { description: 20, name: 'bad_record_mac' },
    { description: 115, name: 'unknown_psk_identity' },
    { description: 255, name: 'unknown' },
  ])('is a failure at fatal alert $description', ({ description, name }) => {
    const { client, server, run } = established();
    server.send(Buffer.of(2, description), { type: 21 });
    run();
    expect(client.failed).toMatchObject({
      code: 'EPROTO',
      alert: { level: 'fatal', description, name, origin: 'peer' },
    });
    expect(client.closed).toBeUndefined();
  });

  it('is not a warning', () => {
    const { client, server, run } = established();
    server.send(Buffer.of(1, 90), { type: 21 });
    server.send(Buffer.from('still here'));
    run();
    expect(client.messages.map(String)).toEqual(['still here']);
    expect(client.drops).toEqual(['warningAlert']);
  });

  it('is followed by silence', () => {
    const { client, server, run } = established();
    client.shutdown();
    server.send(Buffer.from('late'));
    run();
    expect(client.messages).toEqual([]);
    expect(client.drops).toEqual(['afterEnd']);
  });
});

describe('what is left behind', () => {
  it.each<{ name: string; reach: (made: Pair) => void }>([
    { name: 'when nothing has answered', reach: () => {} },
    { name: 'when the cookie is sent', reach: ({ client, run }) => run(() => client.sent.length > 1) },
    { name: 'when Finished is sent', reach: ({ client, run }) => run(() => client.sent.length > 2) },
    { name: 'when established', reach: ({ shake }) => shake() },
    {
      name: 'when closed',
      reach: ({ client, shake }) => {
        shake();
        client.shutdown();
      },
    },
    {
      name: 'when failed',
      reach: ({ client, network, run }) => {
        network.rule(() => 'drop');
        run(() => client.failed !== undefined);
      },
    },
  ])('is no timer and no socket $name', async ({ reach }) => {
    let made = {} as Pair;
    const handles = handlesOf(() => {
      made = pair();
      reach(made);
    });
    // Its socket, and a timeout before and behind the listening: gone although the association lives.
    expect(handles.made).toBe(3);
    expect(await handles.left()).toEqual([]);
    made.client.destroy();
    made.client.destroy();
    const sent = made.client.sent.length;
    made.run();
    expect(made.client.sent.length).toBe(sent);
  });

  it('is no key', () => {
    const { made, socket } = spied();
    const { client, shake } = made;
    shake();
    const { master_secret, key_material } = socket.recordLayer.epochs[1]!.connectionState;
    const secrets = [master_secret!, key_material!['client_write_key']!, key_material!['server_write_key']!];
    expect(secrets.filter((secret) => secret.every((byte) => byte === 0))).toEqual([]);
    client.destroy();
    expect(secrets.filter((secret) => secret.some((byte) => byte !== 0))).toEqual([]);
  });
});

describe('a library that fails', () => {
  it('ends the association with what it said', () => {
    const library = {
      ...dtls,
      createSocket(): never {
        throw new Error('out of sockets');
      },
    };
    const { client } = pair({ client: { library } });
    expect(client.failed).toMatchObject({
      code: 'EPROTO',
      library: { code: 'node-dtls-client', text: 'out of sockets' },
    });
    client.destroy();
  });

  it('does without retransmission where that is not possible', () => {
    const { client, network, clock, run } = pair({ client: { ...CLIENT, retransmission: false } });
    network.rule(() => 'drop');
    run(() => client.failed !== undefined);
    expect(client.sent.length).toBe(1);
    expect(client.failed).toMatchObject({ code: 'ETIMEDOUT' });
    expect(clock.now()).toBe(123_000);
  });
});
