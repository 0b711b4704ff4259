import { describe, expect, it } from 'vitest';
import { continuingNet, masterKey, role } from '../../test/continuing-net.ts';
import { ledger } from '../../test/scripted-association.ts';
import { settle, text } from '../../test/secure-net.ts';

const bytes = (word: string): Uint8Array => Uint8Array.from(Buffer.from(word));
const refused = (reason: string) => expect.objectContaining({ type: 'associationRefused', id: 'dev-1', reason });

describe('a client that goes on from an exported association', () => {
  it('is connected without a packet, and the peer does not notice', async () => {
    const { client, pair, udp, dtls } = await continuingNet();
    const { client: first, peer } = await pair();
    await first.send(bytes('one'));
    await first.exportAssociation('dev-1', { final: true });
    await first.dispose();
    const before = udp.log.length;
    const second = await client();
    expect(await second.continueAssociation('dev-1')).toBe(second);
    expect(udp.log).toHaveLength(before);
    expect(second.state).toBe('connected');
    expect([second.remoteHostname(), second.remotePort()]).toEqual(['192.0.2.1', 5684]);
    expect(second.info()).toMatchObject({ continued: true, version: 'DTLSv1.2' });
    expect([second.getOption('sessionResumed'), second.getOption('connectionIdResumed')]).toEqual([true, true]);
    await second.send(bytes('two'));
    expect([text(await peer.receive()), udp.log.at(-1)]).toEqual(['one', expect.stringMatching(/>5684 Mtwo$/)]);
    expect(dtls.associations.at(-1)!.request.serverName).toBe('192.0.2.1');
    expect(ledger.twice).toEqual([]);
  });

  it('wipes the state that it went on from', async () => {
    const { client, pair, dtls } = await continuingNet();
    await (await pair()).client.exportAssociation('dev-1', { final: true });
    const second = await client();
    await second.continueAssociation('dev-1');
    expect(Buffer.from(dtls.associations.at(-1)!.request.continued!).every((byte) => byte === 0)).toBe(true);
  });

  it('gets nothing where nothing is, and connects', async () => {
    const { client, serve } = await continuingNet();
    await serve();
    const socket = await client();
    expect(await socket.continueAssociation('dev-1')).toBeUndefined();
    expect(socket.state).toBe('closed');
    await socket.connect('192.0.2.1', 5684);
    expect([socket.getOption('sessionResumed'), socket.getOption('connectionIdResumed')]).toEqual([false, false]);
  });

  it('is one of twenty that try at once', async () => {
    const { client, pair } = await continuingNet();
    await (await pair()).client.exportAssociation('dev-1', { final: true });
    const all = await Promise.all(Array.from({ length: 20 }, () => client()));
    const found = await Promise.all(all.map((socket) => socket.continueAssociation('dev-1')));
    expect(found.filter((socket) => socket !== undefined)).toHaveLength(1);
  });

  it.each([
    ['key', { keys: [masterKey(2)] }, 'none of associations.keys opens it, or it was damaged'],
    ['id in the store', {}, 'it was stored under another id'],
  ])('refuses an entry of another %s', async (_what, change, reason) => {
    const { client, pair, keeping, store, events } = await continuingNet();
    await (await pair()).client.exportAssociation(_what === 'key' ? 'dev-1' : 'dev-2', { final: true });
    if (_what !== 'key') await store.replace('dev-1', undefined, (await store.take('dev-2'))!);
    const socket = await client({ associations: { ...keeping, ...change } });
    expect(await socket.continueAssociation('dev-1')).toBeUndefined();
    expect(events.at(-1)).toEqual(refused(reason));
  });

  it.each([{ ciphersuites: [0xc0a8] }, { connectionId: true }, { serverNameIndication: 'other.example' }])(
    'refuses an entry of another configuration: %j',
    async (change) => {
      const { client, pair, events } = await continuingNet();
      await (await pair()).client.exportAssociation('dev-1', { final: true });
      expect(await (await client(change)).continueAssociation('dev-1')).toBeUndefined();
      expect(events.at(-1)).toEqual(refused('it belongs to another configuration'));
    },
  );

  it('refuses an entry of another role', async () => {
    const { pair, client, events } = await continuingNet();
    await (await pair()).peer.exportAssociation('dev-1', { final: true });
    expect(await (await client()).continueAssociation('dev-1')).toBeUndefined();
    expect(events.at(-1)).toEqual(refused('it belongs to another role'));
  });

  it('refuses an entry of another credential', async () => {
    const { client, pair, dtls, events } = await continuingNet();
    await (await pair()).client.exportAssociation('dev-1', { final: true });
    dtls.change = { sessionScope: 'another' };
    expect(await (await client()).continueAssociation('dev-1')).toBeUndefined();
    expect(events.at(-1)).toEqual(refused('it belongs to another credential'));
  });

  it('opens what an older key has sealed, and seals with the newer', async () => {
    const { client, pair, keeping } = await continuingNet();
    await (await pair()).client.exportAssociation('dev-1', { final: true });
    const [older, newer] = [masterKey(), masterKey(2)];
    const second = await client({ associations: { ...keeping, keys: [newer, older] } });
    expect(await second.continueAssociation('dev-1')).toBe(second);
    await second.exportAssociation('dev-1', { final: true });
    const third = await client({ associations: { ...keeping, keys: [newer] } });
    expect(await third.continueAssociation('dev-1')).toBe(third);
  });

  it('leaves an association in the store where the network is not there yet', async () => {
    const { client, pair, udp } = await continuingNet();
    await (await pair()).client.exportAssociation('dev-1', { final: true });
    udp.refusal = Object.assign(new Error('unreachable'), { code: 'ENETUNREACH' });
    const second = await client();
    await expect(second.continueAssociation('dev-1')).rejects.toMatchObject({ code: 'ENETUNREACH' });
    expect(second.state).toBe('closed');
    expect(await second.continueAssociation('dev-1')).toBe(second);
  });

  it('gives up with its signal, and what is taken meanwhile goes back', async () => {
    const { client, pair, store } = await continuingNet();
    await (await pair()).client.exportAssociation('dev-1', { final: true });
    const second = await client();
    let answer = (): void => {};
    store.after = () => new Promise((resolve) => (answer = resolve));
    const controller = new AbortController();
    const going = second.continueAssociation('dev-1', { signal: controller.signal });
    await settle();
    controller.abort();
    await expect(going).rejects.toMatchObject({ name: 'AbortError', operation: 'continueAssociation' });
    store.after = () => {};
    answer();
    await settle();
    expect(await second.continueAssociation('dev-1')).toBe(second);
  });

  it('loses the association and sends nothing where it cannot be stored again', async () => {
    const { client, pair, store, udp, clock, events } = await continuingNet();
    await (await pair()).client.exportAssociation('dev-1', { final: true });
    const second = await client();
    store.before = (operation) => {
      if (operation === 'replace') throw new Error('disk full');
    };
    const before = udp.log.length;
    const going = expect(second.continueAssociation('dev-1', { timeout: 5_000 })).rejects.toMatchObject({
      code: 'ETIMEDOUT',
      message: expect.stringContaining('the store did not answer within 5000 ms'),
    });
    await settle();
    clock.advance(5_000);
    await going;
    expect([second.state, udp.log.length]).toEqual(['closed', before]);
    expect(events.at(-1)).toMatchObject({ type: 'associationStoreFailed', operation: 'replace', message: 'disk full' });
    store.before = () => {};
    expect(await second.continueAssociation('dev-1')).toBeUndefined();
    await second.connect('192.0.2.1', 5684);
  });

  it('says what the store said where nothing can be taken', async () => {
    const { client, store } = await continuingNet();
    store.before = () => {
      throw Object.assign(new Error('no such host'), { code: 'ENOTFOUND' });
    };
    await expect((await client()).continueAssociation('dev-1')).rejects.toMatchObject({
      code: 'ENOTFOUND',
      message: expect.stringContaining('the store of association "dev-1" failed in take: no such host'),
    });
  });

  it('connects where the engine refuses the state', async () => {
    const { client, pair, dtls, events } = await continuingNet();
    await (await pair()).client.exportAssociation('dev-1', { final: true });
    const { association } = dtls.change;
    dtls.change.association = (request) => {
      throw request.error({ code: 'EINVAL', message: 'a state of another version' });
    };
    const second = await client();
    expect(await second.continueAssociation('dev-1')).toBeUndefined();
    expect(events.at(-1)).toMatchObject({
      type: 'associationRefused',
      reason: expect.stringContaining('another version'),
    });
    expect([second.state, association]).toEqual(['closed', undefined]);
  });

  it('is not for sockets that are connected, and needs claims, a store and an id', async () => {
    const subject = await continuingNet();
    const { client } = await subject.pair();
    const rejects = (work: Promise<unknown>, code: string, message: string) =>
      expect(work).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    await rejects(client.continueAssociation('dev-1'), 'EISCONN', 'connected already');
    await rejects(client.exportAssociation(''), 'EINVAL', 'id must be a text of 1 to 255');
    await rejects(client.exportAssociation('x', { final: 1 as never }), 'EINVAL', 'final must be a boolean');
    await rejects((await subject.client()).exportAssociation('x'), 'ENOTCONN', 'closed');
    const bare = await subject.client({ associations: undefined as never });
    await rejects(bare.continueAssociation('x'), 'EINVAL', 'associations: { store, keys } is missing');
    const { continuation: _, ...less } = role;
    const other = await continuingNet(less);
    await rejects(other.client(), 'ENOTSUP', 'client.continuation');
    await rejects(
      (await continuingNet(role, null)).client().then((it) => it.continueAssociation('x')),
      'ENOTSUP',
      'bound',
    );
    const udp = await subject.net.createSocket('udp');
    await rejects(udp.continueAssociation('x'), 'ENOTSUP', 'continueAssociation');
  });
});
