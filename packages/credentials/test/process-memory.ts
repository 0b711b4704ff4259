/**
 * Test support: looks for bytes in the whole writable memory of this process, by /proc/self/mem. The bytes that are
 * looked for are only kept masked, so that the search does not find itself.
 */

import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes that are looked for; masked. */
export type MarkedBytes = Uint8Array;

/** undefined where the platform has no /proc/self/mem. */
export function whyUnavailable(): string | undefined {
  try {
    closeSync(openSync('/proc/self/mem', 'r'));
    return undefined;
  } catch (error) {
    return `memory cannot be searched here: ${(error as Error).message}`;
  }
}

/** Remembers `bytes` masked; the caller goes on to wipe them. */
export function mark(bytes: Uint8Array): MarkedBytes {
  return new Uint8Array(bytes.byteLength).map((_, index) => (bytes[index] as number) ^ MASK);
}

/** How often each of `marked` stands in memory now, forwards or, as OpenSSL keeps numbers, backwards. */
export async function occurrences(...marked: readonly MarkedBytes[]): Promise<number[]> {
  await collectGarbage();
  return search(marked.map((bytes) => [bytes, bytes.toReversed()]));
}

/** Key objects of node are freed by finalizers, which run in turns of the event loop after a collection. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  for (let turn = 0; turn < 4; turn += 1) {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function search(patterns: readonly (readonly MarkedBytes[])[]): number[] {
  const overlap = Math.max(...patterns.flat().map(({ byteLength }) => byteLength));
  const memory = openSync('/proc/self/mem', 'r');
  const chunk = Buffer.from(new ArrayBuffer(CHUNK));
  const found = patterns.map(() => 0);
  for (const { start, end } of writableRanges()) {
    for (let offset = start; offset < end; offset += CHUNK - overlap) {
      const view = chunk.subarray(0, readOrNothing(memory, chunk, Math.min(CHUNK, end - offset), offset));
      for (const [index, variants] of patterns.entries()) {
        for (const variant of variants) found[index] = (found[index] as number) + countMatches(view, variant);
      }
      view.fill(0);
    }
  }
  closeSync(memory);
  return found;
}

function countMatches(memory: Buffer, masked: Uint8Array): number {
  const prefix = Buffer.of((masked[0] as number) ^ MASK, (masked[1] as number) ^ MASK);
  let found = 0;
  for (let at = memory.indexOf(prefix); at !== -1; at = memory.indexOf(prefix, at + 1)) {
    if (masked.every((byte, index) => memory[at + index] === (byte ^ MASK))) found += 1;
  }
  return found;
}

function readOrNothing(file: number, target: Uint8Array, size: number, position: number): number {
  try {
    return readSync(file, target, 0, size, position);
  } catch {
    return 0;
  }
}

function writableRanges(): { start: number; end: number }[] {
  const lines = readFileSync('/proc/self/maps', 'latin1').split('\n');
  return lines.flatMap((line) => {
    const match = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line);
    return match === null ? [] : [{ start: Number(`0x${match[1]}`), end: Number(`0x${match[2]}`) }];
  });
}

const MASK = 0xa5;
const CHUNK = 1024 * 1024;
