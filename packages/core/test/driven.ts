/**
 * A driver over a scripted lower socket and a scripted association, and what came out of it.
 */

import { NetError } from '../src/contract/error.ts';
import { AssociationDriver } from '../src/driver/association-driver.ts';
import type { DriverHost } from '../src/driver/driver-host.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';
import { type ScriptedAssociation, scriptedAssociation } from './scripted-association.ts';
import { type ScriptedLower, scriptedLower } from './scripted-lower.ts';

export interface Driven {
  readonly clock: ManualClock;
  readonly lower: ScriptedLower;
  readonly association: ScriptedAssociation;
  readonly driver: AssociationDriver;
  /** One line for each call of the host. */
  readonly seen: string[];
  readonly errors: NetError[];
  establish(): void;
}

export function driven(change: Partial<DriverHost> = {}, waits?: readonly number[]): Driven {
  const clock = manualClock();
  const lower = scriptedLower();
  const seen: string[] = [];
  const errors: NetError[] = [];
  let association!: ScriptedAssociation;
  const host: DriverHost = {
    clock,
    backend: 'dtls-x',
    message: (bytes) => void seen.push(`message ${Buffer.from(bytes).toString('latin1')}`),
    established: () => void seen.push('established'),
    closed: (alert) => void seen.push(`closed ${alert?.name ?? 'by us'}`),
    ended: () => void seen.push('ended'),
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
