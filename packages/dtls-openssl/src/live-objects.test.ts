import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { clientConfiguration, clientSecurity, context, End, KEY, serverConfiguration, Wire } from '../test/wire.ts';
import { liveObjects } from './live-objects.ts';

const NONE = { contexts: 0, connections: 0, bios: 0, associations: 0 };

describe('native objects', () => {
  it('are gone after 1000 handshakes, echoes and closes', async () => {
    const made = { client: context(clientConfiguration()), server: context(serverConfiguration()) };
    for (let cycle = 0; cycle < 1_000; cycle++) {
      const client = new End('client', made.client, clientConfiguration());
      const server = new End('server', made.server, serverConfiguration());
      client.association.start(0);
      server.association.start(0);
      exchange(client, server);
      expect(client.isEstablished && server.isEstablished).toBe(true);
      expect(liveObjects()).toEqual({ contexts: 2, connections: 0, bios: 0, associations: 2 });
      client.association.send(Buffer.from('ping'), 0);
      client.association.shutdown(0);
      exchange(client, server);
      expect([server.messages.length, server.ended !== undefined]).toEqual([1, true]);
      client.association.destroy();
      server.association.destroy();
    }
    made.client.destroy();
    made.server.destroy();
    expect(liveObjects()).toEqual(NONE);
  });

  it('are gone whenever an association is destroyed, and nothing is heard of it afterwards', async () => {
    for (let steps = 0; steps < 8; steps++) {
      const wire = new Wire(clientConfiguration(), serverConfiguration());
      wire.client.association.start(0);
      wire.server.association.start(0);
      for (let step = 0; step < steps; step++) {
        const [from, to] = step % 2 === 0 ? [wire.client, wire.server] : [wire.server, wire.client];
        for (const bytes of from.sent.splice(0)) to.association.receive(bytes, 0);
        if (step === 4) wire.server.answerNeeds();
      }
      wire.destroy();
      wire.destroy();
      const { client } = wire;
      client.association.receive(Buffer.from([22, 254, 253]), 0);
      client.association.timeout(0);
      client.association.shutdown(0);
      expect([client.association.phase, client.association.deadline]).toEqual(['closed', undefined]);
      expect(client.association.info()).toEqual({});
      expect(client.ended).toBeUndefined();
      expect(liveObjects()).toEqual(NONE);
    }
  });

  it('are gone after handshakes that failed', async () => {
    const none = await new Wire(clientConfiguration(), serverConfiguration(), () => []).connect();
    none.destroy();
    const security = clientSecurity(KEY, 'stranger');
    const refusing = { ...serverConfiguration().security, unknownIdentity: 'alert' } as const;
    const alerted = new Wire(clientConfiguration({ security }), serverConfiguration({ security: refusing }));
    await alerted.connect();
    alerted.destroy();
    expect(liveObjects()).toEqual(NONE);
  });

  it('of a worker are gone when it is, however it left', async () => {
    for (const leave of ['return', 'exit', 'terminate']) {
      expect(await inWorker(leave)).toEqual({ contexts: 2, connections: 0, bios: 0, associations: 2 });
      expect(liveObjects('process')).toEqual(NONE);
    }
  });
});

function exchange(client: End, server: End): void {
  while (client.sent.length + server.sent.length > 0) {
    for (const bytes of client.sent.splice(0)) server.association.receive(bytes, 0);
    server.answerNeeds();
    for (const bytes of server.sent.splice(0)) client.association.receive(bytes, 0);
  }
}

/** Loads the addon in a worker, shakes hands there, frees nothing; gives what was alive before the worker left. */
async function inWorker(leave: string): Promise<unknown> {
  const file = new URL('../test/worker-handshake.mjs', import.meta.url);
  const worker = new Worker(file, { workerData: { leave, key: KEY } });
  const gone = new Promise((resolve) => worker.once('exit', resolve));
  const alive = await new Promise<unknown>((resolve, reject) => worker.once('message', resolve).once('error', reject));
  if (leave === 'terminate') await worker.terminate();
  await gone;
  return alive;
}
