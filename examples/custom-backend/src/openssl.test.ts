import { describe, expect, it } from 'vitest';
import { IDENTITY, KEY } from '../test/association-pair.ts';
import { openssl, realSide } from '../test/openssl.ts';

const HEX = Buffer.from(KEY).toString('hex');
const SUITES = [
  [0xc0a8, 'PSK-AES128-CCM8', 'TLS_PSK_WITH_AES_128_CCM_8'],
  [0x00a8, 'PSK-AES128-GCM-SHA256', 'TLS_PSK_WITH_AES_128_GCM_SHA256'],
] as const;
const buffer = <T extends string>(type: T, bytes: Uint8Array) => ({ type, source: 'buffer' as const, buffer: bytes });
const clientSecurity = (key: Uint8Array) =>
  ({ mode: 'psk', identity: buffer('pskIdentity', IDENTITY), key: buffer('pskKey', key) }) as const;

describe('the client against openssl s_server', () => {
  const cases = SUITES.flatMap(([id, cipher, name]) => [
    { id, cipher, name, listen: [] as string[], hint: undefined },
    { id, cipher, name, listen: ['-listen'], hint: 'which-key' },
  ]);
  it.each(cases)('$cipher, options $listen, hint $hint', async ({ id, cipher, name, listen, hint }) => {
    const options = [...listen, ...(hint === undefined ? [] : ['-psk_hint', hint])];
    const secure = ['-psk', HEX, '-nocert', '-cipher', `${cipher}:@SECLEVEL=0`];
    await using peer = openssl(['s_server', '-dtls1_2', '-accept', '127.0.0.1:0', ...secure, ...options]);
    const [, port] = await peer.sees(/ACCEPT 127\.0\.0\.1:(\d+)/);
    const configuration = { security: clientSecurity(KEY), ciphersuites: [id] };
    await using client = await realSide('client', configuration, Number(port));
    await client.ready;
    client.say('from node\n');
    await peer.sees(/from node/);
    peer.write('from openssl');
    expect(await client.next()).toBe('from openssl\n');
    expect(client.association.info()).toMatchObject({ ciphersuite: { id, name }, extendedMasterSecret: true });
    const { pskIdentityHint } = client.association.info();
    expect(pskIdentityHint === undefined ? undefined : Buffer.from(pskIdentityHint).toString()).toBe(hint);
    client.shutdown();
    await peer.sees(/^DONE$/m);
  });
});

describe('the server against openssl s_client', () => {
  it.each(SUITES)('suite %i, %s', async (id, cipher) => {
    const security = {
      mode: 'psk',
      identityHint: Buffer.from('which-key'),
      lookup: async (identity: Uint8Array) => (Buffer.compare(identity, IDENTITY) === 0 ? KEY : undefined),
    } as const;
    await using server = await realSide('server', { security });
    const secure = ['-psk', HEX, '-psk_identity', 'dev-1', '-cipher', `${cipher}:@SECLEVEL=0`];
    await using peer = openssl(['s_client', '-dtls1_2', '-connect', `127.0.0.1:${server.port}`, ...secure]);
    await server.ready;
    await peer.sees(/Extended master secret: yes/);
    expect(peer.output()).toMatch(/PSK identity hint: which-key/);
    expect(peer.output()).toMatch(/Secure Renegotiation IS supported/);
    peer.write('from openssl');
    expect(await server.next()).toBe('from openssl\n');
    server.say('from node\n');
    await peer.sees(/from node/);
    expect(server.association.info().ciphersuite?.id).toBe(id);
    expect(Buffer.from(server.association.info().pskIdentity!).toString()).toBe('dev-1');
    peer.write('Q');
    await server.closed;
  });
});
