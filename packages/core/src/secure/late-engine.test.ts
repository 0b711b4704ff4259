import { describe, expect, it } from 'vitest';
import { driven } from '../../test/driven.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

describe('an engine that learns later', () => {
  it('is told of the end of the stream and says itself what it was', () => {
    const { lower, establish, association, seen } = driven();
    lower.kind = 'stream';
    establish();
    association.end = () => void association.calls.push('end');
    lower.sink!.end();
    expect(association.calls.at(-1)).toBe('end');
    expect(seen).toEqual([]);
    association.request.output.closed();
    expect(seen).toEqual(['closed by us']);
  });

  it('hands out sessions as copies, also between calls', () => {
    const sessions: Uint8Array[] = [];
    const { establish, association } = driven({ session: (session) => void sessions.push(session) });
    establish();
    const borrowed = Buffer.from('ticket');
    association.request.output.session?.(borrowed);
    borrowed.fill(0);
    expect(sessions.map(text)).toEqual(['ticket']);
  });

  it('says by a promise when its goodbye has left', () => {
    const { driver, establish, association } = driven();
    establish();
    const left = Promise.resolve();
    association.shutdown = () => left;
    expect(driver.shutdown()).toBe(left);
  });
});

describe('a sender who runs ahead', () => {
  it('is told to wait by the lower socket, and by nothing else', async () => {
    const { lower, driver, establish, association } = driven();
    establish();
    expect(driver.send(Buffer.from('one'))).toBeUndefined();
    const room = Promise.resolve();
    lower.room = room;
    expect(driver.send(Buffer.from('two'))).toBe(room);
    lower.room = Promise.resolve();
    association.request.output.datagram(Buffer.from('late'));
    lower.room = undefined;
    expect(driver.send(Buffer.from('three'))).toBeUndefined();
  });

  it('is told to wait by an engine with a queue of its own', () => {
    const { lower, driver, establish, association } = driven();
    establish();
    const room = Promise.resolve();
    const send = association.send.bind(association);
    association.send = (message, now) => {
      send(message, now);
      return room;
    };
    lower.room = Promise.resolve();
    expect(driver.send(Buffer.from('one'))).toBe(room);
  });
});
