/**
 * What an endpoint leaves to an association: a ClientHello with a cookie, as it comes after a HelloVerifyRequest.
 */

import type { Opening } from '@avs-net/core/plugin';
import type { End } from './wire.ts';

/** Takes the first hello of `client`, asks for a cookie and gives the answer. */
export function openingOf(client: End): Opening {
  client.association.start(0);
  client.association.receive(helloVerifyRequest(client.sent.pop()!), 0);
  return { hello: client.sent.pop()!, from: { host: '192.0.2.1', port: 5684 }, cookieVerified: true };
}

/** RFC 6347 §4.2.1: echoes the record sequence number of the hello. */
function helloVerifyRequest(hello: Uint8Array): Uint8Array {
  const cookie = Buffer.alloc(16, 7);
  const body = Buffer.concat([Buffer.from([0xfe, 0xff, cookie.length]), cookie]);
  const message = Buffer.concat([Buffer.from([3, 0, 0, body.length, 0, 0, 0, 0, 0, 0, 0, body.length]), body]);
  const record = Buffer.concat([
    Buffer.from([22, 0xfe, 0xff]),
    hello.subarray(3, 11),
    Buffer.from([0, message.length]),
  ]);
  return Buffer.concat([record, message]);
}
