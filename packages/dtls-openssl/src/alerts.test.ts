/** Alerts as facts: whose they are, and that nobody can forge one once there are keys. */

import { describe, expect, it } from 'vitest';
import { clientConfiguration, type End, serverConfiguration, Wire } from '../test/wire.ts';

const alertsOf = ({ traces }: End): unknown[] =>
  traces.filter(({ type }) => type === 'alert').map(({ alert }) => alert);

describe('an alert', () => {
  it.each(['client', 'server'] as const)('of the %s is told at both ends with its origin', async (role) => {
    const wire = await new Wire(clientConfiguration(), serverConfiguration()).connect();
    wire[role].association.shutdown(0);
    wire.carry();
    const notify = { level: 'warning', description: 0, name: 'close_notify' };
    const other = role === 'client' ? wire.server : wire.client;
    expect(alertsOf(wire[role])[0]).toEqual({ ...notify, origin: 'local' });
    expect(alertsOf(other)[0]).toEqual({ ...notify, origin: 'peer' });
    wire.destroy();
  });

  it.each(['client', 'server'] as const)('in the clear changes nothing for a %s that is established', async (role) => {
    const wire = await new Wire(clientConfiguration(), serverConfiguration()).connect();
    const end = wire[role];
    // Flights that were repeated on a slow machine.
    wire.carry();
    end.refusals.length = 0;
    for (const level of [1, 2]) {
      for (const description of [0, 20, 40, 80, 90, 100, 115]) {
        const sequence = [0, 0, 0, 0, 9, description];
        end.association.receive(Buffer.from([21, 0xfe, 0xfd, 0, 0, ...sequence, 0, 2, level, description]), 0);
      }
    }
    expect(alertsOf(end)).toEqual([]);
    expect(end.refusals).toEqual(Array(14).fill('plaintext'));
    expect(end.association.phase).toBe('established');
    wire.client.association.send(Buffer.from('there'), 0);
    wire.server.association.send(Buffer.from('back'), 0);
    wire.carry();
    expect([wire.server.messages, wire.client.messages].map(String)).toEqual(['there', 'back']);
    wire.destroy();
  });
});
