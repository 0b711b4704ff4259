import { describe, expect, it } from 'vitest';
import { manualClock } from '../test/manual-clock.ts';
import { kept, type ScriptedAssociation, scriptedAssociation } from '../test/scripted-association.ts';
import { scriptedLower } from '../test/scripted-lower.ts';
import { AssociationDriver, type DriverHost } from './association-driver.ts';
import { NetError } from './error.ts';

const icmp = new NetError({ code: 'ECONNREFUSED', operation: 'receive', message: 'port unreachable' });
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

function run(change: Partial<DriverHost> = {}, waits?: readonly number[]) {
  const clock = manualClock();
  const lower = scriptedLower();
  const seen: string[] = [];
  const errors: NetError[] = [];
  let association!: ScriptedAssociation;
  const host: DriverHost = {
    clock,
    backend: 'dtls-x',
    message: (bytes) => void seen.push(`message ${text(bytes)}`),
    established: () => void seen.push('established'),
    closed: (alert) => void seen.push(`closed ${alert?.name ?? 'by us'}`),
    failed(error) {
      errors.push(error);
      seen.push(`failed ${error.code}`);
    },
    softError: (error) => void seen.push(`softError ${error.code}`),
    dropped: (reason) => void seen.push(`dropped ${reason}`),
    ...change,
  };
  const driver = new AssociationDriver(lower, host, (output) => {
    association = scriptedAssociation(
      {
        role: 'client',
        output,
        handshakeTimeouts: { min: 100, max: 200 },
        error: (init) => new NetError({ ...init, operation: 'connect' }),
      },
      waits,
    );
    return association;
  });
  driver.start();
  const establish = (): void => {
    lower.deliver('W');
    seen.length = 0;
  };
  return { clock, lower, seen, errors, driver, association, establish };
}

describe('a driven association', () => {
  it('sends its first flight, is established and measures how long that took', () => {
    const { lower, seen, driver, clock } = run();
    expect(lower.sent).toEqual(['H']);
    clock.advance(30);
    lower.deliver('W');
    expect(seen).toEqual(['established']);
    expect(driver.handshakeMs).toBe(30);
    expect([driver.phase, driver.bytesSent, driver.bytesReceived]).toEqual(['established', 1, 1]);
  });

  it('gets messages as copies that outlive the call', () => {
    const messages: Uint8Array[] = [];
    const { lower, establish } = run({ message: (bytes) => void messages.push(bytes) });
    establish();
    lower.deliver('Mone');
    lower.deliver('Mtwo');
    expect(messages.map(text)).toEqual(['one', 'two']);
  });

  it('reports junk and goes on', () => {
    const { lower, seen, establish } = run();
    establish();
    lower.deliver('?');
    lower.deliver('Mok');
    expect(seen).toEqual(['dropped junk', 'message ok']);
  });

  it('may be sent to, shut down and destroyed from inside a message listener', () => {
    const order: string[] = [];
    const { lower, driver, establish, association } = run({
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
    const { lower, driver, seen, establish } = run();
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

  it('destroyed from inside one of its calls is freed when the call returns', () => {
    const { driver, association, establish, seen, lower } = run();
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
    const { lower, association, establish } = run({
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
    const { lower, seen, errors, association, clock } = run();
    expect(() => lower.deliver('X')).not.toThrow();
    expect(seen).toEqual(['failed EPROTO']);
    expect(errors[0]!.message).toMatch(/failed inside: defect; this is a defect of the backend/);
    expect(association.destroyed).toBe(true);
    expect(clock.pending).toBe(0);
    lower.deliver('Mlate');
    expect(seen).toHaveLength(1);
  });

  it('refuses what the association or the lower socket refuses, and lives', () => {
    const { driver, lower, seen, establish } = run();
    establish();
    expect(() => driver.send(new Uint8Array(41))).toThrow(expect.objectContaining({ code: 'EMSGSIZE' }));
    lower.refusal = Object.assign(new Error('too long'), { code: 'EMSGSIZE' });
    expect(() => driver.send(Buffer.from('x'))).toThrow(expect.objectContaining({ code: 'EMSGSIZE' }));
    driver.send(Buffer.from('y'));
    expect(lower.sent.at(-1)).toBe('My');
    expect(seen).toEqual([]);
  });

  it('ends in order', () => {
    const { lower, seen, establish } = run();
    establish();
    lower.deliver('C');
    expect(seen).toEqual(['closed close_notify']);
  });
});

describe('time', () => {
  it('fires the deadlines of the schedule and fails after the last', () => {
    const traces: unknown[] = [];
    const { clock, lower, seen } = run({ trace: (event) => void traces.push(event) }, [100, 200]);
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
    const { clock, lower, association } = run({}, [100]);
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
    const { clock, lower, association } = run({}, [100]);
    association.deadline = clock.now() + 10;
    lower.deliver('?');
    expect(clock.asked).toEqual([100, 10]);
    expect(clock.pending).toBe(1);
    association.deadline = undefined;
    lower.deliver('?');
    expect(clock.pending).toBe(0);
  });

  it('does not spin if timers fire early or the engine is behind', () => {
    const { clock, association } = run({}, [100]);
    clock.early = 0.5;
    clock.advance(99.6);
    expect(association.calls).not.toContain('timeout');
    const behind = run({}, [100]);
    behind.association.timeout = () => void behind.association.calls.push('timeout');
    behind.clock.advance(105);
    expect(behind.association.calls.filter((call) => call === 'timeout')).toHaveLength(6);
    expect(behind.clock.asked).toEqual([100, 1, 1, 1, 1, 1, 1]);
  });
});

describe('what happens below', () => {
  it('is a hint during the handshake that explains its timeout', () => {
    const { lower, clock, errors } = run({}, [100]);
    lower.sink!.softError(icmp);
    expect(errors).toEqual([]);
    clock.advance(100);
    expect(errors[0]).toMatchObject({ code: 'ECONNREFUSED', operation: 'connect', cause: icmp });
  });

  it('is no explanation once something was heard', () => {
    const { lower, clock, errors } = run({}, [100]);
    lower.sink!.softError(icmp);
    lower.deliver('?');
    clock.advance(100);
    expect(errors[0]!.code).toBe('ETIMEDOUT');
  });

  it('explains a flight that the lower socket refused', () => {
    const { lower, clock, errors } = run({}, [100, 100]);
    lower.refusal = Object.assign(new Error('no route'), { code: 'ENETUNREACH' });
    clock.advance(200);
    expect(errors[0]!.code).toBe('ENETUNREACH');
  });

  it('does not touch an established association', () => {
    const { lower, seen, establish } = run();
    establish();
    lower.sink!.softError(icmp);
    lower.deliver('Mx');
    expect(seen).toEqual(['softError ECONNREFUSED', 'message x']);
  });

  it.each([
    ['datagram', true, 'closed by us'],
    ['datagram', false, 'failed ECONNRESET'],
    ['stream', true, 'failed ECONNRESET'],
  ] as const)('the end of a %s, established %s: %s', (kind, established, outcome) => {
    const { lower, seen, establish } = run();
    lower.kind = kind;
    if (established) establish();
    lower.sink!.end();
    expect(seen).toEqual([outcome]);
  });

  it('ends with its error', () => {
    const { lower, seen, association } = run();
    lower.sink!.failed(icmp);
    expect(seen).toEqual(['failed ECONNREFUSED']);
    expect(association.destroyed).toBe(true);
  });
});

describe('a question to the application', () => {
  const key = Uint8Array.from(Buffer.from('secret'));
  const cases: [string, DriverHost['answer'], string | undefined][] = [
    ['at once', () => key, 'secret'],
    ['later', () => Promise.resolve(key), 'secret'],
    ['with nothing', () => undefined, undefined],
    [
      'by throwing',
      () => {
        throw new Error('no database');
      },
      undefined,
    ],
    ['by rejecting', () => Promise.reject(new Error('no database')), undefined],
    ['with a text', () => 'secret' as never, undefined],
    ['by nobody', undefined, undefined],
  ];
  it.each(cases)('is answered %s', async (_, answer, expected) => {
    const { lower, association } = run({ answer });
    kept.length = 0;
    lower.deliver('Nidentity');
    await new Promise(setImmediate);
    expect(association.answers).toEqual([expected]);
    expect(kept.map(text)).toEqual(expected === undefined ? [] : ['\0'.repeat(6)]);
    expect(text(key)).toBe('secret');
  });

  it('keeps the identity that was asked for', () => {
    const identities: string[] = [];
    const { lower } = run({
      answer: async (what) => {
        await undefined;
        if (what.kind === 'psk') identities.push(text(what.identity));
        return undefined;
      },
    });
    lower.deliver('None');
    lower.deliver('Ntwo');
    return new Promise(setImmediate).then(() => expect(identities).toEqual(['one', 'two']));
  });

  it('is taken back when the association is over, and a late answer goes nowhere', async () => {
    let signal!: AbortSignal;
    let resolve!: (key: Uint8Array) => void;
    const { lower, driver, association } = run({
      answer(_, aborted) {
        signal = aborted;
        return new Promise((done) => {
          resolve = done;
        });
      },
    });
    lower.deliver('Nx');
    expect(signal.aborted).toBe(false);
    driver.destroy();
    expect(signal.aborted).toBe(true);
    resolve(key);
    await new Promise(setImmediate);
    expect(association.answers).toEqual([]);
  });
});
