import { dtls } from 'node-dtls-client';
import { describe, expect, it } from 'vitest';
import { CLIENT, type Pair, pair } from '../test/pair.ts';
import type { createClientSocket } from './client-socket.ts';

function established(): Pair {
  const made = pair({ server: { hint: Buffer.from('hint') }, network: { mtu: 65_535 } });
  made.shake();
  expect(made.client.established).toBe(true);
  return made;
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
  /** Handles and timers of the library; those of the test runner come and go, but are of other kinds. */
  const handles = (): string[] => process.getActiveResourcesInfo().filter((kind) => /Timeout|UDP/.test(kind));
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

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
    await settled();
    const before = handles();
    const made = pair();
    reach(made);
    // Not even while it lives: its only timer is the caller's.
    await settled();
    expect(handles()).toEqual(before);
    made.client.destroy();
    made.client.destroy();
    await settled();
    expect(handles()).toEqual(before);
    const sent = made.client.sent.length;
    made.run();
    expect(made.client.sent.length).toBe(sent);
  });

  it('is no key', () => {
    const sockets: ReturnType<typeof createClientSocket>[] = [];
    const library = {
      ...dtls,
      createSocket(options: Parameters<typeof dtls.createSocket>[0]) {
        const socket = dtls.createSocket(options);
        sockets.push(socket as unknown as ReturnType<typeof createClientSocket>);
        return socket;
      },
    };
    const { client, shake } = pair({ client: { library } });
    shake();
    const { master_secret, key_material } = sockets[0]!.recordLayer.epochs[1]!.connectionState;
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
