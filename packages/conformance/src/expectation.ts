/** What cases expect, in one line each. */

import assert from 'node:assert/strict';
import { isNetError, type NetError } from '@avs-net/core/plugin';
import type { Pair } from './stage.ts';

/** `operation` must fail with a NetError of that code; gives it back for further questions. */
export async function rejects(operation: Promise<unknown>, ...codes: readonly string[]): Promise<NetError> {
  const outcome = await operation.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  assert.ok('error' in outcome, `expected ${codes.join(' or ')}, but it succeeded`);
  const { error } = outcome;
  assert.ok(isNetError(error), `expected a NetError, received ${String(error)}`);
  assert.ok(codes.includes(error.code), `expected ${codes.join(' or ')}, received ${error.code}: ${error.message}`);
  return error;
}

/** An operation that is awaited later: should the case fail before, its own failure is nobody's surprise. */
export function begun<T>(operation: Promise<T>): Promise<T> {
  operation.catch(() => {});
  return operation;
}

/** A message of `size` bytes that differs from every other: `mark` is its first byte. */
export function message(size: number, mark = 0): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => (index === 0 ? mark : (index * 31 + mark) & 0xff));
}

/** Sends from client to peer and back and compares. */
export async function assertTalks({ client, peer }: Pick<Pair, 'client' | 'peer'>, size = 32, mark = 1): Promise<void> {
  await client.send(message(size, mark));
  assertBytes(await peer.receive(), message(size, mark));
  await peer.send(message(size, mark ^ 0x80));
  assertBytes(await client.receive(), message(size, mark ^ 0x80));
}

export function assertBytes(actual: Uint8Array | null, expected: Uint8Array): void {
  assert.notEqual(actual, null, 'the connection ended instead of delivering a message');
  assert.equal(Buffer.from(actual!).toString('hex'), Buffer.from(expected).toString('hex'));
}
