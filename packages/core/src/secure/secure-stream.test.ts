import { describe, expect, it } from 'vitest';
import { manualClock } from '../../test/manual-clock.ts';
import { memoryUdp } from '../../test/memory-udp.ts';
import { scriptedDtls } from '../../test/scripted-dtls.ts';
import { clientSecurity, text } from '../../test/secure-net.ts';
import type { RoleClaims } from '../contract/claims.ts';
import { createNet } from '../net/create-net.ts';

const serverSecurity = { mode: 'psk', lookup: () => Buffer.from('secret') } as const;
const role: RoleClaims = {
  security: ['psk'],
  versions: ['TLSv1.2'],
  ciphersuites: [0xc0a8],
  sources: ['buffer'],
  decorate: true,
};

/** Server tls as in avs_net: accept on the plain socket, then decorate. */
async function connected() {
  const tcp = memoryUdp('tcp-memory', 'tcp');
  const tls = scriptedDtls('tls-scripted', { client: role, server: role }, 'tls');
  tls.change = { listen: undefined as never };
  const net = createNet({ plugins: [tcp.plugin, tls.plugin], clock: manualClock() });
  const listener = await net.createSocket('tcp');
  await listener.bind('', 443);
  const accepting = listener.accept();
  const client = await net.createSocket('tls', { security: clientSecurity });
  const connecting = client.connect('server.example', 443);
  const peer = await net.decorate('tls', await accepting, { security: serverSecurity });
  await connecting;
  return { net, tcp, tls, client, peer };
}

describe('a tls socket', () => {
  it('runs over a stream, in both roles', async () => {
    const { client, peer, tls, net } = await connected();
    await client.send(Buffer.from('ping'));
    expect(text(await peer.receive())).toBe('ping');
    await peer.send(Buffer.from('pong'));
    expect(text(await client.receive())).toBe('pong');
    expect(tls.associations.map(({ request }) => [request.role, request.lowerMtu, request.serverName])).toEqual([
      ['client', undefined, 'server.example'],
      ['server', undefined, undefined],
    ]);
    await net.close();
    expect(tls.contexts).toBe(0);
  });

  it('has no datagrams: an inner MTU of 0, and the limit is that of the engine', async () => {
    const { client } = await connected();
    expect(client.getOption('innerMtu')).toBe(0);
    expect(client.info()).not.toHaveProperty('innerMtu');
    await client.send(new Uint8Array(40).fill(65));
    await expect(client.send(new Uint8Array(41))).rejects.toMatchObject({
      code: 'EMSGSIZE',
      message: expect.stringMatching(/at most 40/),
    });
  });

  it('ends by close_notify, and is cut by anything else', async () => {
    const inOrder = await connected();
    await inOrder.peer.close();
    expect(await inOrder.client.receive()).toBeNull();
    const cut = await connected();
    cut.tcp.end(cut.client.localPort());
    await expect(cut.client.receive()).rejects.toMatchObject({
      code: 'ECONNRESET',
      message: expect.stringMatching(/ended the stream without close_notify/),
    });
  });

  it('looks keys up for a peer that was accepted below', async () => {
    const { peer, tls } = await connected();
    const { request, answers } = tls.associations.find((each) => each.request.role === 'server')!;
    request.output.need(7, { kind: 'psk', identity: Buffer.from('device') });
    expect(answers).toEqual(['secret']);
    await peer.dispose();
  });
});
