import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, describe, expect, it } from 'vitest';
import { secureNet, settle } from '../../test/secure-net.ts';

const STRANGER = { host: '192.0.2.66', port: 666 };
const SERVER = { host: '192.0.2.1', port: 5684 };
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** What is published on a channel from now on. */
function published(channel: 'handshake' | 'peer' | 'drop'): object[] {
  const events: object[] = [];
  const keep = (event: unknown): void => void events.push(event as object);
  subscribe(`avs-net:${channel}`, keep);
  ends.push(() => unsubscribe(`avs-net:${channel}`, keep));
  return events;
}

describe('avs-net:handshake', () => {
  it('tells of both sides of one', async () => {
    const { connect, net } = await secureNet();
    const events = published('handshake');
    await connect();
    await net.close();
    expect(events).toMatchObject([
      { phase: 'begun', role: 'client', backend: 'dtls-scripted', peer: { host: '192.0.2.1', port: 5684 } },
      { phase: 'begun', role: 'server', peer: { host: '192.0.2.1' } },
      { phase: 'finished', role: 'server', milliseconds: expect.any(Number), info: expect.any(Object) },
      { phase: 'finished', role: 'client', milliseconds: expect.any(Number), info: expect.any(Object) },
    ]);
  });

  it('tells why one failed', async () => {
    const { serve, udp, client } = await secureNet();
    await serve();
    const events = published('handshake');
    udp.inject(5684, 'H!', STRANGER);
    const aborted = client.connect('192.0.2.1', 9, { signal: AbortSignal.timeout(1) });
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
    expect(events).toMatchObject([
      { phase: 'begun', role: 'server', peer: STRANGER },
      { phase: 'failed', role: 'server', error: { code: 'EPROTO' } },
      { phase: 'begun', role: 'client' },
      { phase: 'failed', role: 'client', error: { name: 'AbortError' } },
    ]);
  });
});

describe('avs-net:peer', () => {
  it('tells who comes, who goes and who is lost', async () => {
    const { serve, udp } = await secureNet();
    const server = await serve();
    const events = published('peer');
    for (const port of [1, 2]) udp.inject(5684, 'H', { ...STRANGER, port });
    udp.inject(5684, 'F', { ...STRANGER, port: 1 });
    await server.close();
    expect(events).toMatchObject([
      { phase: 'accepted', backend: 'dtls-scripted', peer: { host: '192.0.2.66', port: 1 } },
      { phase: 'accepted', peer: { port: 2 } },
      { phase: 'failed', peer: { port: 1 }, error: { code: 'EPROTO' } },
      { phase: 'ended', peer: { port: 2 } },
    ]);
  });
});

describe('avs-net:drop', () => {
  it('tells what is dropped, and of whom where that is known', async () => {
    const { serve, connect, udp, client } = await secureNet();
    await serve();
    await connect();
    const events = published('drop');
    udp.inject(5684, '?', STRANGER);
    udp.inject(client.localPort(), '?', SERVER);
    await settle();
    expect(events).toEqual([
      { reason: 'noAssociation', type: 'dtls', backend: 'dtls-scripted', peer: undefined },
      { reason: 'junk', type: 'dtls', backend: 'dtls-scripted', peer: SERVER },
    ]);
  });
});
