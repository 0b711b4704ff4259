import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { clientConfiguration, clientSecurity, FAST, KEY, serverConfiguration, Wire } from '../test/wire.ts';

const WRONG_KEY = clientSecurity(randomBytes(16));
const STRANGER = clientSecurity(KEY, 'stranger');

describe('a handshake that fails', () => {
  it.each([
    ['a wrong key', WRONG_KEY],
    ['an unknown identity', STRANGER],
  ])('says to a client with %s what is likely', async (_what, security) => {
    const fast = { dtlsHandshakeTimeouts: FAST };
    const wire = await new Wire(clientConfiguration({ security, ...fast }), serverConfiguration(fast)).connect();
    // The server may be the first to give up.
    await wire.until(() => wire.client.error !== undefined);
    expect(wire.client.error).toMatchObject({
      code: 'ETIMEDOUT',
      message: expect.stringMatching(
        /no answer after ClientKeyExchange \(the last answer was ServerHelloDone\); key or identity may be wrong/,
      ),
    });
    expect(wire.server.isEstablished).toBe(false);
    wire.destroy();
  });

  it('conceals an unknown identity: what leaves the server is what a wrong key sees', async () => {
    const seen = async (security: ReturnType<typeof clientSecurity>): Promise<number[]> => {
      const sizes: number[] = [];
      const wire = await new Wire(clientConfiguration({ security }), serverConfiguration(), (bytes, from) => {
        if (from === 'server') sizes.push(bytes.length);
        return [bytes];
      }).connect();
      wire.destroy();
      return sizes;
    };
    expect(await seen(STRANGER)).toEqual(await seen(WRONG_KEY));
  });

  it('refuses an unknown identity with alert 115 where that is configured', async () => {
    const security = { ...serverConfiguration().security, unknownIdentity: 'alert' } as const;
    const wire = new Wire(clientConfiguration({ security: STRANGER }), serverConfiguration({ security }));
    await wire.connect();
    expect(wire.server.error).toMatchObject({
      code: 'EPROTO',
      alert: { level: 'fatal', description: 115, name: 'unknown_psk_identity', origin: 'local' },
    });
    await wire.until(() => wire.client.error !== undefined);
    expect(wire.client.error).toMatchObject({
      code: 'EPROTO',
      alert: { level: 'fatal', description: 115, name: 'unknown_psk_identity', origin: 'peer' },
    });
    wire.destroy();
  });

  it('takes a key that is too long for OpenSSL for none', async () => {
    const security = { mode: 'psk', lookup: () => new Uint8Array(513), unknownIdentity: 'alert' } as const;
    const wire = await new Wire(clientConfiguration(), serverConfiguration({ security })).connect();
    expect(wire.server.error).toMatchObject({ alert: { description: 115 } });
    wire.destroy();
  });

  it('names the alert and the reason of the library when there is no common suite', async () => {
    const wire = new Wire(
      clientConfiguration({ ciphersuites: [0xc0a8] }),
      serverConfiguration({ ciphersuites: [0xa8] }),
    );
    await wire.connect();
    expect(wire.server.error).toMatchObject({
      code: 'EPROTO',
      alert: { level: 'fatal', description: 40, name: 'handshake_failure', origin: 'local' },
      library: { code: expect.any(Number), text: expect.stringContaining('no shared cipher') },
      message: expect.stringContaining('no shared cipher'),
    });
    await wire.until(() => wire.client.error !== undefined);
    expect(wire.client.error).toMatchObject({ alert: { description: 40, origin: 'peer' } });
    wire.destroy();
  });

  it('waits as the schedule says and gives up after the last wait', async () => {
    const wire = await new Wire(clientConfiguration(), serverConfiguration(), () => []).connect();
    expect(wire.client.flights).toEqual([
      [1, 20],
      [2, 40],
      [3, 80],
      [4, 160],
    ]);
    expect(wire.client.error).toMatchObject({
      code: 'ETIMEDOUT',
      message: expect.stringContaining('no answer after ClientHello (nothing was ever answered)'),
    });
    expect(wire.client.association.deadline).toBeUndefined();
    wire.destroy();
  });

  it('sends once more than nothing when there is only one wait', async () => {
    let hellos = 0;
    const once = { dtlsHandshakeTimeouts: { min: 20, max: 20 } };
    const wire = await new Wire(clientConfiguration(once), serverConfiguration(), (_, from) => {
      if (from === 'client') hellos++;
      return [];
    }).connect();
    expect([hellos, wire.client.flights]).toEqual([1, [[1, 20]]]);
    wire.destroy();
  });

  it('starts the schedule again with every flight', async () => {
    const wire = await new Wire(clientConfiguration(), serverConfiguration(), (bytes, from, number) =>
      from === 'client' && (number === 0 || number === 2) ? [] : [bytes],
    ).connect();
    expect(wire.client.flights).toEqual([
      [1, 20],
      [2, 40],
      [1, 20],
      [2, 40],
    ]);
    wire.destroy();
  });

  it('is not reported for a fatal alert of the peer when established, only ended by it', async () => {
    const wire = await new Wire(clientConfiguration(), serverConfiguration()).connect();
    wire.client.association.receive(Buffer.from([21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 99, 0, 2, 2, 40]), 0);
    expect(wire.client.association.phase).toBe('established');
    expect(wire.client.refusals).toEqual(['plaintext']);
    wire.destroy();
  });

  it('refuses to send before there are keys, after the end, and nothing', async () => {
    const wire = new Wire(clientConfiguration(), serverConfiguration());
    const send = (size: number) => () => wire.client.association.send(new Uint8Array(size), 0);
    expect(send(1)).toThrow(expect.objectContaining({ code: 'ENOTCONN' }));
    await wire.connect();
    expect(send(0)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    wire.client.association.shutdown(0);
    expect(send(1)).toThrow(expect.objectContaining({ code: 'ENOTCONN' }));
    wire.destroy();
  });
});
