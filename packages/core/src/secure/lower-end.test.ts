import { describe, expect, it } from 'vitest';
import { continuingNet, role } from '../../test/continuing-net.ts';
import { clientSecurity, settle } from '../../test/secure-net.ts';

const serverSecurity = { mode: 'psk', lookup: () => undefined } as const;

const decorating = { ...role, decorate: true };

describe('an exported association whose lower socket ends', () => {
  it('stays in the store where a client is decorated, and says no goodbye', async () => {
    const { net, udp, client: make, serve, keeping } = await continuingNet(decorating);
    const server = await serve();
    const lower = await net.createSocket('udp');
    await lower.connect('192.0.2.1', 5684);
    const port = lower.localPort();
    const client = await net.decorate('dtls', lower, { security: clientSecurity, associations: keeping });
    const peer = await server.accept();
    await client.exportAssociation('dev-1');
    udp.end(port);
    expect(await client.receive()).toBeNull();
    await expect(client.send(Buffer.from('late'))).rejects.toMatchObject({ code: 'EPIPE' });
    await client.dispose();
    await settle();
    expect(udp.log.filter((line) => line.endsWith(' C'))).toEqual([]);
    expect(peer.state).toBe('accepted');
    const second = await make();
    expect(await second.continueAssociation('dev-1')).toBe(second);
  });

  it('stays in the store where it is the peer of a server', async () => {
    const { net, udp, client: make, keeping, store } = await continuingNet(decorating);
    const lower = await net.createSocket('udp');
    await lower.bind('', 5684);
    const server = await net.decorate('dtls', lower, { security: serverSecurity, associations: keeping });
    const accepting = server.accept();
    await (await make()).connect('192.0.2.1', 5684);
    const peer = await accepting;
    await peer.exportAssociation('dev-1');
    udp.end(5684);
    expect(await peer.receive()).toBeNull();
    await peer.dispose();
    await server.dispose();
    await settle();
    expect(await store.take('dev-1')).toBeDefined();
  });
});
