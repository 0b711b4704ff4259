import { type Alert, type Need, NetError, type Output } from '@avs-net/core/plugin';
import { expect, it } from 'vitest';
import { layered } from './output-layer.ts';

const alert: Alert = { level: 'warning', description: 0, name: 'close_notify', origin: 'peer' };
const need: Need = { kind: 'sni', name: 'one.example' };
const error = new NetError({ code: 'EPROTO', operation: 'test', message: 'refused' });
const bytes = Uint8Array.of(1, 2, 3);

/** Every method of the contract, with arguments. */
const CALLS: { readonly [Method in keyof Output]-?: Parameters<Required<Output>[Method]> } = {
  datagram: [bytes],
  message: [bytes],
  established: [],
  closed: [alert],
  failed: [error],
  session: [bytes],
  need: [7, need],
  dropped: ['reason'],
  trace: [{ type: 'flight' }],
};
const METHODS = Object.keys(CALLS) as (keyof Output)[];

function recording(): { output: Output; log: unknown[] } {
  const log: unknown[] = [];
  const sent = Promise.resolve();
  const methods = METHODS.map((name) => [
    name,
    (...of: unknown[]) => {
      log.push([name, ...of]);
      return name === 'datagram' ? sent : undefined;
    },
  ]);
  return { output: Object.fromEntries(methods) as Output, log };
}

function call(output: Output, name: keyof Output): unknown {
  return (output[name] as (...of: unknown[]) => unknown).call(output, ...CALLS[name]);
}

it.each(METHODS)('passes %s on as it came, and what it returns', (name) => {
  const { output, log } = recording();
  const returned = call(layered(output, {}), name);
  expect(log).toEqual([[name, ...CALLS[name]]]);
  expect(returned).toBe(call(output, name));
});

it.each(['session', 'trace'] as const)('does without %s where the output has none', (name) => {
  const { output, log } = recording();
  delete output[name];
  expect(call(layered(output, {}), name)).toBeUndefined();
  expect(log).toEqual([]);
});

it('lets a layer have its say in one method, and in no other', () => {
  const { output, log } = recording();
  const layer = layered(output, { message: () => output.dropped('mine') });
  for (const name of ['message', 'established'] as const) call(layer, name);
  expect(log).toEqual([['dropped', 'mine'], ['established']]);
});
