import type { Socket } from 'node:dgram';
import { describe, expect, it } from 'vitest';
import { Sender } from './sender.ts';

/** A dgram socket whose system has no room: keeps what it was given, as libuv does after EAGAIN. */
class FullSocket {
  readonly kept: Uint8Array[] = [];
  readonly callbacks: ((error: Error | null) => void)[] = [];
  room = 0;

  send(data: Uint8Array, callback: (error: Error | null) => void): void {
    if (this.room > 0) this.room -= 1;
    else this.kept.push(data);
    this.callbacks.push(callback);
  }

  getSendQueueCount(): number {
    return this.kept.length;
  }

  getSendQueueSize(): number {
    return this.kept.reduce((sum, data) => sum + data.length, 0);
  }
}

describe('Sender, when the system has no room', () => {
  it('keeps what waits apart from the bytes of the caller and of later datagrams', () => {
    const { socket, sender } = make();
    const message = new Uint8Array(100);
    for (let n = 0; n < 5; n++) sender.send(message.fill(n));
    message.fill(255);
    expect(socket.kept.map((data) => data.every((byte, _, all) => byte === all[0]) && data[0])).toEqual([
      0, 1, 2, 3, 4,
    ]);
  });

  it('keeps what waits apart from the datagrams of other sockets', () => {
    const { socket, sender } = make();
    const other = make();
    sender.send(Uint8Array.of(1));
    other.sender.send(Uint8Array.of(2));
    expect([socket.kept[0]?.[0], other.socket.kept[0]?.[0]]).toEqual([1, 2]);
  });

  it('refuses with ENOBUFS what nobody waited for, and goes on when there is room again', () => {
    const { socket, sender } = make();
    const message = new Uint8Array(60_000);
    const flood = (): void => {
      for (let n = 0; n < 100; n++) sender.send(message);
    };
    expect(flood).toThrow(expect.objectContaining({ code: 'ENOBUFS', operation: 'send', backend: 'udp' }));
    expect(socket.getSendQueueSize()).toBeLessThanOrEqual(4 * 1024 * 1024);
    socket.kept.length = 0;
    sender.send(message);
  });

  it('lets the caller go on after the last datagram', async () => {
    const { socket, sender } = make();
    const results = Array.from({ length: 70 }, () => sender.send(Uint8Array.of(1)));
    expect(results[63]).toBeInstanceOf(Promise);
    expect(results[69]).toBe(results[63]);
    for (const done of socket.callbacks) done(null);
    await results[69];
  });

  it('reports every error once', () => {
    const { socket, sender, errors } = make();
    sender.send(Uint8Array.of(1));
    sender.send(Uint8Array.of(2));
    socket.callbacks[0]?.(new Error('no'));
    socket.callbacks[1]?.(null);
    expect(errors).toEqual([new Error('no')]);
  });
});

function make(): { socket: FullSocket; sender: Sender; errors: Error[] } {
  const socket = new FullSocket();
  const errors: Error[] = [];
  const sender = new Sender(socket as unknown as Socket, { backend: 'udp', failed: (error) => errors.push(error) });
  return { socket, sender, errors };
}
