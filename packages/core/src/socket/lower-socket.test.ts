import { describe, expect, it } from 'vitest';
import { bytes, type Fake, fakeSocket, fakeSocketIn, PEER, settled } from '../../test/fake-socket.ts';
import type { LowerSink } from '../contract/backend.ts';
import { type Adopted, adopt } from './adoption.ts';

describe('the data path', () => {
  it('delivers what is unread first, not from inside start, then straight on', async () => {
    const { fake, adopted, sink, seen } = await adoptedFake();
    fake.host.deliver(bytes(1), PEER);
    adopted.lower.start(sink);
    fake.host.deliver(bytes(2), PEER);
    expect(seen).toEqual([]);
    await settled();
    expect(seen).toEqual(['1 from 5684', '2 from 5684']);
    fake.host.deliver(bytes(3), PEER);
    expect(seen).toHaveLength(3);
    expect(fake.socket.getOption('bytesReceived')).toBe(3);
  });

  it('sends uncopied, counts, and never delivers from inside send', async () => {
    const { fake, adopted, sink, seen } = await adoptedFake();
    adopted.lower.start(sink);
    fake.operations.send = (data) => fake.host.deliver(data, PEER);
    adopted.lower.send(bytes(7));
    expect(seen).toEqual([]);
    await settled();
    expect(seen).toEqual(['7 from 5684']);
    fake.operations.sendTo = (data, to) => fake.host.deliver(data, to);
    adopted.lower.sendTo?.(bytes(8), { host: PEER.host, port: 9 });
    expect(seen).toHaveLength(1);
    await settled();
    expect(seen).toEqual(['7 from 5684', '8 from 9']);
    expect(fake.socket.stats()).toMatchObject({ messagesSent: 2, bytesSent: 2 });
  });

  it('keeps its order when the sink sends while it is flushed', async () => {
    const { fake, adopted, sink, seen } = await adoptedFake();
    for (const value of [1, 2]) fake.host.deliver(bytes(value), PEER);
    fake.operations.send = (data) => fake.host.deliver(data, PEER);
    const { receive } = sink;
    sink.receive = (data, from) => {
      receive(data, from);
      if ((data[0] ?? 0) < 3) adopted.lower.send(bytes((data[0] ?? 0) + 10));
    };
    adopted.lower.start(sink);
    await settled();
    expect(seen).toEqual([1, 2, 11, 12].map((value) => `${value} from 5684`));
  });

  it('has sendTo only where the transport has it', () => {
    const { sendTo } = adopt(fakeSocket({ type: 'tcp' }).socket, 'one').lower;
    expect(sendTo).toBeTypeOf('function');
    const without = fakeSocket();
    delete without.operations.sendTo;
    expect(adopt(without.socket, 'one').lower).not.toHaveProperty('sendTo');
  });

  it('passes on the end, failures and soft errors, also those from before', async () => {
    const { fake, adopted, sink, seen } = await adoptedFake();
    const soft = fake.host.error({ code: 'ECONNREFUSED', message: 'port unreachable' });
    fake.host.softError(soft);
    adopted.lower.start(sink);
    await settled();
    fake.host.softError(soft);
    fake.host.deliver(bytes(1), PEER);
    fake.host.failed(fake.host.error({ code: 'ECONNRESET', message: 'gone' }));
    await settled();
    expect(seen).toEqual(['soft ECONNREFUSED', 'soft ECONNREFUSED', '1 from 5684', 'failed ECONNRESET']);
    adopted.release();
    await expect(fake.socket.receive()).rejects.toMatchObject({ code: 'ECONNRESET' });
    const second = await adoptedFake();
    second.fake.host.end();
    second.adopted.lower.start(second.sink);
    await settled();
    expect(second.seen).toEqual(['end']);
  });

  it('is silent towards listeners that the lower socket had', async () => {
    const fake = await fakeSocketIn('connected');
    const events: string[] = [];
    fake.socket.on('end', () => events.push('end')).on('error', () => events.push('error'));
    adopt(fake.socket, 'one');
    fake.host.end();
    expect(events).toEqual([]);
  });

  it('tells of datagrams that could not be sent, and fails a stream', async () => {
    for (const [type, expected] of [
      ['udp', 'soft EPERM'],
      ['tcp', 'failed EPERM'],
    ] as const) {
      const { fake, adopted, sink, seen } = await adoptedFake(type);
      adopted.lower.start(sink);
      fake.operations.send = () => Promise.reject(Object.assign(new Error('no'), { code: 'EPERM' }));
      await expect(adopted.lower.send(bytes(1))).resolves.toBeUndefined();
      await settled();
      expect(seen).toEqual([expected]);
    }
  });

  it('throws what the transport throws, and when there is no way out', async () => {
    const { fake, adopted } = await adoptedFake();
    fake.operations.send = () => {
      throw fake.host.error({ code: 'EMSGSIZE', message: 'too large' });
    };
    expect(() => adopted.lower.send(bytes(1))).toThrow(expect.objectContaining({ code: 'EMSGSIZE' }));
    await adopted.close();
    expect(() => adopted.lower.send(bytes(1))).toThrow(expect.objectContaining({ code: 'ENOTCONN' }));
    expect(() => adopted.lower.sendTo?.(bytes(1), PEER)).toThrow(expect.objectContaining({ code: 'ENOTCONN' }));
    await adopted.bind('', 0);
    expect(() => adopted.lower.send(bytes(1))).toThrow(expect.objectContaining({ code: 'EDESTADDRREQ' }));
    adopted.release();
    expect(() => adopted.lower.send(bytes(1))).toThrow(expect.objectContaining({ code: 'EBADF' }));
  });

  it('pauses and resumes', async () => {
    const { fake, adopted, sink, seen } = await adoptedFake('tcp');
    adopted.lower.start(sink);
    adopted.lower.pause();
    fake.host.deliver(bytes(1));
    await settled();
    expect(seen).toEqual([]);
    adopted.lower.resume();
    await settled();
    expect(seen).toEqual(['1 from undefined']);
  });

  it('knows the inner MTU of datagrams where somebody claims it', () => {
    const claims = { options: { readable: ['innerMtu' as const], writable: [] } };
    const operations = { getOption: () => 1472 as never };
    expect(adopt(fakeSocket({ claims, operations }).socket, 'one').lower.innerMtu()).toBe(1472);
    expect(adopt(fakeSocket({ operations }).socket, 'one').lower.innerMtu()).toBeUndefined();
    expect(adopt(fakeSocket({ type: 'tcp', claims, operations }).socket, 'one').lower.innerMtu()).toBeUndefined();
  });

  it('is over with release: nothing is delivered, nothing unread is lost, nothing is closed', async () => {
    const { fake, adopted, sink, seen } = await adoptedFake();
    adopted.lower.start(sink);
    adopted.lower.pause();
    fake.host.deliver(bytes(1), PEER);
    adopted.release();
    adopted.release();
    fake.host.deliver(bytes(2), PEER);
    adopted.lower.start(sink);
    adopted.lower.pause();
    await settled();
    expect(seen).toEqual([]);
    expect([await fake.socket.receive(), await fake.socket.receive()]).toEqual([bytes(1), bytes(2)]);
    expect(fake.calls).toEqual(['connect']);
    const again = adopt(fake.socket, 'another');
    adopted.release();
    await expect(fake.socket.send(bytes(1))).rejects.toMatchObject({ code: 'EBUSY' });
    again.release();
    await fake.socket.send(bytes(1));
  });

  it('cannot be used to stop whoever has the socket afterwards', async () => {
    const { fake, adopted, sink, seen } = await adoptedFake();
    adopted.release();
    fake.socket.on('message', (data) => seen.push(`listener ${data[0]}`));
    adopted.lower.pause();
    adopted.lower.start(sink);
    fake.host.deliver(bytes(1), PEER);
    fake.socket.pause();
    adopted.lower.resume();
    fake.host.deliver(bytes(2), PEER);
    await settled();
    expect(seen).toEqual(['listener 1']);
  });
});

interface AdoptedFake {
  readonly fake: Fake;
  readonly adopted: Adopted;
  readonly sink: { -readonly [K in keyof LowerSink]: LowerSink[K] };
  readonly seen: string[];
}

async function adoptedFake(type: 'udp' | 'tcp' = 'udp'): Promise<AdoptedFake> {
  const fake = await fakeSocketIn('connected', { type });
  const seen: string[] = [];
  return {
    fake,
    adopted: adopt(fake.socket, 'one'),
    sink: {
      receive: (data, from) => void seen.push(`${data[0]} from ${from?.port}`),
      end: () => void seen.push('end'),
      softError: ({ code }) => void seen.push(`soft ${code}`),
      failed: ({ code }) => void seen.push(`failed ${code}`),
    },
    seen,
  };
}
