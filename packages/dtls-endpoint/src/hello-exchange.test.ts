import { clientHello, cookieOf, type HelloInit, handshake, helloBody, record } from '@avs-net/conformance/dtls-records';
import type { Address } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import { COOKIE_LENGTH, COOKIE_PERIOD } from './cookie.ts';
import { HelloExchange, type HelloVerdict } from './hello-exchange.ts';
import { HELLO_VERIFY_REQUEST_LENGTH } from './hello-verify-request.ts';
import type { Refusal } from './refusal.ts';

const FROM: Address = { host: '192.0.2.1', port: 40_000 };

/** Judges one datagram; the answer is a copy. */
function judge(exchange: HelloExchange, bytes: Uint8Array, from = FROM, now = 0) {
  const answers: Uint8Array[] = [];
  const refusal = exchange.read(bytes);
  const verdict: HelloVerdict | Refusal =
    refusal ?? exchange.judge(bytes, from, now, (answer) => answers.push(answer.slice()));
  return { verdict, answers };
}

function cookieFor(exchange: HelloExchange, init: HelloInit = {}, from = FROM, now = 0): Uint8Array {
  return cookieOf(judge(exchange, clientHello(init), from, now).answers[0]!);
}

describe('the cookie exchange', () => {
  // Every row is a fresh exchange; GOOD begins a handshake, VERIFY is answered by a cookie, DROP by nothing.
  const long = (init: HelloInit): HelloInit => ({ ...init, extensions: new Uint8Array(60) });
  const cut = (body: Uint8Array, from: number, to: number, messageSeq: number): Uint8Array =>
    handshake({ type: 1, messageSeq, total: body.length, offset: from, body: body.slice(from, to) });
  it.each<
    [string, 'GOOD' | 'VERIFY' | 'DROP', (exchange: HelloExchange) => Uint8Array, (Address | undefined)?, number?]
  >([
    ['no cookie', 'VERIFY', () => clientHello()],
    ['the cookie that was asked for', 'GOOD', (x) => clientHello({ cookie: cookieFor(x) })],
    ['a cookie with one bit turned', 'VERIFY', (x) => clientHello({ cookie: turned(cookieFor(x)) })],
    ['a cookie cut short', 'VERIFY', (x) => clientHello({ cookie: cookieFor(x).slice(1) })],
    ['a cookie of one byte', 'VERIFY', () => clientHello({ cookie: Uint8Array.of(1) })],
    ['a cookie of 255 bytes', 'VERIFY', () => clientHello({ cookie: new Uint8Array(255) })],
    ['a cookie of zeros', 'VERIFY', () => clientHello({ cookie: new Uint8Array(COOKIE_LENGTH) })],
    ['the cookie of another address', 'VERIFY', (x) => clientHello({ cookie: cookieFor(x) }), at('192.0.2.2', 40_000)],
    ['the cookie of another port', 'VERIFY', (x) => clientHello({ cookie: cookieFor(x) }), at('192.0.2.1', 40_001)],
    [
      'its address written as IPv6',
      'GOOD',
      (x) => clientHello({ cookie: cookieFor(x) }),
      at('::ffff:192.0.2.1', 40_000),
    ],
    ['another random', 'VERIFY', (x) => clientHello({ cookie: cookieFor(x), random: 8 })],
    ['another session id', 'VERIFY', (x) => clientHello({ cookie: cookieFor(x), sessionId: Uint8Array.of(1) })],
    ['another version', 'VERIFY', (x) => clientHello({ cookie: cookieFor(x), version: 0xfeff })],
    ['other suites', 'VERIFY', (x) => clientHello({ cookie: cookieFor(x), suites: [0xc0a8] })],
    ['another compression', 'VERIFY', (x) => clientHello({ cookie: cookieFor(x), compression: Uint8Array.of(1, 0) })],
    ['other extensions', 'GOOD', (x) => clientHello(long({ cookie: cookieFor(x) }))],
    ['a good cookie in message 0', 'VERIFY', (x) => clientHello({ cookie: cookieFor(x), messageSeq: 0 })],
    ['a good cookie in message 2', 'VERIFY', (x) => clientHello({ cookie: cookieFor(x), messageSeq: 2 })],
    ['a secret one period old', 'GOOD', (x) => clientHello({ cookie: cookieFor(x) }), FROM, COOKIE_PERIOD],
    [
      'a secret nearly two periods old',
      'GOOD',
      (x) => clientHello({ cookie: cookieFor(x) }),
      FROM,
      2 * COOKIE_PERIOD - 1,
    ],
    ['a secret two periods old', 'VERIFY', (x) => clientHello({ cookie: cookieFor(x) }), FROM, 2 * COOKIE_PERIOD],
    ['a secret a day old', 'VERIFY', (x) => clientHello({ cookie: cookieFor(x) }), FROM, 86_400_000],
    ['the first fragment, no cookie', 'VERIFY', () => cut(helloBody(long({})), 0, 60, 0)],
    ['the first fragment, good cookie', 'GOOD', (x) => cut(helloBody(long({ cookie: cookieFor(x) })), 0, 70, 1)],
    ['the first fragment, bad cookie', 'VERIFY', () => cut(helloBody(long({ cookie: new Uint8Array(32) })), 0, 70, 1)],
    [
      'a first fragment that ends in the cookie',
      'DROP',
      (x) => cut(helloBody(long({ cookie: cookieFor(x) })), 0, 60, 1),
    ],
    ['the second fragment', 'DROP', (x) => cut(helloBody(long({ cookie: cookieFor(x) })), 70, 130, 1)],
    ['a hello shorter than the answer', 'DROP', () => cut(helloBody(), 0, 34, 0)],
    ['a ServerHello', 'DROP', () => handshake({ type: 2, body: helloBody() })],
    ['a record of another type', 'DROP', () => record({ type: 23, body: clientHello().slice(13) })],
    ['a hello cut off', 'DROP', () => clientHello().slice(0, 50)],
  ])('%s: %s', (_name, expected, build, from = FROM, now = 0) => {
    const exchange = new HelloExchange(0);
    const bytes = build(exchange);
    const { verdict, answers } = judge(exchange, bytes, from, now);
    const outcome = verdict === 'verified' ? 'GOOD' : answers.length === 1 ? 'VERIFY' : 'DROP';
    expect(outcome).toBe(expected);
    for (const answer of answers) expect(answer.length).toBeLessThanOrEqual(bytes.length);
  });

  it('takes a whole hello whose first one came in fragments', () => {
    const exchange = new HelloExchange(0);
    const first = judge(exchange, cut(helloBody(long({})), 0, 60, 0)).answers[0]!;
    expect(judge(exchange, clientHello(long({ cookie: cookieOf(first) }))).verdict).toBe('verified');
    expect(judge(exchange, clientHello(long({ cookie: cookieOf(first), random: 9 }))).verdict).toBe('refused');
  });

  it('changes its secret once in a period, however often it is used', () => {
    const exchange = new HelloExchange(0);
    const cookie = cookieFor(exchange, {}, FROM, COOKIE_PERIOD);
    for (let count = 0; count < 5; count++) {
      expect(judge(exchange, clientHello({ cookie }), FROM, COOKIE_PERIOD + count).verdict).toBe('verified');
    }
  });

  it('makes other cookies for other exchanges', () => {
    const cookie = cookieFor(new HelloExchange(0));
    expect(judge(new HelloExchange(0), clientHello({ cookie })).verdict).toBe('refused');
  });

  it('answers in the oldest version, echoing the record sequence number', () => {
    const exchange = new HelloExchange(0);
    const [answer] = judge(exchange, clientHello({ sequence: 0xa1b2c3d4e5f6 })).answers;
    expect(answer).toHaveLength(HELLO_VERIFY_REQUEST_LENGTH);
    expect(Buffer.from(answer!.subarray(0, 28)).toString('hex')).toBe(
      // handshake, DTLS 1.0, epoch 0, the sequence number, 47 bytes
      `16feff0000${'a1b2c3d4e5f6'}002f` +
        // HelloVerifyRequest, 35 bytes, message 0, whole; DTLS 1.0, cookie of 32 bytes
        `03000023${'0000'}000000000023${'feff'}20`,
    );
  });

  it('answers no hello that is shorter than the answer', () => {
    const body = helloBody({ extensions: new Uint8Array(20) });
    const answered: number[] = [];
    for (let length = 0; length <= body.length; length++) {
      const bytes = cut(body, 0, length, 0);
      if (judge(new HelloExchange(0), bytes).answers.length > 0) answered.push(bytes.length);
    }
    expect(answered.length).toBeGreaterThan(1);
    expect(Math.min(...answered)).toBeGreaterThanOrEqual(HELLO_VERIFY_REQUEST_LENGTH);
  });

  it('puts nothing of one hello into the next answer', () => {
    const exchange = new HelloExchange(0);
    const first = judge(exchange, clientHello({ sequence: 0xffffffffffff })).answers[0]!;
    const again = judge(exchange, clientHello({ sequence: 0 })).answers[0]!;
    expect([...again.subarray(5, 11)]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(cookieOf(again)).toEqual(cookieOf(first));
  });
});

function at(host: string, port: number): Address {
  return { host, port };
}

function turned(cookie: Uint8Array): Uint8Array {
  cookie[20]! ^= 1;
  return cookie;
}
