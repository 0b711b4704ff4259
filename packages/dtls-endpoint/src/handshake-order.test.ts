import {
  changeCipherSpec,
  clientHello,
  fragmentOf,
  handshake,
  join,
  protectedRecord,
  record,
} from '@avs-net/conformance/dtls-records';
import type { AssociationRequest } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import { FakeAssociation, fakeRequest, type Report } from '../../../test/fake-association.ts';
import { type OrderRules, ordered } from './handshake-order.ts';
import { readRecord, recordHeader } from './record.ts';

interface Setup {
  readonly association: ReturnType<typeof ordered>;
  readonly engines: FakeAssociation[];
  readonly report: Report;
}

function setup(init: Partial<AssociationRequest> = {}, rules: OrderRules = {}): Setup {
  const { request, report } = fakeRequest(init);
  const engines: FakeAssociation[] = [];
  const association = ordered(
    request,
    (inner) => {
      const engine = new FakeAssociation(inner);
      engines.push(engine);
      return engine;
    },
    rules,
  );
  association.start(0);
  return { association, engines, report };
}

const client = (): Setup => setup();
const hello = clientHello({ cookie: new Uint8Array(32), sequence: 7 });
const server = (): Setup =>
  setup({ role: 'server', opening: { hello, from: { host: '192.0.2.1', port: 1 }, cookieVerified: true } });

/** What an engine got: the bodies of records, as hex, and their numbers. */
function got({ received }: FakeAssociation): { bodies: string[]; numbers: number[] } {
  const header = recordHeader();
  const bodies: string[] = [];
  const numbers: number[] = [];
  for (const bytes of received) {
    expect(readRecord(bytes, 0, header)).toBeUndefined();
    expect(header.end).toBe(bytes.length);
    bodies.push(hex(bytes.subarray(header.start)));
    numbers.push(header.sequence);
  }
  return { bodies, numbers };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const body = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => at);
const serverHello = fragmentOf({ type: 2, messageSeq: 0, body: body(40) });
const certificate = fragmentOf({ type: 11, messageSeq: 1, body: body(100) });
const done = fragmentOf({ type: 14, messageSeq: 2 });
const piece = (offset: number, length: number, total = 100, type = 11): Uint8Array =>
  handshake({ type, messageSeq: 1, offset, total, body: body(total).subarray(offset, offset + length) });
const recordOf = (content: Uint8Array, sequence = 0): Uint8Array => record({ type: 22, sequence, body: content });

describe('handshake order', () => {
  it('numbers records itself, whatever their numbers were', () => {
    const { association, engines } = client();
    association.receive(recordOf(serverHello, 0xfffffffffff0), 1);
    association.receive(recordOf(certificate, 3), 1);
    association.receive(recordOf(done, 0), 1);
    association.receive(changeCipherSpec(99), 1);
    expect(got(engines[0]!)).toEqual({
      bodies: [serverHello, certificate, done, Uint8Array.of(1)].map(hex),
      numbers: [0, 1, 2, 3],
    });
  });

  it('goes on behind the hello that is adopted', () => {
    const { association, engines } = server();
    const exchange = fragmentOf({ type: 16, messageSeq: 2, body: body(9) });
    association.receive(recordOf(exchange, 0), 1);
    expect(got(engines[0]!)).toEqual({ bodies: [hex(exchange)], numbers: [8] });
  });

  it.each<[string, readonly Uint8Array[]]>([
    ['reversed', [recordOf(done), recordOf(certificate), recordOf(serverHello)]],
    ['in pieces', [piece(0, 30), recordOf(serverHello), piece(60, 40), recordOf(done), piece(30, 30)]],
    ['in pieces that overlap', [recordOf(serverHello), piece(20, 80), piece(0, 50), recordOf(done)]],
    ['doubled', [recordOf(serverHello), piece(0, 60), piece(0, 60), piece(60, 40), recordOf(done)]],
    ['all in one record', [recordOf(join(serverHello, certificate, done))]],
    ['all in one datagram', [join(recordOf(serverHello), recordOf(certificate), recordOf(done))]],
    [
      'with a piece of another length before',
      [piece(0, 30, 90), recordOf(serverHello), recordOf(certificate), recordOf(done)],
    ],
    [
      'with a piece of another type before',
      [piece(0, 30, 100, 12), recordOf(serverHello), recordOf(certificate), recordOf(done)],
    ],
    [
      'with a piece of another length behind',
      [recordOf(certificate), piece(0, 30, 90), recordOf(serverHello), recordOf(done)],
    ],
    [
      'with a message that cannot follow',
      [
        recordOf(fragmentOf({ type: 2, messageSeq: 1, body: body(40) })),
        recordOf(serverHello),
        recordOf(certificate),
        recordOf(done),
      ],
    ],
  ])('gives the engine whole messages in their turn when they come %s', (_how, datagrams) => {
    const { association, engines } = client();
    for (const bytes of datagrams) association.receive(bytes, 1);
    expect(got(engines[0]!).bodies).toEqual([serverHello, certificate, done].map(hex));
  });

  it('counts what contradicts and what cannot follow', () => {
    const { association, report } = client();
    association.receive(recordOf(certificate), 1);
    association.receive(piece(0, 30, 90), 1);
    association.receive(recordOf(fragmentOf({ type: 14, messageSeq: 0 })), 1);
    association.receive(recordOf(fragmentOf({ type: 2, messageSeq: 1, body: body(40) })), 1);
    expect(report.dropped).toEqual(['malformedFragment', 'unexpectedMessage', 'malformedFragment']);
    const other = client();
    for (const content of [serverHello, certificate, done]) other.association.receive(recordOf(content), 1);
    other.association.receive(recordOf(fragmentOf({ type: 14, messageSeq: 3 })), 1);
    expect(other.report.dropped).toEqual(['unexpectedMessage']);
  });

  it('hands on what the engine has had, and what is protected', () => {
    const { association, engines } = server();
    association.receive(recordOf(fragmentOf({ type: 1, messageSeq: 1, body: body(50) })), 1);
    const finished = protectedRecord();
    association.receive(join(changeCipherSpec(), finished), 1);
    expect(engines[0]!.received).toHaveLength(3);
    expect(engines[0]!.received[2]).toEqual(finished);
  });

  it('divides what fits in no record', () => {
    const { association, engines } = client();
    association.receive(recordOf(serverHello), 1);
    const long = body(20_000);
    for (let offset = 0; offset < 20_000; offset += 1_000) {
      const part = long.subarray(offset, offset + 1_000);
      association.receive(handshake({ type: 11, messageSeq: 1, total: 20_000, offset, body: part }), 1);
    }
    const { bodies } = got(engines[0]!);
    expect(bodies.map((each) => each.length / 2)).toEqual([52, 2 ** 14, 12 + 20_000 - 2 ** 14 + 12]);
    expect(bodies[1]!.slice(24) + bodies[2]!.slice(24)).toBe(hex(long));
  });

  it('keeps little of what is ahead, and never at the cost of what is next', () => {
    const { association, engines, report } = setup({}, { certificates: false });
    const before = association.halfOpenBytes!;
    for (let messageSeq = 1; messageSeq < 16; messageSeq++) {
      association.receive(handshake({ type: 12, messageSeq, total: 8_000, body: body(8) }), 1);
      expect(association.halfOpenBytes! - before).toBeLessThanOrEqual(65_536);
    }
    expect(report.dropped.filter((reason) => reason === 'messageTooLong')).toHaveLength(11);
    association.receive(handshake({ type: 2, messageSeq: 0, total: 4_000, body: body(1_000) }), 1);
    association.receive(handshake({ type: 2, messageSeq: 0, total: 4_000, offset: 1_000, body: body(3_000) }), 1);
    expect(engines[0]!.received).toHaveLength(1);
  });

  it('steps aside when the handshake is over', () => {
    const { association, engines } = client();
    engines[0]!.establish();
    const data = protectedRecord({ type: 23 });
    association.receive(data, 1);
    expect(engines[0]!.given[0]).toBe(data);
    expect(association.halfOpenBytes).toBe(65_536);
  });
});

describe('a cookie that was forged', () => {
  const verify = (cookie: number): Uint8Array =>
    handshake({ type: 3, body: Uint8Array.of(0xfe, 0xff, 4, cookie, cookie, cookie, cookie) });
  /** `count` waits without an answer. */
  function wait({ association, engines }: Setup, count: number): void {
    for (let at = 1; at <= count; at++) {
      engines.at(-1)!.deadline = at;
      association.timeout(at);
    }
  }

  it('is given up for another hello when nothing else answers in two waits', () => {
    const each = client();
    each.association.receive(verify(1), 0);
    each.association.receive(verify(2), 0);
    wait(each, 1);
    expect(each.engines).toHaveLength(1);
    expect(each.engines[0]!.calls).toEqual(['start', 'timeout']);
    wait(each, 1);
    expect(each.engines).toHaveLength(2);
    expect(each.engines[0]!.calls).toEqual(['start', 'timeout', 'destroy']);
    expect(each.engines[1]!.calls).toEqual(['start']);
    each.association.receive(verify(3), 3);
    expect(got(each.engines[1]!).numbers).toEqual([0]);
  });

  it('is given up once', () => {
    const each = client();
    for (const cookie of [1, 2]) each.association.receive(verify(cookie), 0);
    wait(each, 2);
    for (const cookie of [3, 4]) each.association.receive(verify(cookie), 0);
    wait(each, 9);
    expect(each.engines).toHaveLength(2);
  });

  it.each<[string, readonly Uint8Array[]]>([
    ['there was none', []],
    ['there is no other', [verify(1), verify(1)]],
    [
      'the server has gone on',
      [verify(1), verify(2), recordOf(fragmentOf({ type: 2, messageSeq: 1, body: body(40) }))],
    ],
  ])('is not suspected when %s', (_what, datagrams) => {
    const each = client();
    for (const bytes of datagrams) each.association.receive(bytes, 0);
    wait(each, 9);
    expect(each.engines).toHaveLength(1);
  });

  it('does not hasten anything: what is not due passes', () => {
    const each = client();
    for (const cookie of [1, 2]) each.association.receive(verify(cookie), 0);
    each.engines[0]!.deadline = 100;
    for (let at = 0; at < 9; at++) each.association.timeout(at);
    expect(each.engines).toHaveLength(1);
  });
});
