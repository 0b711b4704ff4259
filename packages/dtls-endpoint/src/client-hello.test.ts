import { handshake, clientHello as hello, helloBody, join, record } from '@avs-net/conformance/dtls-records';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientHello, readClientHello } from './client-hello.ts';
import { fragment, readFragment } from './handshake-fragment.ts';
import { readRecord, recordHeader } from './record.ts';

describe('a record header', () => {
  it('is read where it stands', () => {
    const bytes = join(
      Uint8Array.of(1, 2),
      record({ type: 23, epoch: 258, sequence: 0xfedcba987654, body: new Uint8Array(7) }),
    );
    const into = recordHeader();
    expect(readRecord(bytes, 2, into)).toBeUndefined();
    expect(into).toEqual({
      type: 23,
      version: 0xfefd,
      epoch: 258,
      sequence: 0xfedcba987654,
      start: 15,
      length: 7,
      end: 22,
    });
  });

  it.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(0), 'truncatedHeader'],
    ['12 bytes', new Uint8Array(12), 'truncatedHeader'],
    ['one byte too few', record({ type: 22, length: 5, body: new Uint8Array(4) }), 'truncatedRecord'],
  ])('is refused in %s', (_name, bytes, reason) => {
    expect(readRecord(bytes, 0, recordHeader())).toBe(reason);
  });
});

describe('a ClientHello', () => {
  it('is found in its parts', () => {
    const bytes = hello({
      sessionId: Uint8Array.of(1, 2, 3),
      cookie: Uint8Array.of(4, 5),
      suites: [0xc0a8, 0xc0a4],
      extensions: new Uint8Array(6),
    });
    const into = clientHello();
    expect(readClientHello(bytes, into)).toBeUndefined();
    const at = (from: number, length: number): Uint8Array => bytes.slice(from, from + length);
    expect(into).toMatchObject({ messageSeq: 1, version: 0xfefd, whole: true, recordEnd: bytes.length });
    expect(at(into.randomAt, 32)).toEqual(new Uint8Array(32).fill(7));
    expect(at(into.sessionIdAt, into.sessionIdLength)).toEqual(Uint8Array.of(1, 2, 3));
    expect(at(into.cookieAt, into.cookieLength)).toEqual(Uint8Array.of(4, 5));
    expect(at(into.suitesAt, into.suitesLength)).toEqual(Uint8Array.of(0xc0, 0xa8, 0xc0, 0xa4));
    expect(at(into.compressionAt, into.compressionLength)).toEqual(Uint8Array.of(0));
    expect(at(into.extensionsAt, into.extensionsLength)).toEqual(new Uint8Array(6));
  });

  const body = helloBody({ extensions: new Uint8Array(4) });
  const inRecord = (changed: Uint8Array): Uint8Array => handshake({ type: 1, body: changed });
  it.each<[string, Uint8Array, string | undefined]>([
    ['without extensions', hello(), undefined],
    ['of DTLS 1.0', hello({ version: 0xfeff }), undefined],
    ['with the longest cookie', hello({ cookie: new Uint8Array(255) }), undefined],
    ['of TLS', hello({ version: 0x0303 }), 'malformedHello'],
    ['with a long session id', hello({ sessionId: new Uint8Array(33) }), 'malformedHello'],
    ['without suites', hello({ suites: [] }), 'malformedHello'],
    ['with half a suite', inRecord(replaced(body, 36, 0, 3)), 'malformedHello'],
    ['without compression method', hello({ compression: new Uint8Array(0) }), 'malformedHello'],
    ['with one byte behind', inRecord(join(body, Uint8Array.of(0))), 'malformedHello'],
    ['with one byte of an extension block', inRecord(join(helloBody(), Uint8Array.of(0))), 'malformedHello'],
    ['longer than 16 KiB', handshake({ type: 1, total: 16_385, body }), 'malformedHello'],
    [
      'behind another message',
      record({ type: 22, body: join(hello().slice(13), hello().slice(13)) }),
      'malformedHello',
    ],
    ['without handshake header', record({ type: 22, body: Uint8Array.of(1, 0, 0) }), 'malformedHello'],
    ['that is longer than its record', handshake({ type: 1, length: 500, body }), 'malformedHello'],
    ['in epoch 1', record({ type: 22, epoch: 1, body: hello().slice(13) }), 'noAssociation'],
    ['in an alert', record({ type: 21, body: hello().slice(13) }), 'noAssociation'],
    ['that is a ServerHello', handshake({ type: 2, body }), 'noAssociation'],
    ['in a record of TLS', record({ type: 22, version: 0x0301, body: hello().slice(13) }), 'wrongVersion'],
    ['cut off', hello().slice(0, 40), 'truncatedRecord'],
    ['in no bytes at all', new Uint8Array(0), 'emptyDatagram'],
    ['in its second fragment', handshake({ type: 1, offset: 20, body: body.slice(20) }), 'fragmentedHello'],
    ['up to its cookie', handshake({ type: 1, total: body.length, body: body.slice(0, 36) }), undefined],
    ['up to its random', handshake({ type: 1, total: body.length, body: body.slice(0, 34) }), 'fragmentedHello'],
  ])('%s is %s', (_name, bytes, reason) => {
    expect(readClientHello(bytes, clientHello())).toBe(reason);
  });

  it('is not whole in its first fragment', () => {
    const into = clientHello();
    readClientHello(handshake({ type: 1, total: body.length, body: body.slice(0, 40) }), into);
    expect(into.whole).toBe(false);
  });
});

describe('every parser', () => {
  const valid = hello({ cookie: new Uint8Array(32), sessionId: new Uint8Array(32), extensions: new Uint8Array(20) });
  const mutated = fc
    .tuple(fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 8 }), fc.nat(valid.length))
    .map(([changes, length]) => {
      const bytes = valid.slice();
      for (const [at, value] of changes) bytes[at] = value;
      return bytes.slice(0, length);
    });

  it.each([
    ['at the end of the datagram', new Uint8Array(0)],
    ['in front of other bytes', new Uint8Array(300).fill(1)],
  ])('refuses a hello that ends anywhere but at its end, %s', (_name, behind) => {
    const body = helloBody({ sessionId: new Uint8Array(5), cookie: new Uint8Array(9), extensions: new Uint8Array(6) });
    const accepted: number[] = [];
    for (let length = 0; length <= body.length; length++) {
      const bytes = guarded(join(handshake({ type: 1, body: body.slice(0, length) }), behind));
      const into = clientHello();
      if (readClientHello(bytes, into) === undefined) accepted.push(length);
    }
    // Without the extension block it is whole too.
    expect(accepted).toEqual([body.length - 8, body.length]);
  });

  it('stays inside the datagram, whatever it holds', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated), (bytes) => {
        const watched = guarded(bytes);
        const into = clientHello();
        if (readClientHello(watched, into) !== undefined) return;
        expect(into.recordEnd).toBeLessThanOrEqual(bytes.length);
        expect(into.cookieAt + into.cookieLength).toBeLessThanOrEqual(into.recordEnd);
        if (!into.whole) return;
        expect(into.compressionAt + into.compressionLength).toBeLessThanOrEqual(into.recordEnd);
        if (into.extensionsLength > 0) expect(into.extensionsAt + into.extensionsLength).toBe(into.recordEnd);
      }),
      { numRuns: 5_000 },
    );
  });

  it('walks records and fragments to an end', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated), (bytes) => {
        const watched = guarded(bytes);
        const header = recordHeader();
        const part = fragment();
        for (let at = 0; at < bytes.length && readRecord(watched, at, header) === undefined; at = header.end) {
          expect(header.end).toBeGreaterThan(at);
          for (let from = header.start; from < header.end; from = part.end) {
            if (readFragment(watched, from, header.end, part) !== undefined) break;
            expect(part.end).toBeGreaterThan(from);
            expect(part.end).toBeLessThanOrEqual(header.end);
          }
        }
      }),
      { numRuns: 5_000 },
    );
  });
});

/** Bytes that throw when anything outside of them is asked for. */
function guarded(bytes: Uint8Array): Uint8Array {
  return new Proxy(bytes, {
    get(target, key) {
      if (typeof key === 'string' && /^-?\d+$/.test(key) && !(key in target)) throw new RangeError(`read at ${key}`);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function replaced(bytes: Uint8Array, at: number, ...values: number[]): Uint8Array {
  const copy = bytes.slice();
  copy.set(values, at);
  return copy;
}
