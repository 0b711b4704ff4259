/**
 * Forged datagrams from the address of the peer: an established association must answer five of five echoes after each
 * attack, and nothing forged may be delivered. The attacks are data, see attacks.ts.
 */

import assert from 'node:assert/strict';
import { ATTACKS, type Attack, FURTHER_ATTACKS, type Seen } from '../attacks.ts';
import type { ConformanceCase } from '../conformance-case.ts';
import { assertBytes, assertTalks, begun, message, rejects } from '../expectation.ts';
import { random } from '../network.ts';
import type { Pair, Stage } from '../stage.ts';

export const HOSTILITY: readonly ConformanceCase[] = [
  ...(['client', 'server'] as const).flatMap((role): ConformanceCase[] => [
    {
      id: `hostility/${role}-established`,
      title: `survives ${ATTACKS.length + FURTHER_ATTACKS.length} attacks on an established association`,
      role,
      async run(stage) {
        const failed: string[] = [];
        for (const attack of [...ATTACKS, ...FURTHER_ATTACKS]) {
          const pair = await stage.pair();
          const survived = await attacked(stage, pair, attack, role).catch((error: Error) => error.message);
          if (survived !== undefined) failed.push(`${attack.name}: ${survived}`);
          await pair.client.dispose();
          await pair.listener.dispose();
        }
        assert.deepEqual(failed, []);
      },
    },
    {
      id: `hostility/${role}-handshake`,
      title: 'completes a handshake in whose middle it is attacked',
      role,
      needs: ['handshakeTimers'],
      async run(stage) {
        const failed: string[] = [];
        for (const attack of [...ATTACKS, ...FURTHER_ATTACKS].filter(({ name }) => !WELL_FORMED.includes(name))) {
          const ended = await attackedEarly(stage, attack, role);
          if (ended !== undefined) failed.push(`${attack.name}: ${ended}`);
        }
        assert.deepEqual(failed, []);
      },
    },
  ]),
  {
    id: 'hostility/client-forged-messages',
    title: 'completes a handshake into which somebody forges well-formed messages of the server',
    role: 'client',
    needs: ['handshakeTimers'],
    async run(stage) {
      const failed: string[] = [];
      for (const attack of [...ATTACKS, ...FURTHER_ATTACKS].filter(({ name }) => WELL_FORMED.includes(name))) {
        const ended = await attackedEarly(stage, attack, 'client');
        if (ended !== undefined) failed.push(`${attack.name}: ${ended}`);
      }
      assert.deepEqual(failed, []);
    },
  },
];

/** A reason, if the association did not survive. */
async function attacked(
  stage: Stage,
  pair: Pair,
  attack: Attack,
  role: 'client' | 'server',
): Promise<string | undefined> {
  const { client, peer } = pair;
  await assertTalks(pair);
  await assertTalks(pair);
  const victim = role === 'client' ? client : peer;
  const towards = stage.network.log.filter(
    ({ from }) => from.host === (role === 'client' ? stage.serverHost : stage.clientHost),
  );
  const last = towards.at(-1)!;
  const draw = random(1, attack.name, 0);
  const seen: Seen = {
    protectedRecord: last.data,
    first: towards[0]!.data,
    noise: (length) => Uint8Array.from({ length }, () => Math.floor(draw() * 256)),
  };
  for (const data of attack.datagrams(seen)) stage.network.inject({ from: last.from, to: last.to, data });
  await stage.pass(5);
  const [asking, answering] = role === 'client' ? [peer, client] : [client, peer];
  for (let echo = 0; echo < 5; echo += 1) {
    await asking.send(message(40, echo));
    const received = await answering.receive({ timeout: 1_000 });
    assertBytes(received, message(40, echo));
    await answering.send(message(41, echo));
    assertBytes(await asking.receive({ timeout: 1_000 }), message(41, echo));
  }
  assert.equal(victim.getOption('hasBufferedData'), false, 'something forged is waiting to be received');
  return undefined;
}

/** Attacks after the first datagram towards the victim; a reason, if the handshake did not get over it. */
async function attackedEarly(stage: Stage, attack: Attack, role: 'client' | 'server'): Promise<string | undefined> {
  const attacker = role === 'client' ? stage.serverHost : stage.clientHost;
  let armed = true;
  const remove = stage.network.rule(({ from, to, data }) => {
    if (!armed || from.host !== attacker) return undefined;
    armed = false;
    const draw = random(2, attack.name, 0);
    const seen: Seen = {
      protectedRecord: Uint8Array.of(23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 24, ...new Uint8Array(24).fill(5)),
      first: data,
      noise: (length) => Uint8Array.from({ length }, () => Math.floor(draw() * 256)),
    };
    for (const forged of attack.datagrams(seen)) stage.network.inject({ from, to, data: forged });
    return undefined;
  });
  const listener = await stage.listen();
  const client = await stage.client.createSocket('dtls', stage.clientConfiguration());
  const accepted = begun(listener.accept());
  try {
    await client.connect(stage.serverHost, listener.localPort());
    await assertTalks({ client, peer: await accepted });
    return undefined;
  } catch (error) {
    return (await rejects(Promise.reject(error), 'ETIMEDOUT', 'EPROTO')).message;
  } finally {
    remove();
    await client.dispose();
    await listener.dispose();
  }
}

/**
 * Before there are keys nothing tells these from genuine ones. A case of their own, because few engines give up what
 * they have believed.
 */
const WELL_FORMED = ['a HelloVerifyRequest in the clear', 'plaintext far ahead in the sequence numbers'];
