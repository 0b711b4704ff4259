import { describe, expect, it } from 'vitest';
import { driven } from '../../test/driven.ts';
import { NetError } from '../contract/error.ts';

const icmp = new NetError({ code: 'ECONNREFUSED', operation: 'receive', message: 'port unreachable' });
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

describe('a driven association', () => {
  it('sends its first flight, is established and measures how long that took', () => {
    const { lower, seen, driver, clock } = driven();
    expect(lower.sent).toEqual(['H']);
    clock.advance(30);
    lower.deliver('W');
    expect(seen).toEqual(['established']);
    expect(driver.handshakeMs).toBe(30);
    expect([driver.phase, driver.bytesSent, driver.bytesReceived]).toEqual(['established', 1, 1]);
  });

  it('gets messages as copies that outlive the call', () => {
    const messages: Uint8Array[] = [];
    const { lower, establish } = driven({ message: (bytes) => void messages.push(bytes) });
    establish();
    lower.deliver('Mone');
    lower.deliver('Mtwo');
    expect(messages.map(text)).toEqual(['one', 'two']);
  });

  it('reports junk and goes on', () => {
    const { lower, seen, establish } = driven();
    establish();
    lower.deliver('?');
    lower.deliver('Mok');
    expect(seen).toEqual(['dropped junk', 'message ok']);
  });

  it('may be sent to, shut down and destroyed from inside a message listener', () => {
    const order: string[] = [];
    const { lower, driver, establish, association } = driven({
      message(bytes) {
        order.push(text(bytes));
        driver.send(Buffer.from(`re:${text(bytes)}`));
        if (text(bytes) === 'two') driver.shutdown();
        if (text(bytes) === 'two') driver.destroy();
      },
    });
    establish();
    association.during = () => association.request.output.message(Buffer.from('two'));
    lower.deliver('Mone');
    expect(order).toEqual(['one', 'two']);
    expect(lower.sent).toEqual(['H', 'Mre:one', 'Mre:two', 'C']);
    expect(association.destroyed).toBe(true);
  });

  it('is entered one call at a time even by a lower socket that answers at once', () => {
    const { lower, driver, seen, establish } = driven();
    establish();
    const send = lower.send.bind(lower);
    lower.send = (data) => {
      send(data);
      if (text(data) !== 'Mx') return;
      lower.deliver('Mecho');
      lower.sink!.softError(icmp);
      driver.shutdown();
    };
    driver.send(Buffer.from('x'));
    expect(seen).toEqual(['softError ECONNREFUSED', 'message echo', 'closed by us']);
  });

  it.each(['while a message is passed on', 'at any other time'])(
    'is silent about what it throws after it was destroyed, %s',
    (when) => {
      const { driver, association, establish, seen, lower } = driven({
        message() {
          seen.length = 0;
          association.during = throwing;
          lower.deliver('Mtwo');
        },
      });
      const throwing = (): void => {
        driver.destroy();
        throw new Error('too late');
      };
      establish();
      if (when === 'at any other time') association.during = throwing;
      lower.deliver('Mone');
      expect(association.destroyed).toBe(true);
      expect(seen).toEqual([]);
    },
  );

  it('destroyed from inside one of its calls is freed when the call returns', () => {
    const { driver, association, establish, seen, lower } = driven();
    establish();
    association.during = () => {
      driver.destroy();
      expect(association.destroyed).toBe(false);
      association.request.output.message(Buffer.from('late'));
    };
    lower.deliver('Mearly');
    expect(association.destroyed).toBe(true);
    expect(seen).toEqual([]);
    expect(() => driver.send(Buffer.from('x'))).toThrow(/the association is over/);
    driver.destroy();
    expect([driver.phase, driver.maxMessage(100), driver.info()]).toEqual(['closed', 0, {}]);
  });

  it('passes on everything although a listener throws', () => {
    const seen: string[] = [];
    const { lower, association, establish } = driven({
      message(bytes) {
        seen.push(text(bytes));
        throw new Error(`listener ${text(bytes)}`);
      },
    });
    establish();
    association.during = () => association.request.output.message(Buffer.from('two'));
    expect(() => lower.deliver('Mone')).toThrow('listener one');
    expect(seen).toEqual(['one', 'two']);
  });

  it('fails, and lets nothing escape, if the engine throws', () => {
    const { lower, seen, errors, association, clock } = driven();
    expect(() => lower.deliver('X')).not.toThrow();
    expect(seen).toEqual(['failed EPROTO']);
    expect(errors[0]!.message).toMatch(/failed inside: defect; this is a defect of the backend/);
    expect(association.destroyed).toBe(true);
    expect(clock.pending).toBe(0);
    lower.deliver('Mlate');
    expect(seen).toHaveLength(1);
  });

  it('keeps to itself that the engine throws when it is freed', () => {
    const { association, driver, establish, lower } = driven();
    establish();
    association.destroy = () => {
      throw new Error('destroyed');
    };
    association.during = () => driver.destroy();
    expect(() => lower.deliver('Mx')).not.toThrow();
    expect(driver.defect).toMatchObject({
      code: 'EPROTO',
      message: expect.stringMatching(/destroyed; this is a defect/),
    });
  });

  it('refuses what the association or the lower socket refuses, and lives', () => {
    const { driver, lower, seen, establish } = driven();
    establish();
    expect(() => driver.send(new Uint8Array(41))).toThrow(expect.objectContaining({ code: 'EMSGSIZE' }));
    lower.refusal = Object.assign(new Error('too long'), { code: 'EMSGSIZE' });
    expect(() => driver.send(Buffer.from('x'))).toThrow(expect.objectContaining({ code: 'EMSGSIZE' }));
    driver.send(Buffer.from('y'));
    expect(lower.sent.at(-1)).toBe('My');
    expect(seen).toEqual([]);
  });

  it('ends in order', () => {
    const { lower, seen, establish } = driven();
    establish();
    lower.deliver('C');
    expect(seen).toEqual(['closed close_notify']);
  });
});

describe('time', () => {
  it('fires the deadlines of the schedule and fails after the last', () => {
    const traces: unknown[] = [];
    const { clock, lower, seen } = driven({ trace: (event) => void traces.push(event) }, [100, 200]);
    clock.advance(99);
    expect(lower.sent).toHaveLength(1);
    clock.advance(1);
    expect(lower.sent).toHaveLength(2);
    clock.advance(200);
    expect(seen).toEqual(['failed ETIMEDOUT']);
    expect(traces).toEqual([
      { type: 'flight', attempt: 1, waitMs: 100 },
      { type: 'flight', attempt: 2, waitMs: 200 },
    ]);
    expect(clock.pending).toBe(0);
  });

  it('sets no timer while the deadline stays or moves away', () => {
    const { clock, lower, association } = driven({}, [100]);
    for (let i = 0; i < 5; i += 1) lower.deliver('?');
    association.deadline! += 50;
    lower.deliver('?');
    expect(clock.asked).toEqual([100]);
    clock.advance(100);
    expect(association.calls).not.toContain('timeout');
    expect(clock.asked).toEqual([100, 50]);
    clock.advance(50);
    expect(association.calls).toContain('timeout');
  });

  it('sets a new timer when the deadline comes nearer and none when there is none', () => {
    const { clock, lower, association } = driven({}, [100]);
    association.deadline = clock.now() + 10;
    lower.deliver('?');
    expect(clock.asked).toEqual([100, 10]);
    expect(clock.pending).toBe(1);
    association.deadline = undefined;
    lower.deliver('?');
    expect(clock.pending).toBe(0);
  });

  it('reads the deadline behind a report that the engine makes outside of a call', () => {
    const { association, clock } = driven();
    association.deadline = clock.now() + 5;
    association.request.output.trace?.({ type: 'ready' });
    clock.advance(5);
    expect(association.calls).toEqual(['start', 'timeout']);
  });

  it('does not spin if timers fire early or the engine is behind', () => {
    const { clock, association } = driven({}, [100]);
    clock.early = 0.5;
    clock.advance(99.6);
    expect(association.calls).not.toContain('timeout');
    const behind = driven({}, [100]);
    behind.association.timeout = () => void behind.association.calls.push('timeout');
    behind.clock.advance(105);
    expect(behind.association.calls.filter((call) => call === 'timeout')).toHaveLength(6);
    expect(behind.clock.asked).toEqual([100, 1, 1, 1, 1, 1, 1]);
  });
});

describe('what happens below', () => {
  it('is a hint during the handshake that explains its timeout', () => {
    const { lower, clock, errors } = driven({}, [100]);
    lower.sink!.softError(icmp);
    expect(errors).toEqual([]);
    clock.advance(100);
    expect(errors[0]).toMatchObject({ code: 'ECONNREFUSED', operation: 'connect', cause: icmp });
  });

  it('is no explanation once something was heard', () => {
    const { lower, clock, errors } = driven({}, [100]);
    lower.sink!.softError(icmp);
    lower.deliver('?');
    clock.advance(100);
    expect(errors[0]!.code).toBe('ETIMEDOUT');
  });

  it('explains a flight that the lower socket refused', () => {
    const { lower, clock, errors } = driven({}, [100, 100]);
    lower.refusal = Object.assign(new Error('no route'), { code: 'ENETUNREACH' });
    clock.advance(200);
    expect(errors[0]!.code).toBe('ENETUNREACH');
  });

  it('is a soft error where it is no answer to send', () => {
    const { lower, seen, establish } = driven();
    establish();
    lower.refusal = Object.assign(new Error('full'), { code: 'ENOBUFS' });
    lower.deliver('H?');
    expect(seen).toEqual(['dropped junk']);
    lower.deliver('E');
    expect(seen).toEqual(['dropped junk', 'softError ENOBUFS']);
  });

  it('does not touch an established association', () => {
    const { lower, seen, establish } = driven();
    establish();
    lower.sink!.softError(icmp);
    lower.deliver('Mx');
    expect(seen).toEqual(['softError ECONNREFUSED', 'message x']);
  });

  it.each([
    ['datagram', true, 'ended'],
    ['datagram', false, 'failed ECONNRESET'],
    ['stream', true, 'failed ECONNRESET'],
  ] as const)('the end of a %s, established %s: %s', (kind, established, outcome) => {
    const { lower, seen, establish } = driven();
    lower.kind = kind;
    if (established) establish();
    lower.sink!.end();
    expect(seen).toEqual([outcome]);
  });

  it('ends with its error', () => {
    const { lower, seen, association } = driven();
    lower.sink!.failed(icmp);
    expect(seen).toEqual(['failed ECONNREFUSED']);
    expect(association.destroyed).toBe(true);
  });
});
