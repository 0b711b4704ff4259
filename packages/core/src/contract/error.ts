/**
 * The one error of avs-net. `code` is a POSIX word, as node's own errors have it, so that what dgram and net report
 * passes through unchanged; avs category and code are derived in `avs-error.ts`.
 * Recognised by a brand and not by `instanceof`, so that a second copy of this package does no harm.
 */

import type { Alert } from './alert.ts';

export interface NetErrorInit {
  /** POSIX word such as `ETIMEDOUT`; `UNKNOWN_ERROR` where nothing fits. */
  readonly code: string;
  /** The public operation that failed: `connect`, `send`, `createSocket` … */
  readonly operation: string;
  /** What happened and, where it is known, what to try next. Never a secret. One sentence without the operation. */
  readonly message: string;
  /** Plugin name. */
  readonly backend?: string | undefined;
  readonly alert?: Alert | undefined;
  /** The code and text of the TLS library or of the system, as it gave them. */
  readonly library?: LibraryError | undefined;
  readonly cause?: unknown;
  /** Everything that a configuration asks for and a backend cannot give, see `net.check`. */
  readonly unmet?: readonly unknown[] | undefined;
}

export interface LibraryError {
  readonly code: number | string;
  readonly text: string;
}

export class NetError extends Error {
  readonly code: string;
  readonly operation: string;
  readonly backend: string | undefined;
  readonly alert: Alert | undefined;
  readonly library: LibraryError | undefined;
  readonly unmet: readonly unknown[] | undefined;

  constructor(init: NetErrorInit) {
    super(
      `${init.operation}: ${init.message}${init.backend === undefined ? '' : ` (${init.backend})`} [${init.code}]`,
      init.cause === undefined ? undefined : { cause: init.cause },
    );
    this.name = 'NetError';
    this.code = init.code;
    this.operation = init.operation;
    this.backend = init.backend;
    this.alert = init.alert;
    this.library = init.library;
    this.unmet = init.unmet;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** Also true for a NetError made by another copy of this package. */
export function isNetError(value: unknown): value is NetError {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[BRAND] === true;
}

/** `error` itself if it is one of ours, otherwise a NetError with the system's own code and `error` as its cause. */
export function toNetError(error: unknown, operation: string, backend?: string): NetError {
  if (isNetError(error)) return error;
  const { code, message } = Object(error) as { code?: unknown; message?: unknown };
  return new NetError({
    code: typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : 'UNKNOWN_ERROR',
    operation,
    backend,
    message: typeof message === 'string' && message !== '' ? message : String(error),
    cause: error,
  });
}

/**
 * An operation given up by its AbortSignal: `name` is `AbortError`, `code` ECONNABORTED, `cause` the signal's reason.
 */
export function abortError(operation: string, signal: AbortSignal, backend?: string): NetError {
  const error = new NetError({
    code: 'ECONNABORTED',
    operation,
    backend,
    message: 'aborted by its signal',
    cause: signal.reason,
  });
  error.name = 'AbortError';
  return error;
}

const BRAND = Symbol.for('@avs-net/core/NetError');
