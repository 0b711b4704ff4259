/** Streams have no message boundaries: reading a number of bytes, and sending until nobody takes more. */

import assert from 'node:assert/strict';
import { message } from './expectation.ts';
import type { Pair, Stage } from './stage.ts';

type End = Pair['client'];

/** The next `count` bytes; there must not be more in the last piece. */
export async function readBytes(socket: End, count: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count; ) {
    const piece = await socket.receive();
    assert.ok(piece !== null, `the stream ended after ${at} bytes of ${count}`);
    assert.ok(at + piece.length <= count, `${at + piece.length} bytes came where ${count} were sent`);
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

export interface Taken {
  /** Sent, the last of them not yet taken. */
  readonly chunks: number;
  /** The sender was told to wait. */
  readonly stopped: boolean;
  /** Resolves when the last chunk was taken. */
  readonly pending: Promise<void>;
}

/** Sends chunk after chunk, each when the one before was taken, until one is not although nothing else happens. */
export async function sendWhileTaken(stage: Stage, socket: End, size: number, most: number): Promise<Taken> {
  for (let chunks = 1; ; chunks += 1) {
    const pending = socket.send(message(size, (chunks - 1) & 0xff));
    const taken = await isTaken(stage, pending);
    if (!taken || chunks === most) return { chunks, stopped: !taken, pending };
  }
}

/**
 * While an in-process network carries whatever it will carry. Looks in between: one timer alone may be late, and then
 * come before what has arrived meanwhile.
 */
async function isTaken(stage: Stage, pending: Promise<void>): Promise<boolean> {
  let taken = false;
  const taking = pending.then(() => {
    taken = true;
  });
  for (let turn = 0; turn < TURNS && !taken; turn++) await Promise.race([taking, stage.pass(TURN)]);
  return taken;
}

const TURNS = 20;
/** Milliseconds. */
const TURN = 5;
