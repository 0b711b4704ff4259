import { describe, expect, it } from 'vitest';
import { continuingNet, masterKey } from '../../test/continuing-net.ts';
import { ledger } from '../../test/scripted-association.ts';
import { settle, text } from '../../test/secure-net.ts';

const bytes = (word: string): Uint8Array => Uint8Array.from(Buffer.from(word));
const messages = (log: readonly string[]): string[] => log.flatMap((line) => /> ?\d* (M.*|C)$/.exec(line)?.[1] ?? []);

describe('an exported association', () => {
  it('goes on, and is exported again before its numbers are used up', async () => {
    const { client: make, pair, udp, store } = await continuingNet();
    const { client } = await pair();
    await client.exportAssociation('dev-1');
    for (let count = 0; count < 20; count++) await client.send(bytes(`${count}`));
    expect(messages(udp.log)).toEqual(Array.from({ length: 20 }, (_, count) => `M${count}`));
    expect(store.calls.length).toBeGreaterThan(20 / 4);
    // As after a crash: nobody closes the first one.
    const second = await make();
    expect(await second.continueAssociation('dev-1')).toBe(second);
    for (let count = 0; count < 20; count++) await second.send(bytes('x'));
    expect(ledger.twice).toEqual([]);
  });

  it('waits with what it may not send yet, in order, and goes on when the store answers', async () => {
    const { pair, udp, store, clock, events } = await continuingNet();
    const { client } = await pair();
    await client.exportAssociation('dev-1');
    store.before = () => {
      throw new Error('away');
    };
    const sent: number[] = [];
    const sending = Array.from({ length: 10 }, (_, count) =>
      client.send(bytes(`${count}`)).then(() => sent.push(count)),
    );
    await settle();
    expect(messages(udp.log)).toEqual(['M0', 'M1', 'M2', 'M3']);
    expect(events.at(-1)).toMatchObject({ type: 'associationStoreFailed', id: 'dev-1', message: 'away' });
    store.before = () => {};
    clock.advance(60_000);
    await Promise.all(sending);
    expect(sent).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(messages(udp.log)).toHaveLength(10);
    expect(client.stats().messagesSent).toBe(10);
  });

  it('rejects what waits when it is closed', async () => {
    const { pair, store } = await continuingNet();
    const { client } = await pair();
    await client.exportAssociation('dev-1');
    store.before = () => new Promise(() => {});
    const sending = Array.from({ length: 6 }, () => client.send(bytes('x')));
    const failing = Promise.allSettled(sending);
    await settle();
    const closing = client.close();
    const outcomes = await failing;
    expect(outcomes.map(({ status }) => status)).toEqual([...Array(4).fill('fulfilled'), 'rejected', 'rejected']);
    expect((outcomes[5] as PromiseRejectedResult).reason).toMatchObject({ code: 'EPIPE', operation: 'send' });
    void closing.catch(() => {});
  });

  it('says nothing more from the last export on, not even that it is closed', async () => {
    const { pair, udp } = await continuingNet();
    const { client, peer } = await pair();
    const exporting = client.exportAssociation('dev-1', { final: true });
    await expect(client.send(bytes('late'))).rejects.toMatchObject({ code: 'EPIPE' });
    await exporting;
    expect(await client.receive()).toBeNull();
    await expect(client.send(bytes('late'))).rejects.toMatchObject({ code: 'EPIPE' });
    await expect(client.exportAssociation('dev-1')).rejects.toMatchObject({ code: 'EPIPE' });
    await client.shutdown();
    await client.dispose();
    expect(messages(udp.log)).toEqual([]);
    expect(peer.state).toBe('accepted');
  });

  it('takes nothing in that would not be in its state', async () => {
    const { pair, store } = await continuingNet();
    const { client, peer } = await pair();
    await client.exportAssociation('dev-1');
    let answer = (): void => {};
    store.before = () => new Promise((resolve) => (answer = resolve));
    const exporting = client.exportAssociation('dev-1', { final: true });
    await settle();
    await peer.send(bytes('too late'));
    await settle();
    store.before = () => {};
    answer();
    await exporting;
    expect(await client.receive()).toBeNull();
  });

  it('is stored for good though the socket is closed meanwhile', async () => {
    const { client: make, pair, store } = await continuingNet();
    const { client } = await pair();
    let answer = (): void => {};
    store.before = () => new Promise((resolve) => (answer = resolve));
    const exporting = client.exportAssociation('dev-1', { final: true });
    await settle();
    store.before = () => {};
    answer();
    await client.dispose();
    await exporting;
    const second = await make();
    expect(await second.continueAssociation('dev-1')).toBe(second);
  });

  it('ends without a word when somebody else goes on', async () => {
    const { client: make, pair, udp } = await continuingNet();
    const { client, peer } = await pair();
    await client.exportAssociation('dev-1');
    const second = await make();
    await second.continueAssociation('dev-1');
    const errors: unknown[] = [];
    client.on('error', (error) => errors.push(error));
    for (let count = 0; count < 4; count++) await client.send(bytes('a')).catch(() => {});
    await settle();
    expect(errors).toEqual([expect.objectContaining({ code: 'ESTALE', message: expect.stringContaining('"dev-1"') })]);
    await expect(client.send(bytes('b'))).rejects.toMatchObject({ code: 'ESTALE' });
    await client.dispose();
    await second.send(bytes('b'));
    expect(messages(udp.log)).toEqual(['Ma', 'Ma', 'Ma', 'Ma', 'Mb']);
    expect(peer.state).toBe('accepted');
    expect(ledger.twice).toEqual([]);
  });

  it('is in the way of another one of the same id, unless that is told to replace it', async () => {
    const { client: make, pair } = await continuingNet();
    const { client } = await pair();
    await client.exportAssociation('dev-1');
    const other = await make();
    await other.connect('192.0.2.1', 5684);
    await expect(other.exportAssociation('dev-1')).rejects.toMatchObject({
      code: 'EEXIST',
      message: expect.stringContaining('{ replace: true }'),
    });
    for (let count = 0; count < 20; count++) await other.send(bytes('x'));
    await other.exportAssociation('dev-1', { replace: true });
    await expect(client.exportAssociation('dev-1')).rejects.toMatchObject({ code: 'ESTALE' });
    await other.exportAssociation('dev-1', { final: true });
    expect(ledger.twice).toEqual([]);
  });

  it.each(['client', 'peer'] as const)('is taken out of the store when the %s is closed', async (who) => {
    const subject = await continuingNet();
    const both = await subject.pair();
    await both[who].exportAssociation('dev-1');
    await both[who].close();
    expect(await subject.store.take('dev-1')).toBeUndefined();
    expect(messages(subject.udp.log)).toEqual(['C']);
  });

  it.each(['client', 'peer'] as const)(
    'is taken out of the store when the other side of the %s is closed',
    async (who) => {
      const subject = await continuingNet();
      const both = await subject.pair();
      await both[who].exportAssociation('dev-1');
      await both[who === 'client' ? 'peer' : 'client'].close();
      await settle();
      expect(await subject.store.take('dev-1')).toBeUndefined();
    },
  );

  it('stays in the store when the network fails', async () => {
    const { client: make, pair, udp } = await continuingNet();
    const { client } = await pair();
    await client.exportAssociation('dev-1');
    udp.fail(client.localPort(), Object.assign(new Error('down'), { code: 'ENETDOWN' }) as never);
    await client.dispose();
    const second = await make();
    expect(await second.continueAssociation('dev-1')).toBe(second);
  });

  it('has one id', async () => {
    const { pair } = await continuingNet();
    const { client } = await pair();
    await client.exportAssociation('dev-1');
    await expect(client.exportAssociation('dev-2')).rejects.toMatchObject({
      code: 'EINVAL',
      message: expect.stringContaining('exported as "dev-1" already, not as "dev-2"'),
    });
  });

  it('is sealed with a key that was copied, and tells nothing of it', async () => {
    const { client: make, pair, keeping, store, events } = await continuingNet();
    const given = masterKey(9);
    const { client } = await pair({ associations: { ...keeping, keys: [given] } });
    given.fill(0);
    await client.exportAssociation('dev-1', { final: true });
    const entry = (await store.take('dev-1'))!;
    expect(Buffer.from(entry).toString('latin1')).not.toMatch(/dev-1|scope|192\.0\.2/);
    await store.replace('dev-1', undefined, entry);
    const second = await make({ associations: { ...keeping, keys: [masterKey(9)] } });
    expect(await second.continueAssociation('dev-1')).toBe(second);
    expect(JSON.stringify([client, second, events])).not.toContain(Buffer.from(entry).toString('hex').slice(80, 100));
  });

  it('is given up by its signal, and repeated nevertheless', async () => {
    const { client: make, pair, store, clock } = await continuingNet();
    const { client } = await pair();
    store.before = () => {
      throw new Error('away');
    };
    const exporting = expect(client.exportAssociation('dev-1', { timeout: 1_000 })).rejects.toMatchObject({
      code: 'ETIMEDOUT',
      message: expect.stringContaining('it failed last with: away'),
      cause: expect.objectContaining({ message: 'away' }),
    });
    await settle();
    clock.advance(1_000);
    await exporting;
    store.before = () => {};
    for (let turns = 0; turns < 5; turns++) {
      clock.advance(10_000);
      await settle();
    }
    const second = await make();
    expect(await second.continueAssociation('dev-1')).toBe(second);
    await expect(client.exportAssociation('dev-1', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});

describe('a peer of a server', () => {
  it('goes on in another server, at the address that it had', async () => {
    const { pair, serve, udp, net } = await continuingNet();
    const { client, peer } = await pair();
    await peer.send(bytes('from the first'));
    await peer.exportAssociation('dev-1', { final: true });
    expect(await peer.receive()).toBeNull();
    udp.vanish(5684);
    const server = await serve();
    const second = (await server.continueAssociation('dev-1'))!;
    expect([second.state, second.remotePort(), second.info()]).toEqual([
      'accepted',
      client.localPort(),
      expect.objectContaining({ continued: true }),
    ]);
    expect(second.getOption('connectionIdResumed')).toBe(true);
    await second.send(bytes('from the second'));
    await client.send(bytes('to the second'));
    expect([text(await client.receive()), text(await client.receive())]).toEqual(['from the first', 'from the second']);
    expect(text(await second.receive())).toBe('to the second');
    expect(server.stats()).toMatchObject({ peers: 1 });
    await net.close();
    expect(ledger.twice).toEqual([]);
  });

  it('is not announced as well, and is not there for an id that is not', async () => {
    const { pair, serve, udp } = await continuingNet();
    await (await pair()).peer.exportAssociation('dev-1', { final: true });
    udp.vanish(5684);
    const server = await serve();
    const announced: unknown[] = [];
    server.on('connection', (one) => announced.push(one));
    expect(await server.continueAssociation('dev-2')).toBeUndefined();
    expect(await server.continueAssociation('dev-1')).toBeDefined();
    expect(announced).toEqual([]);
  });

  it('goes back into the store where its connection id is in use', async () => {
    const { pair, serve, server, udp } = await continuingNet();
    const { peer } = await pair();
    await peer.exportAssociation('dev-1');
    await expect(server().continueAssociation('dev-1')).rejects.toMatchObject({ code: 'EADDRINUSE' });
    udp.vanish(5684);
    expect(await (await serve()).continueAssociation('dev-1')).toBeDefined();
  });

  it('is out of the store when its server has closed', async () => {
    const { pair, server, store } = await continuingNet();
    await (await pair()).peer.exportAssociation('dev-1');
    let answer = (): void => {};
    store.before = () => new Promise((resolve) => (answer = resolve));
    const done: string[] = [];
    const closing = server()
      .close()
      .then(() => done.push('closed'));
    await settle();
    store.before = () => {};
    done.push('answered');
    answer();
    await closing;
    expect(done).toEqual(['answered', 'closed']);
    expect(await store.take('dev-1')).toBeUndefined();
  });

  it('needs a server that is bound', async () => {
    const { net, keeping } = await continuingNet();
    const security = { mode: 'psk', lookup: () => undefined } as const;
    const server = await net.createSocket('dtls', { security, associations: keeping });
    await expect(server.continueAssociation('dev-1')).rejects.toMatchObject({ code: 'ENETDOWN' });
  });
});
