/**
 * What is said of an engine that throws where it should report.
 */

import { isNetError, NetError } from '../contract/error.ts';

/** `cause` itself if it says what it is. */
export function engineDefect(cause: unknown, operation: string, backend: string): NetError {
  if (isNetError(cause)) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  const message = `the engine failed inside: ${text}; this is a defect of the backend`;
  return new NetError({ code: 'EPROTO', operation, backend, message, cause });
}
