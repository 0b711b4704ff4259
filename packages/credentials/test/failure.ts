/** Test support: the error of something that must fail, as data. */

import { isNetError, type NetError } from '@avs-net/core/plugin';

export function failure(run: () => unknown): NetError {
  try {
    run();
  } catch (error) {
    if (isNetError(error)) return error;
    throw error;
  }
  throw new Error('expected a NetError, but nothing was thrown');
}

export async function rejection(run: () => Promise<unknown>): Promise<NetError> {
  try {
    await run();
  } catch (error) {
    if (isNetError(error)) return error;
    throw error;
  }
  throw new Error('expected a NetError, but nothing was thrown');
}
