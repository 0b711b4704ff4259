import { record, serverHello } from '@avs-net/conformance/dtls-records';
import { describe, expect, it } from 'vitest';
import { type FilteredFake, filteredFake } from '../test/filtered-fake.ts';

const alertOf = (level: number, description: number): Uint8Array =>
  record({ type: 21, body: Uint8Array.of(level, description) });
const REFUSED = alertOf(2, 40);

function setup(min = 1_000): FilteredFake {
  const made = filteredFake({ handshakeTimeouts: { min, max: 60_000 } });
  made.engine.deadline = 50_000;
  made.filter.start(0);
  return made;
}

describe('an alert in the clear during a handshake', () => {
  it('never reaches the engine', () => {
    const { filter, engine, report } = setup();
    filter.receive(REFUSED, 100);
    expect(engine.given).toEqual([]);
    expect(report.dropped).toEqual(['plaintextAlert']);
    expect(filter.phase).toBe('handshake');
  });

  it('ends a handshake that makes no progress within the first wait', () => {
    const { filter, engine, report } = setup();
    filter.receive(REFUSED, 100);
    expect(filter.deadline).toBe(1_100);
    filter.timeout(1_099);
    expect(report.errors).toEqual([]);
    filter.timeout(1_100);
    expect(report.errors).toMatchObject([
      { code: 'EPROTO', alert: { level: 'fatal', description: 40, name: 'handshake_failure', origin: 'peer' } },
    ]);
    expect(report.errors[0]?.message).toMatch(/handshake_failure \(40\), which was not authenticated/);
    expect(filter.phase).toBe('closed');
    expect(filter.deadline).toBeUndefined();
    engine.establish();
    filter.timeout(60_000);
    filter.receive(serverHello(0xc0a8), 60_000);
    expect(report.events).toEqual(['failed']);
    expect(engine.given).toEqual([]);
  });

  it.each([
    [9_000, 9_100],
    [20_000, 10_100],
  ])('waits for the first wait of %i ms, ten seconds at most', (min, deadline) => {
    const { filter } = setup(min);
    filter.receive(REFUSED, 100);
    expect(filter.deadline).toBe(deadline);
  });

  it('is not prolonged by more of them', () => {
    const { filter } = setup();
    filter.receive(REFUSED, 100);
    filter.receive(alertOf(2, 115), 900);
    expect(filter.deadline).toBe(1_100);
  });

  it('is outlived by a handshake that goes on', () => {
    const { filter, engine, report } = setup();
    engine.onReceive = () => engine.request.output.datagram(Uint8Array.of(1));
    filter.receive(REFUSED, 100);
    filter.receive(serverHello(0xc0a8), 200);
    expect(filter.deadline).toBe(50_000);
    engine.establish();
    expect(report.events).toEqual(['established']);
  });

  it('is not outlived by an answer that the engine does not react to, nor by our own retransmission', () => {
    const { filter, engine } = setup();
    filter.receive(REFUSED, 100);
    filter.receive(serverHello(0xc0a8), 200);
    engine.request.output.datagram(Uint8Array.of(1));
    expect(filter.deadline).toBe(1_100);
  });

  describe('while a question to the application is open', () => {
    const asked = (deadline = 10_300): ReturnType<typeof setup> => {
      const made = setup();
      made.engine.onReceive = () => {
        made.engine.deadline = deadline;
        made.engine.request.output.need(7, { kind: 'psk', identity: Uint8Array.of(1) });
      };
      return made;
    };

    it.each([
      ['before it', 100],
      ['after it', 400],
    ])('leaves its grace to the peer if it came %s', (_when, at) => {
      const { filter, report } = asked();
      if (at < 300) filter.receive(REFUSED, at);
      filter.receive(serverHello(0xc0a8), 300);
      if (at > 300) filter.receive(REFUSED, at);
      expect(filter.deadline).toBe(10_300);
      filter.timeout(5_000);
      filter.answer!(6, undefined, 5_000);
      expect(filter.deadline).toBe(10_300);
      filter.answer!(7, undefined, 6_000);
      expect(filter.deadline).toBe(7_000);
      expect(report.errors).toEqual([]);
      filter.timeout(7_000);
      expect(report.errors).toMatchObject([{ code: 'EPROTO', alert: { description: 40 } }]);
    });

    it('is outlived if the answer makes the engine go on, at once or later', () => {
      for (const later of [false, true]) {
        const { filter, engine } = asked();
        filter.receive(serverHello(0xc0a8), 300);
        filter.receive(REFUSED, 400);
        const goOn = (): void => void engine.request.output.datagram(Uint8Array.of(1));
        engine.answer = later ? () => {} : goOn;
        filter.answer!(7, undefined, 6_000);
        if (later) goOn();
        expect(filter.deadline).toBe(10_300);
      }
    });

    it('is outlived if the answer brings another question', () => {
      const { filter, engine } = asked();
      filter.receive(serverHello(0xc0a8), 300);
      filter.receive(REFUSED, 400);
      engine.answer = () => engine.request.output.need(8, { kind: 'psk', identity: Uint8Array.of(1) });
      filter.answer!(7, undefined, 6_000);
      expect(filter.deadline).toBe(10_300);
      engine.answer = () => {};
      filter.answer!(8, undefined, 8_000);
      expect(filter.deadline).toBe(9_000);
    });

    it('has its grace when the engine waits for the application no longer', () => {
      const { filter, engine } = asked();
      filter.receive(serverHello(0xc0a8), 300);
      filter.receive(REFUSED, 400);
      filter.timeout(10_300);
      engine.deadline = undefined;
      expect(filter.deadline).toBe(11_300);
      expect(engine.calls).toContain('timeout');
    });
  });

  it('explains a handshake that runs out of time later', () => {
    const { filter, engine, report } = setup();
    engine.onReceive = () => engine.request.output.datagram(Uint8Array.of(1));
    filter.receive(alertOf(2, 115), 100);
    filter.receive(serverHello(0xc0a8), 200);
    engine.fail('ETIMEDOUT');
    expect(report.errors).toMatchObject([
      { code: 'EPROTO', alert: { name: 'unknown_psk_identity' }, cause: { code: 'ETIMEDOUT' } },
    ]);
  });

  it('explains nothing else', () => {
    const { filter, engine, report } = setup();
    filter.receive(REFUSED, 100);
    engine.fail('EACCES');
    expect(report.errors).toMatchObject([{ code: 'EACCES', alert: undefined }]);
  });

  it.each([
    ['a warning', alertOf(1, 90), undefined],
    ['close_notify', alertOf(1, 0), 1_100],
    ['a fatal alert of an unknown number', alertOf(2, 200), 1_100],
  ])('sets a deadline of its own, or not, if it is %s', (_name, datagram, deadline) => {
    const { filter, engine } = setup();
    engine.deadline = undefined;
    filter.receive(datagram, 100);
    expect(filter.deadline).toBe(deadline);
  });
});
