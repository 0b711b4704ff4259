import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock, settled } from '../../test/fake-socket.ts';
import type { LowerSink } from '../contract/backend.ts';
import { ReceiveQueue } from './receive-queue.ts';

const waiter = { clock: new ManualClock(), operation: 'receive', backend: 'fake' };

/** Whoever takes, in whatever order they come and go. */
const steps = fc.array(
  fc.constantFrom(
    ...(['deliver', 'deliver', 'deliver', 'take', 'take', 'attach', 'detach', 'pause', 'resume'] as const),
    ...(['hold', 'unhold', 'turn', 'give up'] as const),
  ),
  { maxLength: 120 },
);

describe('ReceiveQueue', () => {
  it.each(['datagram', 'stream'] as const)('of a %s hands everything on once and in order', async (kind) => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const { queue, throttled, received, sink } = makeQueue(kind);
        let controller = new AbortController();
        let attached = false;
        let sent = 0;
        for (const step of sequence) {
          if (step === 'deliver') queue.deliver(Uint8Array.of(sent++), undefined);
          // Pulling while somebody pushes is refused before it comes here.
          else if (step === 'take' && !attached) {
            const { signal } = controller;
            void queue.take((message) => message?.data[0] ?? -1, waiter, { signal }).then(received, () => {});
          } else if (step === 'give up') {
            controller.abort();
            controller = new AbortController();
          } else if (step === 'attach' && queue.waiting === 0) {
            attached = true;
            queue.attach(sink);
          } else if (step === 'detach') {
            attached = false;
            await settled();
            queue.detach();
          } else if (step === 'turn') await settled();
          else if (step === 'pause' || step === 'resume' || step === 'hold' || step === 'unhold') queue[step]();
        }
        queue.unhold();
        queue.resume();
        controller.abort();
        await settled();
        queue.attach(sink);
        await settled();
        expect(queue.size).toBe(0);
        expect(received.values).toEqual(Array.from({ length: sent }, (_, index) => index));
        expect(throttled.paused).toBe(false);
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  it('never lets the sink be called while it is held or paused', async () => {
    const { queue, received, sink } = makeQueue('datagram');
    queue.attach(sink);
    queue.hold();
    queue.deliver(Uint8Array.of(1), undefined);
    await settled();
    queue.pause();
    queue.unhold();
    await settled();
    expect(received.values).toEqual([]);
    queue.resume();
    expect(received.values).toEqual([]);
    await settled();
    expect(received.values).toEqual([1]);
  });
});

function makeQueue(kind: 'datagram' | 'stream') {
  const values: number[] = [];
  const received = Object.assign((value: number) => void values.push(value), { values });
  const throttled = { paused: false };
  const queue = new ReceiveQueue(
    {
      kind,
      dropped: (reason) => expect.unreachable(reason),
      throttle(paused) {
        expect(paused).toBe(!throttled.paused);
        throttled.paused = paused;
      },
      over: () => {},
    },
    kind === 'stream' ? { messages: 5 } : {},
  );
  const sink: LowerSink = {
    receive: (data) => received(data[0] ?? -1),
    end: () => {},
    softError: () => {},
    failed: () => {},
  };
  return { queue, received, throttled, sink };
}
