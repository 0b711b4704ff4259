/** Cases that a backend is known to fail, and why. Printed with every run; a waiver whose case passes is a failure. */

import type { Waiver } from '@avs-net/conformance';

export const WAIVERS: Readonly<Record<string, readonly Waiver[]>> = {
  'dtls-openssl': [
    {
      id: 'hostility/client-forged-messages',
      reason:
        'OpenSSL moves its replay window by plaintext record numbers, and takes one HelloVerifyRequest of message ' +
        'number 0 and no other; what it has believed it does not give up. The handshake ends at its deadline',
    },
  ],
};
