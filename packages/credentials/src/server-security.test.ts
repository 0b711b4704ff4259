import { describe, expect, it } from 'vitest';
import { certificateChainFromFile } from './certificate-chain.ts';
import { certificateServer } from './certificate-server.ts';
import { privateKeyFromFile } from './private-key.ts';
import { psk } from './psk.ts';
import { pskServer } from './psk-server.ts';
import { serverSecurity } from './server-security.ts';
import { wipeSecurity } from './wiping.ts';

const keys = () => pskServer({ identities: { device: Buffer.from('0123456789abcdef') } });
const certificate = certificateServer({
  serverCert: certificateChainFromFile('server.crt'),
  serverKey: privateKeyFromFile('server.key'),
});

describe('security of a server for both kinds of client', () => {
  it('holds both credentials and cannot be changed', () => {
    const made = serverSecurity({ psk: keys(), certificate });
    expect(made).toMatchObject({ mode: 'mixed', psk: { mode: 'psk' }, certificate: { mode: 'certificate' } });
    expect(Object.isFrozen(made)).toBe(true);
  });

  it.each<[string, object, RegExp]>([
    ['nothing', {}, /psk: expected a credential made by pskServer/],
    ['a key alone', { psk: keys() }, /certificate: expected a credential made by certificateServer/],
    ['the credential of a client', { psk: psk({ identity: 'x', key: Buffer.alloc(16, 1) }), certificate }, /pskServer/],
    ['a slip', { psk: keys(), certificate, certificates: [] }, /certificates/],
  ])('is not made of %s', (_what, options, message) => {
    expect(() => serverSecurity(options as never)).toThrow(message);
  });

  it('is wiped with all that is in it', () => {
    const made = serverSecurity({ psk: keys(), certificate });
    wipeSecurity(made);
    expect(() => made.psk.lookup(Buffer.from('device'), new AbortController().signal)).toThrow(/wiped/);
  });
});
