import { changeCipherSpec, handshake, protectedRecord, serverHello } from '@avs-net/conformance/dtls-records';
import { describe, expect, it } from 'vitest';
import { filteredFake } from '../test/filtered-fake.ts';
import type { FilterRules } from './record-filter.ts';

describe('an engine that bounds itself', () => {
  const rules: FilterRules = { certificates: false, boundedEngine: true };
  const FLOODS = [
    { what: 'protected handshake records', datagram: protectedRecord() },
    { what: 'change_cipher_specs', datagram: changeCipherSpec() },
    { what: 'early data', datagram: protectedRecord({ type: 23, size: 1_000 }) },
    { what: 'announcements', datagram: handshake({ type: 12, messageSeq: 2, total: 4_000, body: new Uint8Array(9) }) },
  ];

  it.each(FLOODS)('is not starved by a flood of $what', ({ datagram }) => {
    const { filter, engine, report } = filteredFake({}, rules);
    filter.start(0);
    for (let count = 0; count < 500; count++) filter.receive(datagram, 1);
    expect(report.dropped).toEqual([]);
    const given = engine.given.length;
    const genuine = [
      serverHello(0xc0a8),
      handshake({ type: 12, messageSeq: 2, body: new Uint8Array(6) }),
      changeCipherSpec(),
      protectedRecord(),
    ];
    for (const bytes of genuine) filter.receive(bytes, 1);
    expect(engine.given.slice(given)).toEqual(genuine);
  });

  it.each(FLOODS)('is what the ration of $what is not for', ({ datagram }) => {
    const { filter, report } = filteredFake({}, { certificates: false });
    filter.start(0);
    for (let count = 0; count < 500; count++) filter.receive(datagram, 1);
    expect(report.dropped.length).toBeGreaterThan(200);
  });
});
