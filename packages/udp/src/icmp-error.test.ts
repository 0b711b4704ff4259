import { describe, expect, it } from 'vitest';
import { icmpError } from './icmp-error.ts';

describe('icmpError', () => {
  const CASES: readonly [string, boolean, string | undefined][] = [
    ['ECONNREFUSED', true, 'ECONNREFUSED'],
    ['ECONNRESET', true, 'ECONNREFUSED'],
    ['ECONNREFUSED', false, undefined],
    ['ECONNRESET', false, undefined],
    ['EMSGSIZE', true, 'EMSGSIZE'],
    ['ENETUNREACH', false, 'ENETUNREACH'],
  ];
  it.each(CASES)('%s, connected %s: %s', (code, connected, expected) => {
    expect(icmpError(Object.assign(new Error('recvmsg'), { code }), connected)?.code).toBe(expected);
  });
});
