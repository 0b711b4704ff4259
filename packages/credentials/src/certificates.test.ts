import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { failure } from '../test/failure.ts';
import { certificateChainFromBuffer, certificateChainFromFile } from './certificate-chain.ts';
import { certificateServer } from './certificate-server.ts';
import { certificates, isWithoutServerCertValidation, withoutServerCertValidation } from './certificates.ts';
import { privateKeyCopy, privateKeyFromBuffer, privateKeyFromFile } from './private-key.ts';
import { certRevocationListFromFile } from './revocation-list.ts';
import { empty } from './security-info.ts';
import { wipeSecurity } from './wiping.ts';

const chain = certificateChainFromFile('cert.pem');
const key = privateKeyFromFile('key.pem');

describe('certificates', () => {
  it('verifies the server unless told otherwise', () => {
    expect(certificates({})).toEqual({ mode: 'certificate', serverCertValidation: true });
    expect(isWithoutServerCertValidation(certificates({}))).toBe(false);
  });

  it('keeps every field', () => {
    const flags = { ignoreSystemTrustStore: true, dane: false, rebuildClientCertChain: true };
    const infos = { trustedCerts: chain, certRevocationLists: certRevocationListFromFile('ca.crl') };
    const info = certificates({ ...flags, ...infos, clientCert: chain, clientKey: key });
    expect(info).toMatchObject({ ...flags, ...infos, clientCert: chain, clientKey: key });
    expect(Object.isFrozen(info)).toBe(true);
  });

  it.each<[string, object, string]>([
    ['no argument', undefined as never, 'expected an object'],
    ['validation switched off', { serverCertValidation: false }, 'withoutServerCertValidation()'],
    ['a flag that is none', { dane: 'yes' }, 'dane: expected a boolean, received a string of 3 characters'],
    ['validation as text', { serverCertValidation: 'true' }, 'serverCertValidation: expected a boolean'],
    ['a certificate without key', { clientCert: chain }, 'clientKey: clientCert is given, so its key is needed'],
    ['an empty key', { clientCert: chain, clientKey: empty('privateKey') }, 'clientKey: clientCert is given'],
    ['a key without certificate', { clientKey: key }, 'clientCert: clientKey is given'],
    ['a key for a certificate', { clientCert: key, clientKey: key }, "clientCert.type: expected 'certificateChain'"],
    ['a file name', { trustedCerts: 'ca.pem' }, "trustedCerts: expected a credential of type 'certificateChain'"],
    ['a server field', { serverCert: chain }, "unknown field 'serverCert'"],
  ])('refuses %s', (_what, options, message) => {
    const error = failure(() => certificates(options as never));
    expect([error.code, error.message]).toEqual(['EINVAL', expect.stringContaining(message)]);
  });
});

describe('withoutServerCertValidation', () => {
  it('brands a copy, which keeps the brand when it is spread', () => {
    const info = certificates({ trustedCerts: chain });
    const careless = withoutServerCertValidation(info);
    expect(careless.serverCertValidation).toBe(false);
    expect(Object.getOwnPropertySymbols(careless)).toEqual([
      Symbol.for('@avs-net/credentials/withoutServerCertValidation'),
    ]);
    expect(isWithoutServerCertValidation({ ...careless })).toBe(true);
    expect(isWithoutServerCertValidation(info)).toBe(false);
    expect(inspect(careless)).toContain('withoutServerCertValidation');
  });

  it.each([[undefined], [{ mode: 'psk' }], [certificateServer({ serverCert: chain, serverKey: key })]])(
    'refuses %j',
    (info) => {
      expect(failure(() => withoutServerCertValidation(info as never)).code).toBe('EINVAL');
    },
  );
});

describe('certificateServer', () => {
  it('keeps every field', () => {
    const trust = { trustedCerts: chain, certRevocationLists: certRevocationListFromFile('ca.crl') };
    const info = certificateServer({ serverCert: chain, serverKey: key, clientAuthentication: 'required', ...trust });
    expect(info).toEqual({
      mode: 'certificate',
      serverCert: chain,
      serverKey: key,
      clientAuthentication: 'required',
      ...trust,
    });
  });

  it.each<[string, object, string]>([
    ['no certificate', { serverKey: key }, 'serverCert: expected a credential'],
    ['no key', { serverCert: chain }, 'serverKey: expected a credential'],
    ['an empty certificate', { serverCert: empty('certificateChain'), serverKey: key }, "serverCert: is 'empty'"],
    ['an empty key', { serverCert: chain, serverKey: empty('privateKey') }, "serverKey: is 'empty'"],
    ['another word', { serverCert: chain, serverKey: key, clientAuthentication: 'yes' }, "expected 'none', 'optional'"],
    ['nobody to trust', { serverCert: chain, serverKey: key, clientAuthentication: 'required' }, 'trustedCerts:'],
    ['a client field', { serverCert: chain, serverKey: key, dane: true }, "unknown field 'dane'"],
  ])('refuses %s', (_what, options, message) => {
    const error = failure(() => certificateServer(options as never));
    expect([error.code, error.message]).toEqual(['EINVAL', expect.stringContaining(message)]);
  });
});

describe('sight and wiping', () => {
  const marked = () => Buffer.from('marked-secret');
  const whole = () =>
    certificates({
      trustedCerts: certificateChainFromBuffer(marked()),
      clientCert: chain,
      clientKey: privateKeyFromBuffer(marked(), marked()),
    });

  it('no secret in inspect, JSON, spreading or structuredClone', () => {
    const info = whole();
    const shown = [
      inspect(info, { depth: 9 }),
      inspect(info, { depth: 9, showHidden: true, customInspect: false }),
      JSON.stringify(info),
      inspect({ ...info.clientKey }, { depth: 9 }),
      String(info.clientKey),
    ].join();
    expect(shown).not.toMatch(/marked|109, *97|6d 61 72/);
    expect(JSON.parse(JSON.stringify(info)).clientKey).toEqual({
      type: 'privateKey',
      source: 'buffer',
      buffer: '13 bytes',
      password: 'not shown',
    });
  });

  it('hides the PIN of an engine query', () => {
    const info = { type: 'privateKey', source: 'engine', query: 'pkcs11:object=k?pin-value=1234&x=y' } as const;
    const shown = inspect(certificates({ clientCert: chain, clientKey: info }), { depth: 9 });
    expect(shown).toContain('pin-value=(hidden)&x=y');
  });

  it('wiped bytes are zeros and the credential refuses to be used', () => {
    const info = whole();
    const bytes = (info.clientKey as { buffer: Uint8Array }).buffer;
    wipeSecurity(info);
    wipeSecurity(info);
    expect(bytes.every((byte) => byte === 0)).toBe(true);
    expect(failure(() => (info.clientKey as { buffer: Uint8Array }).buffer).message).toContain('was wiped');
    expect(failure(() => privateKeyCopy(info.clientKey!)).code).toBe('EINVAL');
    expect(JSON.stringify(info.clientKey)).toContain('"buffer":"wiped"');
  });

  it('wipes descriptions made by hand', () => {
    const buffer = marked();
    wipeSecurity({ type: 'pskKey', source: 'buffer', buffer });
    expect(buffer.every((byte) => byte === 0)).toBe(true);
    expect(failure(() => wipeSecurity(null as never)).code).toBe('EINVAL');
  });
});
