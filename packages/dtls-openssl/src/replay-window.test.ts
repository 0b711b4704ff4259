/** How far records may be overtaken, each of them once (RFC 6347 §4.1.2.6). */

import { systemClock } from '@avs-net/core';
import { describe, expect, it } from 'vitest';
import { clientConfiguration, context, serverConfiguration, Wire } from '../test/wire.ts';

describe('the replay window', () => {
  it.each([
    ['spans 64 records by default', undefined, 64],
    ['spans as many as are configured', 256, 256],
  ])('%s', async (_, replayWindow, span) => {
    const server = serverConfiguration(replayWindow === undefined ? {} : { replayWindow });
    const wire = await new Wire(clientConfiguration(), server).connect();
    try {
      const records = sendMany(wire, 300);
      const newest = records.length - 1;
      deliver(wire, records, [newest, newest - span + 1, newest - span, newest - 1, newest, newest - span + 1]);
      expect(wire.server.messages.map(String)).toEqual([newest, newest - span + 1, newest - 1].map(String));
      expect(wire.server.refusals).toEqual(['replayed', 'replayed', 'replayed']);
    } finally {
      wire.destroy();
    }
  });

  it.each([[32], [100], [65_600], [64.5]])('cannot span %s', (replayWindow) => {
    expect(() => context(clientConfiguration({ replayWindow }))).toThrow(/replayWindow: expected a multiple of 64/);
  });
});

/** Record `n` of the client holds the text `n`. */
function sendMany({ client }: Wire, count: number): readonly Uint8Array[] {
  for (let n = 0; n < count; n++) client.association.send(Buffer.from(`${n}`), systemClock.now());
  return client.sent.splice(0);
}

function deliver({ server }: Wire, records: readonly Uint8Array[], order: readonly number[]): void {
  for (const index of order) server.association.receive(records[index]!, systemClock.now());
}
