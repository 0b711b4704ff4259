/**
 * Datagrams that anybody can forge who knows the addresses, as data: the kinds that were seen to end, stall or feed one
 * or another DTLS stack. Random ones come from a seeded generator.
 */

import { uint } from './record-protection.ts';

export interface Forgery {
  readonly name: string;
  readonly datagram: Buffer;
}

/** Marks whatever is forged, so that it is found if it is delivered. */
export const FORGED = 'FORGED';

export const FORGERIES: readonly Forgery[] = [
  forgery('empty datagram', Buffer.alloc(0)),
  forgery('garbage', Buffer.from('complete garbage, nothing of DTLS in it')),
  forgery('header only', record(23, 1, 9).subarray(0, 13)),
  forgery('truncated header', record(23, 1, 9).subarray(0, 7)),
  forgery('length beyond the datagram', Buffer.concat([record(23, 1, 9).subarray(0, 11), uint(0xffff, 2)])),
  forgery('zero length', record(23, 1, 9, Buffer.alloc(0))),
  forgery('unknown content type', record(99, 0, 9)),
  forgery('heartbeat', record(24, 0, 9, Buffer.from('010010', 'hex'))),
  forgery('wrong version', record(22, 0, 9, Buffer.from(FORGED), 0x0303)),
  forgery('DTLS 1.3 unified header', Buffer.from('2f00010020', 'hex')),
  forgery('STUN', Buffer.from('000100002112a442000000000000000000000000', 'hex')),
  forgery('huge record', record(23, 1, 9, Buffer.alloc(20_000))),
  forgery('plaintext application data', record(23, 0, 9)),
  forgery('plaintext application data, high number', record(23, 0, 2 ** 47)),
  forgery('application data of epoch 1', record(23, 1, 9, Buffer.from(FORGED.repeat(5)))),
  forgery('application data of epoch 1, high number', record(23, 1, 2 ** 47, Buffer.from(FORGED.repeat(5)))),
  forgery('short application data of epoch 1', record(23, 1, 9, Buffer.of(1))),
  forgery('application data of epoch 2', record(23, 2, 9)),
  forgery('application data of epoch 65535', record(23, 65_535, 9)),
  forgery('change_cipher_spec', record(20, 0, 9, Buffer.of(1))),
  forgery('change_cipher_spec of two bytes', record(20, 0, 9, Buffer.of(1, 1))),
  forgery('change_cipher_spec of epoch 1', record(20, 1, 9, Buffer.of(1))),
  forgery('change_cipher_spec of epoch 2', record(20, 2, 9, Buffer.of(1))),
  forgery('fatal alert', record(21, 0, 9, Buffer.of(2, 40))),
  forgery('close_notify', record(21, 0, 9, Buffer.of(1, 0))),
  forgery('alert of unknown level and description', record(21, 0, 9, Buffer.of(7, 200))),
  forgery('alert of one byte', record(21, 0, 9, Buffer.of(2))),
  forgery('fatal alert of epoch 1', record(21, 1, 9, Buffer.of(2, 40))),
  forgery('fatal alert of epoch 2', record(21, 2, 9, Buffer.of(2, 40))),
  forgery('handshake of unknown type', handshake(77, 0)),
  forgery('HelloRequest', handshake(0, 0)),
  forgery('ClientHello', handshake(1, 0, Buffer.alloc(40))),
  forgery('Certificate', handshake(11, 1, Buffer.alloc(40))),
  forgery('CertificateRequest', handshake(13, 2, Buffer.alloc(8))),
  forgery('NewSessionTicket', handshake(4, 1, Buffer.alloc(40))),
  forgery('Finished in the clear', handshake(20, 3, Buffer.alloc(12))),
  forgery('Finished of epoch 1', record(22, 1, 9, handshake(20, 3, Buffer.alloc(12)).subarray(13))),
  forgery('malformed ServerHello', handshake(2, 1, Buffer.from('fefd', 'hex'))),
  forgery('malformed HelloVerifyRequest', handshake(3, 0, Buffer.from('feffff00', 'hex'))),
  forgery('malformed ServerKeyExchange', handshake(12, 2, Buffer.from('ffff00', 'hex'))),
  forgery('malformed ServerHelloDone', handshake(14, 2, Buffer.from(FORGED))),
  forgery('ServerHello far ahead', handshake(2, 60_000, Buffer.alloc(38))),
  forgery('handled message number', handshake(14, 0)),
  forgery('fragment of 16 MiB', fragment(12, 2, 0xffffff, 0, Buffer.from(FORGED))),
  forgery('fragment beyond its message', fragment(12, 2, 4, 3, Buffer.from(FORGED))),
  forgery('fragment of no bytes', fragment(12, 2, 40, 8, Buffer.alloc(0))),
  forgery(
    'fragment longer than its record',
    Buffer.from('16feff0000000000000009000c0c0000ff0002000000 0000ff'.replace(' ', ''), 'hex'),
  ),
  forgery('handshake record of no bytes', record(22, 0, 9, Buffer.alloc(0))),
  forgery('high record number of epoch 0', record(22, 0, 2 ** 48 - 1, handshake(77, 0).subarray(13))),
  forgery('many records', Buffer.concat(Array.from({ length: 50 }, (_, n) => record(23, n % 3, n)))),
];

/** `count` datagrams: every forgery, then random bytes behind a header that may look right. */
export function forgeries(count: number, seed: number): Forgery[] {
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  return Array.from({ length: count }, (_, index) => {
    const known = FORGERIES[index];
    if (known !== undefined) return known;
    const body = Buffer.from(Array.from({ length: random(80) }, () => random(256)));
    if (random(2) === 0 && body.length > 0) body[0] = [2, 3, 12, 14, 20, 0, 11, 77][random(8)]!;
    return forgery(`random ${index}`, record(20 + random(5), random(3), random(100), body));
  });
}

function forgery(name: string, datagram: Buffer): Forgery {
  return { name, datagram };
}

function record(
  type: number,
  epoch: number,
  sequence: number,
  body: Buffer = Buffer.from(FORGED),
  version = 0xfefd,
): Buffer {
  const header = [uint(type, 1), uint(version, 2), uint(epoch, 2), uint(sequence, 6), uint(body.length, 2)];
  return Buffer.concat([...header, body]);
}

function handshake(type: number, seq: number, body: Buffer = Buffer.alloc(0)): Buffer {
  return fragment(type, seq, body.length, 0, body);
}

function fragment(type: number, seq: number, total: number, offset: number, body: Buffer): Buffer {
  const header = [uint(type, 1), uint(total, 3), uint(seq, 2), uint(offset, 3), uint(body.length, 3)];
  return record(22, 0, 9, Buffer.concat([...header, body]));
}
