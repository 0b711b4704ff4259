import { describe, expect, it } from 'vitest';
import { KeyGate } from './key-gate.ts';

function gate() {
  const forwarded: Buffer[] = [];
  const asked: string[] = [];
  let flooded = 0;
  const subject = new KeyGate({
    forward: (bytes) => forwarded.push(Buffer.from(bytes)),
    ask: (identity) => asked.push(Buffer.from(identity).toString('latin1')),
    flooded: () => {
      flooded += 1;
    },
  });
  return { subject, asked, bytes: () => Buffer.concat(forwarded), flooded: () => flooded };
}

const record = (type: number, ...body: Buffer[]): Buffer => {
  const content = Buffer.concat(body);
  return Buffer.concat([Buffer.from([type, 3, 3, content.length >> 8, content.length & 255]), content]);
};
const message = (type: number, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from([type, 0, body.length >> 8, body.length & 255]), body]);
const keyExchange = (identity: string, ...rest: number[]): Buffer =>
  message(16, Buffer.concat([Buffer.from([0, identity.length]), Buffer.from(identity), Buffer.from(rest)]));

const hello = record(22, message(1, Buffer.alloc(200, 7)));
const finish = Buffer.concat([record(20, Buffer.of(1)), record(22, Buffer.alloc(40, 9))]);

describe('the gate before ClientKeyExchange', () => {
  it.each([
    ['alone', [record(22, keyExchange('device'))]],
    ['with the share of ECDHE_PSK behind it', [record(22, keyExchange('device', 2, 1, 1))]],
    ['in a record with another message', [record(22, message(11, Buffer.alloc(3)), keyExchange('device'))]],
    [
      'in two records',
      [record(22, keyExchange('device').subarray(0, 5)), record(22, keyExchange('device').subarray(5))],
    ],
    [
      'begun in the record of another message',
      [
        record(22, message(11, Buffer.alloc(3)), keyExchange('device').subarray(0, 2)),
        record(22, keyExchange('device').subarray(2)),
      ],
    ],
  ])('holds it, %s, until it is answered', (_what, records) => {
    for (const size of [1, 7, 100_000]) {
      const { subject, asked, bytes } = gate();
      const stream = Buffer.concat([hello, ...records, finish]);
      for (let at = 0; at < stream.length; at += size) subject.receive(stream.subarray(at, at + size));
      expect(asked).toEqual(['device']);
      const before = bytes();
      expect(stream.subarray(0, before.length)).toEqual(before);
      expect(before.length).toBeGreaterThanOrEqual(hello.length);
      expect(before.length).toBeLessThan(stream.length - finish.length);
      subject.answered();
      subject.answered();
      expect(bytes()).toEqual(stream);
      subject.receive(Buffer.from('data'));
      expect(bytes().subarray(stream.length).toString()).toBe('data');
    }
  });

  it.each([
    ['a resumed handshake', Buffer.concat([hello, finish])],
    ['what is no TLS', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a hello of SSL 2', Buffer.from([0x80, 46, 1, 3, 1, 0, 21])],
    ['a record that is too long', Buffer.from([22, 3, 3, 0xff, 0xff, 1])],
    ['a message that is too long', Buffer.concat([hello, record(22, Buffer.from([16, 0xff, 0xff, 0xff, 0]))])],
    ['a key exchange that is too short', record(22, message(16, Buffer.of(0)))],
    ['an alert', Buffer.concat([hello, record(21, Buffer.from([2, 40]))])],
  ])('lets %s through', (_what, stream) => {
    const { subject, asked, bytes } = gate();
    subject.receive(stream);
    expect(asked).toEqual([]);
    expect(bytes()).toEqual(stream);
  });

  it('asks for no more than there is where the length says otherwise', () => {
    const { subject, asked } = gate();
    subject.receive(record(22, message(16, Buffer.from([0xff, 0xff, 97, 98]))));
    expect(asked).toEqual(['ab']);
  });

  it('says when too much comes while it is waiting', () => {
    const { subject, flooded } = gate();
    subject.receive(record(22, keyExchange('device')));
    subject.receive(Buffer.alloc(32_000));
    expect(flooded()).toBe(0);
    subject.receive(Buffer.alloc(1_000));
    expect(flooded()).toBe(1);
  });
});
