import { describe, expect, it } from 'vitest';
import { readHelloVerifyRequest, readServerHello, readServerKeyExchange } from './server-message.ts';

const RANDOM = '11'.repeat(32);
const OFFERED = [0xc0a8, 0x00a8];

function body(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

describe('HelloVerifyRequest', () => {
  it.each([
    { name: 'a cookie', hex: 'feff 02 abcd', cookie: 'abcd' },
    { name: 'the version of DTLS 1.2', hex: 'fefd 01 ab', cookie: 'ab' },
    { name: 'no cookie', hex: 'feff 00', cookie: '' },
    { name: 'the longest cookie', hex: `feff ff ${'cc'.repeat(255)}`, cookie: 'cc'.repeat(255) },
  ])('is read: $name', ({ hex, cookie }) => {
    expect(readHelloVerifyRequest(body(hex))).toEqual({ verdict: 'good', cookie: body(cookie) });
  });

  it.each(['', 'fe', 'feff', 'feff 02 ab', 'feff 01 abcd', '0303 01 ab', 'fefc 01 ab'])('is malformed: %s', (hex) => {
    expect(readHelloVerifyRequest(body(hex))).toEqual({ verdict: 'malformed' });
  });
});

describe('ServerHello', () => {
  it.each([
    { name: 'without session', hex: `fefd ${RANDOM} 00 c0a8 00`, ciphersuite: 0xc0a8 },
    { name: 'with a session', hex: `fefd ${RANDOM} 20 ${'22'.repeat(32)} 00a8 00`, ciphersuite: 0x00a8 },
    { name: 'with an empty block of extensions', hex: `fefd ${RANDOM} 00 c0a8 00 0000`, ciphersuite: 0xc0a8 },
  ])('is read: $name', ({ hex, ciphersuite }) => {
    expect(readServerHello(body(hex), OFFERED)).toEqual({ verdict: 'good', ciphersuite });
  });

  it.each([
    { name: 'nothing', hex: '' },
    { name: 'a version only', hex: 'fefd' },
    { name: 'no suite', hex: `fefd ${RANDOM} 00` },
    { name: 'no compression', hex: `fefd ${RANDOM} 00 c0a8` },
    { name: 'a session that is too long', hex: `fefd ${RANDOM} 21 ${'22'.repeat(33)} c0a8 00` },
    { name: 'a session beyond its end', hex: `fefd ${RANDOM} 20 2222 c0a8 00` },
    { name: 'half a length of extensions', hex: `fefd ${RANDOM} 00 c0a8 00 00` },
    { name: 'extensions beyond its end', hex: `fefd ${RANDOM} 00 c0a8 00 0005 0017` },
    { name: 'bytes behind the extensions', hex: `fefd ${RANDOM} 00 c0a8 00 0000 00` },
  ])('is malformed: $name', ({ hex }) => {
    expect(readServerHello(body(hex), OFFERED)).toEqual({ verdict: 'malformed' });
  });

  it.each([
    { name: 'DTLS 1.0', hex: `feff ${RANDOM} 00 c0a8 00`, alert: 70 },
    { name: 'TLS 1.2', hex: `0303 ${RANDOM} 00 c0a8 00`, alert: 70 },
    { name: 'another suite', hex: `fefd ${RANDOM} 00 00ff 00`, alert: 47 },
    { name: 'the null suite', hex: `fefd ${RANDOM} 00 0000 00`, alert: 47 },
    { name: 'compression', hex: `fefd ${RANDOM} 00 c0a8 01`, alert: 47 },
    { name: 'extended master secret', hex: `fefd ${RANDOM} 00 c0a8 00 0004 00170000`, alert: 110 },
  ])('is unacceptable: $name', ({ hex, alert }) => {
    expect(readServerHello(body(hex), OFFERED)).toMatchObject({ verdict: 'unacceptable', alert });
  });
});

describe('ServerKeyExchange', () => {
  it.each(['', '0a0b0c'])('is read: hint %s', (hint) => {
    const whole = Buffer.concat([Buffer.of(0, hint.length / 2), body(hint)]);
    expect(readServerKeyExchange(whole)).toEqual({ verdict: 'good', identityHint: body(hint) });
  });

  it.each(['', '00', '0001', '0001 aabb', 'ffff aa'])('is malformed: %s', (hex) => {
    expect(readServerKeyExchange(body(hex))).toEqual({ verdict: 'malformed' });
  });
});
