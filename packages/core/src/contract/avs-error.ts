/**
 * Errors as avs_commons counts them, `avs_error_t { category, code }` (avs_errno.h, avs_net), in both directions.
 * Code 0 is success in every category and never stands for an error.
 */

import { alert } from './alert.ts';
import { NetError } from './error.ts';

export interface AvsError {
  readonly category: number;
  readonly code: number;
}

export const AVS_OK: AvsError = { category: 0, code: 0 };
export const AVS_ERRNO_CATEGORY = 37766;
/** Alerts of the peer: `(level << 8) | description`. */
export const AVS_NET_SSL_ALERT_CATEGORY = 8572;
/** Codes of a TLS library, 16 bits. */
export const AVS_NET_SSL_LIB_ERROR_CATEGORY = 8573;
/** The end of a stream, code 1: what `receive` gives as null. */
export const AVS_EOF_CATEGORY = 363;

/**
 * Any error of a socket, or of the system. An alert of the peer counts before the word that it came with; a code of the
 * library only where the word says no more than EPROTO. `undefined` is AVS_OK, `null` (from `receive`) is AVS_EOF.
 */
export function toAvsError(error: unknown): AvsError {
  if (error === undefined) return AVS_OK;
  if (error === null) return AVS_EOF;
  const { code, name, alert: received, library } = Object(error) as Partial<NetError>;
  if (code === 'EOF') return AVS_EOF;
  if (received?.origin === 'peer') {
    const level = received.level === 'warning' ? 1 : 2;
    return { category: AVS_NET_SSL_ALERT_CATEGORY, code: (level << 8) | (received.description & 0xff) };
  }
  const libraryCode = Math.abs(Number(library?.code));
  if (code === 'EPROTO' && Number.isInteger(libraryCode) && libraryCode >= 1 && libraryCode <= 0xffff) {
    return { category: AVS_NET_SSL_LIB_ERROR_CATEGORY, code: libraryCode };
  }
  const word = name === 'AbortError' && typeof code !== 'string' ? 'ECONNABORTED' : code;
  return { category: AVS_ERRNO_CATEGORY, code: errnoOf(word) };
}

/** The error that `toAvsError` turns into `error` again; undefined for success. */
export function fromAvsError(error: AvsError, operation = 'avs'): NetError | undefined {
  const { category, code } = error;
  if (!isUint16(category) || !isUint16(code)) {
    const message = `category and code must be integers from 0 to 65535, received ${category} and ${code}`;
    throw new NetError({ code: 'EINVAL', operation: 'fromAvsError', message });
  }
  if (code === 0) return undefined;
  switch (category) {
    case AVS_ERRNO_CATEGORY: {
      const word = AVS_WORDS.get(code) ?? 'UNKNOWN_ERROR';
      return new NetError({ code: word, operation, message: `avs errno ${code}` });
    }
    case AVS_NET_SSL_ALERT_CATEGORY: {
      const received = alert(code >> 8 === 1 ? 'warning' : 'fatal', code & 0xff, 'peer');
      return new NetError({
        code: 'EPROTO',
        operation,
        message: `alert ${received.name} from the peer`,
        alert: received,
      });
    }
    case AVS_NET_SSL_LIB_ERROR_CATEGORY: {
      const library = { code, text: `library error 0x${code.toString(16)}` };
      return new NetError({ code: 'EPROTO', operation, message: library.text, library });
    }
    case AVS_EOF_CATEGORY:
      return new NetError({ code: 'EOF', operation, message: 'the end of the stream' });
    default:
      return new NetError({
        code: 'UNKNOWN_ERROR',
        operation,
        message: `code ${code} of unknown category ${category}`,
      });
  }
}

function errnoOf(word: unknown): number {
  if (typeof word !== 'string') return UNKNOWN_ERROR;
  return AVS_CODES.get(SYNONYMS.get(word) ?? word) ?? UNKNOWN_ERROR;
}

function isUint16(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffff;
}

const AVS_EOF: AvsError = { category: AVS_EOF_CATEGORY, code: 1 };
const UNKNOWN_ERROR = 65535;

/**
 * Words that avs_net folds into others (`avs_map_errno`), those of node's resolver, and that of an association that is
 * continued elsewhere.
 */
const SYNONYMS: ReadonlyMap<string, string> = new Map([
  ['EWOULDBLOCK', 'EAGAIN'],
  ['EOPNOTSUPP', 'ENOTSUP'],
  ['ESTALE', 'ECONNABORTED'],
  ['ENOTFOUND', 'EADDRNOTAVAIL'],
  ['ENODATA', 'EADDRNOTAVAIL'],
  ['EAI_AGAIN', 'EADDRNOTAVAIL'],
  ['EAI_NONAME', 'EADDRNOTAVAIL'],
  ['EAI_NODATA', 'EADDRNOTAVAIL'],
]);

/** `avs_errno_t` without its prefix, the same on every platform. */
export const AVS_ERRNO: Readonly<Record<string, number>> = {
  E2BIG: 1,
  EACCES: 2,
  EADDRINUSE: 3,
  EADDRNOTAVAIL: 4,
  EAFNOSUPPORT: 5,
  EAGAIN: 6,
  EALREADY: 7,
  EBADF: 8,
  EBADMSG: 9,
  EBUSY: 10,
  ECHILD: 11,
  ECONNABORTED: 12,
  ECONNREFUSED: 13,
  ECONNRESET: 14,
  EDEADLK: 15,
  EDESTADDRREQ: 16,
  EDOM: 17,
  EEXIST: 18,
  EFAULT: 19,
  EFBIG: 20,
  EHOSTUNREACH: 21,
  EINPROGRESS: 22,
  EINTR: 23,
  EINVAL: 24,
  EIO: 25,
  EISCONN: 26,
  EISDIR: 27,
  ELOOP: 28,
  EMFILE: 29,
  EMLINK: 30,
  EMSGSIZE: 31,
  ENAMETOOLONG: 32,
  ENETDOWN: 33,
  ENETRESET: 34,
  ENETUNREACH: 35,
  ENFILE: 36,
  ENOBUFS: 37,
  ENODEV: 38,
  ENOENT: 39,
  ENOEXEC: 40,
  ENOLINK: 41,
  ENOMEM: 42,
  ENOMSG: 43,
  ENOPROTOOPT: 44,
  ENOSPC: 45,
  ENOSYS: 46,
  ENOTBLK: 47,
  ENOTCONN: 48,
  ENOTDIR: 49,
  ENOTEMPTY: 50,
  ENOTSOCK: 51,
  ENOTSUP: 52,
  ENOTTY: 53,
  ENXIO: 54,
  EOVERFLOW: 55,
  EPERM: 56,
  EPIPE: 57,
  EPROTO: 58,
  EPROTONOSUPPORT: 59,
  EPROTOTYPE: 60,
  ERANGE: 61,
  EROFS: 62,
  ESPIPE: 63,
  ESRCH: 64,
  ETIMEDOUT: 65,
  ETXTBSY: 66,
  EXDEV: 67,
  UNKNOWN_ERROR,
};

const AVS_CODES: ReadonlyMap<string, number> = new Map(Object.entries(AVS_ERRNO));
const AVS_WORDS: ReadonlyMap<number, string> = new Map(Object.entries(AVS_ERRNO).map(([word, code]) => [code, word]));
