/**
 * Waits for something that cannot be given up itself.
 */

import { abortError } from '../contract/error.ts';

/** The outcome of `work`, unless `signal` is aborted first: then an AbortError, and nobody waits for `work`. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined, operation: string): Promise<T> {
  if (signal === undefined) return work;
  let aborted: () => void = () => {};
  const givenUp = new Promise<never>((_, reject) => {
    aborted = () => reject(abortError(operation, signal));
    if (signal.aborted) aborted();
    else signal.addEventListener('abort', aborted, { once: true });
  });
  try {
    return await Promise.race([givenUp, work]);
  } finally {
    signal.removeEventListener('abort', aborted);
    work.catch(() => {});
  }
}
