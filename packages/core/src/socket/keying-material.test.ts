import { describe, expect, it } from 'vitest';
import { manualClock } from '../../test/manual-clock.ts';
import { memoryUdp } from '../../test/memory-udp.ts';
import { identity, key, scriptedDtls } from '../../test/scripted-dtls.ts';
import type { RoleClaims } from '../contract/claims.ts';
import { createNet } from '../net/create-net.ts';
import type { Socket } from './socket.ts';

const role: RoleClaims = { security: ['psk'], versions: ['DTLSv1.2'], ciphersuites: [0xc0a8], sources: ['buffer'] };

/** Both ends of a connection, of an engine whose associations have `engine` as their exporter. */
async function pair(exporter: boolean, engine?: (...of: unknown[]) => Uint8Array): Promise<readonly [Socket, Socket]> {
  const dtls = scriptedDtls('dtls-scripted', { client: { ...role, exporter }, server: { ...role, exporter } });
  const net = createNet({ plugins: [memoryUdp().plugin, dtls.plugin], clock: manualClock() });
  const listener = await net.createSocket('dtls', { security: { mode: 'psk', lookup: () => undefined } });
  await listener.bind('', 5684);
  const client = await net.createSocket('dtls', { security: { mode: 'psk', key, identity } });
  const accepting = listener.accept();
  await client.connect('192.0.2.1', 5684);
  for (const association of dtls.associations) Object.assign(association, { exportKeyingMaterial: engine });
  return [client, await accepting];
}

describe('exported keying material', () => {
  it('comes from the engine, at both ends', async () => {
    const asked: unknown[] = [];
    const ends = await pair(true, (...of) => {
      asked.push(of);
      return new Uint8Array(3);
    });
    const context = new Uint8Array(0);
    for (const end of ends) expect(end.exportKeyingMaterial('EXPERIMENTAL x', 3, context)).toEqual(new Uint8Array(3));
    expect(asked).toEqual([
      ['EXPERIMENTAL x', 3, context],
      ['EXPERIMENTAL x', 3, context],
    ]);
  });

  it.each([
    ['label', ['', 8]],
    ['label', ['\u00fc', 8]],
    ['label', ['x'.repeat(250), 8]],
    ['label', [7, 8]],
    ['length', ['x', 0]],
    ['length', ['x', 1.5]],
    ['length', ['x', 16_385]],
    ['length', ['x', '8']],
    ['context', ['x', 8, 'text']],
    ['context', ['x', 8, new Uint8Array(65_536)]],
  ])('is refused with a wrong %s: %j', async (name, of) => {
    const [client] = await pair(true, () => new Uint8Array(8));
    const call = client.exportKeyingMaterial.bind(client) as (...list: unknown[]) => Uint8Array;
    expect(() => call(...of)).toThrow(
      expect.objectContaining({ code: 'EINVAL', message: expect.stringContaining(name) }),
    );
  });

  it('is ENOTSUP where it is not claimed', async () => {
    for (const end of await pair(false, () => new Uint8Array(8))) {
      expect(() => end.exportKeyingMaterial('x', 8)).toThrow(expect.objectContaining({ code: 'ENOTSUP' }));
    }
  });

  it('is ENOTCONN after close, and says what the engine says', async () => {
    const [client, peer] = await pair(true, () => {
      throw Object.assign(new Error('reserved label'), { code: 'EINVAL' });
    });
    expect(() => peer.exportKeyingMaterial('x', 8)).toThrow('reserved label');
    await client.close();
    expect(() => client.exportKeyingMaterial('x', 8)).toThrow(expect.objectContaining({ code: 'ENOTCONN' }));
  });
});
