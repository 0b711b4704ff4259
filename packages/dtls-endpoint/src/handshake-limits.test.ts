import { describe, expect, it } from 'vitest';
import { type Fragment, fragment } from './handshake-fragment.ts';
import { HandshakeLimits } from './handshake-limits.ts';

function part(init: Partial<Fragment>): Fragment {
  const made = { ...fragment(), ...init };
  return { ...made, length: init.length ?? made.total };
}

describe('handshake limits', () => {
  it.each<[string, Partial<Fragment>, string | undefined]>([
    ['a ServerHello', { type: 2, messageSeq: 1, total: 80 }, undefined],
    ['a long ServerHello', { type: 2, messageSeq: 1, total: 4_097 }, 'messageTooLong'],
    ['a HelloVerifyRequest with the longest cookie', { type: 3, total: 258 }, undefined],
    ['a HelloVerifyRequest without cookie', { type: 3, total: 3 }, undefined],
    ['a long HelloVerifyRequest', { type: 3, total: 259 }, 'messageTooLong'],
    ['a HelloVerifyRequest in pieces', { type: 3, total: 35, length: 10 }, 'malformedFragment'],
    ['the largest certificate', { type: 11, messageSeq: 2, total: 65_536, length: 1_000 }, undefined],
    ['a larger one', { type: 11, messageSeq: 2, total: 65_537, length: 1_000 }, 'messageTooLong'],
    ['the largest 24-bit length', { type: 11, messageSeq: 2, total: 0xffffff, length: 8 }, 'messageTooLong'],
    ['a ServerHello of two bytes', { type: 2, messageSeq: 1, total: 2 }, 'malformedFragment'],
    ['a ServerKeyExchange of one byte', { type: 12, messageSeq: 2, total: 1 }, 'malformedFragment'],
    ['a ServerHelloDone', { type: 14, messageSeq: 3, total: 0 }, undefined],
    ['a ServerHelloDone with a body', { type: 14, messageSeq: 3, total: 1 }, 'messageTooLong'],
    ['an empty fragment of a certificate', { type: 11, messageSeq: 2, total: 900, length: 0 }, 'malformedFragment'],
    ['message 15', { type: 11, messageSeq: 15, total: 900 }, undefined],
    ['message 16', { type: 11, messageSeq: 16, total: 900 }, 'messageNumber'],
    ['an unknown type', { type: 99, messageSeq: 2, total: 900 }, 'unexpectedMessage'],
  ])('say of %s: %s', (_name, init, verdict) => {
    expect(new HandshakeLimits({ role: 'client', certificates: true }).admit(part(init))).toBe(verdict);
  });

  it.each<[string, Partial<Fragment>]>([
    ['another length', { type: 11, messageSeq: 2, total: 901, length: 100 }],
    ['another type', { type: 12, messageSeq: 2, total: 900, length: 100 }],
  ])('refuse a fragment that gives its message %s', (_name, init) => {
    const limits = new HandshakeLimits({ role: 'client', certificates: true });
    expect(limits.admit(part({ type: 11, messageSeq: 2, total: 900, length: 100 }))).toBeUndefined();
    expect(limits.admit(part(init))).toBe('malformedFragment');
    expect(limits.admit(part({ type: 11, messageSeq: 2, total: 900, offset: 100, length: 800 }))).toBeUndefined();
  });

  it('bound all messages together, before any of them is there', () => {
    const limits = new HandshakeLimits({ role: 'client', certificates: true });
    const verdicts = [2, 3, 4, 5].map((messageSeq) =>
      limits.admit(part({ type: 11, messageSeq, total: 65_536, length: 8 })),
    );
    expect(verdicts).toEqual([undefined, undefined, 'messageTooLong', 'messageTooLong']);
  });

  it('bound a handshake without certificates far more tightly', () => {
    const limits = new HandshakeLimits({ role: 'client', certificates: false });
    const verdicts = Array.from({ length: 10 }, (_, index) =>
      limits.admit(part({ type: 12, messageSeq: index + 1, total: 8_000, length: 8 })),
    );
    expect(verdicts.filter((verdict) => verdict === undefined)).toHaveLength(4);
  });

  it.each([
    [true, 1_024],
    [false, 256],
  ])('bound the number of fragments between two waits (certificates %s)', (certificates, most) => {
    const limits = new HandshakeLimits({ role: 'client', certificates });
    const admitted = (): number => {
      let count = 0;
      while (limits.admit(part({ type: 12, messageSeq: 2, total: 4_000, offset: 5, length: 1 })) === undefined) count++;
      return count;
    };
    expect(admitted()).toBe(most);
    limits.renew();
    expect(admitted()).toBe(most);
  });

  it('take every cookie length of a server without state', () => {
    const limits = new HandshakeLimits({ role: 'client', certificates: true });
    expect([3, 35, 258].map((total) => limits.admit(part({ type: 3, total })))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  describe('of an engine that bounds itself', () => {
    const limits = (): HandshakeLimits =>
      new HandshakeLimits({ role: 'client', certificates: false, boundedEngine: true });

    it('remember no announcement: a forged one keeps nobody out', () => {
      const one = limits();
      expect(one.admit(part({ type: 12, messageSeq: 2, total: 900, length: 100 }))).toBeUndefined();
      expect(one.admit(part({ type: 12, messageSeq: 2, total: 40 }))).toBeUndefined();
      expect(one.admit(part({ type: 4, messageSeq: 2, total: 40 }))).toBeUndefined();
    });

    it('count no fragments and no bytes of several messages', () => {
      const one = limits();
      const flood = part({ type: 12, messageSeq: 2, total: 8_000, offset: 5, length: 1 });
      for (let count = 0; count < 10_000; count++) expect(one.admit(flood)).toBeUndefined();
      expect(one.admit(part({ type: 2, messageSeq: 1, total: 80 }))).toBeUndefined();
    });

    it.each<[string, Partial<Fragment>, string]>([
      ['length of one message', { type: 2, messageSeq: 1, total: 4_097 }, 'messageTooLong'],
      ['message numbers', { type: 2, messageSeq: 16, total: 80 }, 'messageNumber'],
      ['types', { type: 11, messageSeq: 2, total: 900 }, 'unexpectedMessage'],
      ['empty fragments', { type: 12, messageSeq: 2, total: 900, length: 0 }, 'malformedFragment'],
    ])('still bound %s', (_name, init, verdict) => {
      expect(limits().admit(part(init))).toBe(verdict);
    });
  });
});
