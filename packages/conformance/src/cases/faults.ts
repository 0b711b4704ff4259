/** A bad network: every datagram of the handshake in turn, and many at random, the same way every time. */

import assert from 'node:assert/strict';
import type { ConformanceCase } from '../conformance-case.ts';
import { assertTalks, rejects } from '../expectation.ts';
import { corrupted } from '../network/faults.ts';
import { type Direction, type Random, random } from '../network.ts';
import type { Stage } from '../stage.ts';

const SINGLE = { drop: 'lost', duplicate: 'doubled', swap: 'swapped with the next' } as const;

export const FAULTS: readonly ConformanceCase[] = (['client', 'server'] as const).flatMap((role): ConformanceCase[] => [
  ...(Object.keys(SINGLE) as (keyof typeof SINGLE)[]).map(
    (fate): ConformanceCase => ({
      id: `faults/${role}-each-${fate}`,
      title: `connects when any single datagram of the handshake is ${SINGLE[fate]}`,
      role,
      needs: ['handshakeTimers'],
      async run(stage) {
        await stage.pair();
        const handshake = stage.network.log.map(({ direction, index }) => ({ direction, index }));
        const failed: string[] = [];
        for (const { direction, index } of handshake) {
          const done = await connectsUnder(stage, (way, number) =>
            way === direction && number === index ? fate : undefined,
          );
          if (done !== undefined) failed.push(`${direction} ${index}: ${done}`);
        }
        assert.deepEqual(failed, []);
      },
    }),
  ),
  {
    id: `faults/${role}-each-damaged`,
    title: 'connects or gives up in order when one to eight bits of any datagram of the handshake are flipped, 3 seeds',
    role,
    needs: ['handshakeTimers'],
    async run(stage) {
      await stage.pair();
      const handshake = stage.network.log.map(({ direction, index }) => ({ direction, index }));
      const failed: string[] = [];
      for (const { direction, index } of handshake) {
        for (let seed = 1; seed <= 3; seed += 1) {
          const done = await endsUnder(stage, direction, index, random(seed, `damage ${direction}`, index));
          if (done !== undefined) failed.push(`${direction} ${index}, seed ${seed}: ${done}`);
        }
      }
      assert.deepEqual(failed, []);
      await assertTalks(await stage.pair());
    },
  },
  ...[10, 25].map(
    (percent): ConformanceCase => ({
      id: `faults/${role}-loss-${percent}`,
      title: `connects at ${percent} % loss each way with 5 % duplicates and 10 % reordering, 12 seeds of 12`,
      role,
      needs: ['handshakeTimers'],
      async run(stage) {
        const failed: string[] = [];
        for (let seed = 1; seed <= 12; seed += 1) {
          // A draw for each datagram by direction and number: its fate does not hang on the timing of others.
          const done = await connectsUnder(stage, (direction, index) => {
            const value = random(seed, `${percent} ${direction}`, index)() * 100;
            if (value < percent) return 'drop';
            if (value < percent + 5) return 'duplicate';
            return value < percent + 15 ? 'swap' : undefined;
          });
          if (done !== undefined) failed.push(`seed ${seed}: ${done}`);
        }
        assert.deepEqual(failed, []);
      },
    }),
  ),
]);

/** Connects and talks while `fate` decides about each datagram of the handshake; a reason if it did not. */
async function connectsUnder(
  stage: Stage,
  fate: (direction: Direction, index: number) => 'drop' | 'duplicate' | 'swap' | undefined,
): Promise<string | undefined> {
  const calm = stage.network.rule((_, index, direction) => fate(direction, index));
  try {
    const { client, peer, listener } = await stage.pair({ client: stage.patience, server: stage.patience });
    calm();
    await assertTalks({ client, peer });
    await client.dispose();
    await listener.dispose();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    calm();
  }
}

/** Connects while one datagram is damaged, or fails; a reason for every other end. */
async function endsUnder(stage: Stage, way: Direction, number: number, draw: Random): Promise<string | undefined> {
  const calm = stage.network.rule(({ data }, index, direction) =>
    direction === way && index === number ? { replace: corrupted(data, draw) } : undefined,
  );
  const listener = await stage.listen();
  const client = await stage.client.createSocket('dtls', stage.clientConfiguration());
  const accepting = listener.accept();
  accepting.catch(() => {});
  try {
    const connecting = client.connect(stage.serverHost, listener.localPort());
    const connected = await connecting.then(
      () => true,
      () => false,
    );
    calm();
    if (connected) await assertTalks({ client, peer: await accepting });
    else await rejects(connecting, 'ETIMEDOUT', 'EPROTO');
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    calm();
    await client.dispose();
    await listener.dispose();
  }
}
