import { describe, expect, it } from 'vitest';
import { alert } from './alert.ts';
import {
  AVS_EOF_CATEGORY,
  AVS_ERRNO,
  AVS_ERRNO_CATEGORY,
  AVS_NET_SSL_ALERT_CATEGORY,
  AVS_NET_SSL_LIB_ERROR_CATEGORY,
  AVS_OK,
  type AvsError,
  fromAvsError,
  toAvsError,
} from './avs-error.ts';
import { abortError, NetError, type NetErrorInit } from './error.ts';

describe('avs_errno_t', () => {
  it('has the numbers of avs_errno.h', () => {
    expect(AVS_ERRNO).toEqual(
      Object.fromEntries(
        ERRNO.split(' ')
          .map((word, index) => [word, index + 1])
          .concat([['UNKNOWN_ERROR', 65535]]),
      ),
    );
  });

  it.each(Object.entries(AVS_ERRNO))('%s is %i in both directions', (word, code) => {
    expect(toAvsError(netError({ code: word }))).toEqual({ category: AVS_ERRNO_CATEGORY, code });
    expect(fromAvsError({ category: AVS_ERRNO_CATEGORY, code }, 'connect')).toMatchObject({
      code: word,
      operation: 'connect',
    });
  });

  it.each<[string, unknown, number]>([
    ['a system error', Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 13],
    ['a name of the resolver', Object.assign(new Error('x'), { code: 'ENOTFOUND' }), 4],
    ['EWOULDBLOCK', netError({ code: 'EWOULDBLOCK' }), 6],
    ['EOPNOTSUPP', netError({ code: 'EOPNOTSUPP' }), 52],
    ['an abort of ours', abortError('receive', AbortSignal.abort()), 12],
    ['an abort of the platform', AbortSignal.abort().reason, 12],
    ['a word that avs does not know', netError({ code: 'ESOMETHING' }), 65535],
    ['a word of Object.prototype', netError({ code: 'constructor' }), 65535],
    ['an error without a code', new Error('x'), 65535],
    ['no error at all', 'text', 65535],
    ['a number', 7, 65535],
    ['a local alert', netError({ code: 'EPROTO', alert: alert(2, 48, 'local') }), 58],
    ['a library code of more than 16 bits', netError({ code: 'EPROTO', library: { code: 0x0a00_0086, text: '' } }), 58],
    ['a library code that is a word', netError({ code: 'EPROTO', library: { code: 'ERR_SSL', text: '' } }), 58],
    ['a timeout, whatever the library says', netError({ code: 'ETIMEDOUT', library: { code: 26_624, text: '' } }), 65],
  ])('%s', (_, error, code) => {
    expect(toAvsError(error)).toEqual({ category: AVS_ERRNO_CATEGORY, code });
  });
});

describe('other categories', () => {
  it.each<[string, NetError, AvsError]>([
    ['fatal handshake_failure', alerted(2, 40), { category: 8572, code: 552 }],
    ['fatal unknown_ca', alerted(2, 48), { category: 8572, code: 560 }],
    ['warning close_notify', alerted(1, 0), { category: 8572, code: 256 }],
    ['fatal description 0', alerted(2, 0), { category: 8572, code: 512 }],
    ['description 255', alerted(1, 255), { category: 8572, code: 511 }],
    ['a library code', netError({ code: 'EPROTO', library: { code: 9984, text: '' } }), { category: 8573, code: 9984 }],
    ['the end', netError({ code: 'EOF' }), { category: 363, code: 1 }],
  ])('%s in both directions', (_, error, avs) => {
    expect(toAvsError(error)).toEqual(avs);
    const back = fromAvsError(avs);
    expect(back).toMatchObject({ code: error.code });
    expect(back?.alert).toEqual(error.alert);
    expect(toAvsError(back)).toEqual(avs);
  });

  it('counts the alert of the peer before the word', () => {
    const error = netError({ code: 'ECONNREFUSED', alert: alert(2, 40, 'peer') });
    expect(toAvsError(error)).toEqual({ category: AVS_NET_SSL_ALERT_CATEGORY, code: 552 });
  });

  it('negates negative library codes, as Mbed TLS has them', () => {
    const error = netError({ code: 'EPROTO', library: { code: -0x7780, text: '' } });
    expect(toAvsError(error)).toEqual({ category: AVS_NET_SSL_LIB_ERROR_CATEGORY, code: 0x7780 });
  });

  it('never gives an alert the code of success', () => {
    for (let description = 0; description < 256; description++) {
      expect(toAvsError(alerted(1, description)).code).toBeGreaterThan(0);
    }
  });

  it('knows success and the end', () => {
    expect(toAvsError(undefined)).toEqual(AVS_OK);
    expect(toAvsError(null)).toEqual({ category: AVS_EOF_CATEGORY, code: 1 });
    for (const category of [0, 363, 4887, 8572, 8573, 37766]) {
      expect(fromAvsError({ category, code: 0 })).toBeUndefined();
    }
  });

  it('names a category that it does not know', () => {
    const error = fromAvsError({ category: 4887, code: 404 });
    expect(error).toMatchObject({
      code: 'UNKNOWN_ERROR',
      message: expect.stringContaining('code 404 of unknown category 4887'),
    });
    expect(fromAvsError({ category: AVS_ERRNO_CATEGORY, code: 500 })?.code).toBe('UNKNOWN_ERROR');
  });

  it.each([
    { category: -1, code: 1 },
    { category: 37766, code: 1.5 },
    { category: 37766, code: 65536 },
    { category: Number.NaN, code: 1 },
  ])('refuses %o', (error) => {
    expect(() => fromAvsError(error)).toThrow(expect.objectContaining({ code: 'EINVAL', operation: 'fromAvsError' }));
  });
});

function netError(init: Partial<NetErrorInit>): NetError {
  return new NetError({ code: 'EIO', operation: 'connect', message: 'it failed', ...init });
}

function alerted(level: 1 | 2, description: number): NetError {
  return netError({ code: 'EPROTO', alert: alert(level, description, 'peer') });
}

/** avs_errno.h from 1 on. */
const ERRNO =
  'E2BIG EACCES EADDRINUSE EADDRNOTAVAIL EAFNOSUPPORT EAGAIN EALREADY EBADF EBADMSG EBUSY ECHILD ECONNABORTED ' +
  'ECONNREFUSED ECONNRESET EDEADLK EDESTADDRREQ EDOM EEXIST EFAULT EFBIG EHOSTUNREACH EINPROGRESS EINTR EINVAL EIO ' +
  'EISCONN EISDIR ELOOP EMFILE EMLINK EMSGSIZE ENAMETOOLONG ENETDOWN ENETRESET ENETUNREACH ENFILE ENOBUFS ENODEV ' +
  'ENOENT ENOEXEC ENOLINK ENOMEM ENOMSG ENOPROTOOPT ENOSPC ENOSYS ENOTBLK ENOTCONN ENOTDIR ENOTEMPTY ENOTSOCK ' +
  'ENOTSUP ENOTTY ENXIO EOVERFLOW EPERM EPIPE EPROTO EPROTONOSUPPORT EPROTOTYPE ERANGE EROFS ESPIPE ESRCH ETIMEDOUT ' +
  'ETXTBSY EXDEV';
