import {
  type Configuration,
  type ContextHost,
  NetError,
  type PskIdentityInfo,
  type PskKeyInfo,
  type SecureConfiguration,
} from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import { driven } from '../test/driven.ts';
import { nodeDtlsClientModule } from './context.ts';
import { dtlsNodeDtlsClient } from './plugin.ts';

const host: ContextHost = {
  backend: 'dtls-node-dtls-client',
  clock: { now: () => 0, timer: () => ({ cancel() {} }) },
  error: (init) => new NetError({ operation: 'createSocket', backend: 'dtls-node-dtls-client', ...init }),
};

const identity = (buffer: Uint8Array): PskIdentityInfo => ({ type: 'pskIdentity', source: 'buffer', buffer });
const key = (buffer: Uint8Array): PskKeyInfo => ({ type: 'pskKey', source: 'buffer', buffer });
const PSK = { mode: 'psk', identity: identity(Buffer.from('dev')), key: key(Buffer.alloc(16, 1)) } as const;

/** Suites of the first ClientHello that a context of `configuration` sends. */
async function offered(configuration: SecureConfiguration): Promise<string> {
  const context = await nodeDtlsClientModule().context(configuration as Configuration, host);
  const client = driven({
    make: (request) => context.association!(request),
    lower: { start() {}, send() {} },
    clock: host.clock,
  });
  const hello = client.sent[0]!;
  client.destroy();
  context.destroy();
  context.destroy();
  return hello.subarray(63, 63 + hello.readUInt16BE(61)).toString('hex');
}

describe('context', () => {
  it('offers every suite, AEAD first, without 3DES', async () => {
    expect(await offered({ security: PSK })).toBe('c0a8c0a400a8c0a9c0a500a900ae00af008c008d');
  });

  it('offers what is configured, in its order, by number and by name', async () => {
    const ciphersuites = [0x00ae, 'TLS_PSK_WITH_AES_128_GCM_SHA256', 'PSK-AES128-CCM8'];
    expect(await offered({ security: PSK, ciphersuites })).toBe('00ae00a8c0a8');
  });

  it.each<{ name: string; configuration: SecureConfiguration; code: string; words: RegExp }>([
    {
      name: 'an identity that is too long',
      configuration: { security: { ...PSK, identity: identity(Buffer.alloc(1025)) } },
      code: 'EINVAL',
      words: /security\.identity: at most 1024 bytes; received 1025/,
    },
    {
      name: 'a key that is too long',
      configuration: { security: { ...PSK, key: key(Buffer.alloc(513)) } },
      code: 'EINVAL',
      words: /security\.key: at most 512 bytes; received 513/,
    },
    {
      name: 'a key of no bytes',
      configuration: { security: { ...PSK, key: key(Buffer.alloc(0)) } },
      code: 'EINVAL',
      words: /security\.key: a key of no bytes/,
    },
    {
      name: 'a key from an engine',
      configuration: { security: { ...PSK, key: { type: 'pskKey', source: 'engine', query: 'slot=1' } } },
      code: 'EINVAL',
      words: /security\.key: source must be buffer; received engine/,
    },
    {
      name: 'certificates',
      configuration: { security: { mode: 'certificate' } },
      code: 'ENOTSUP',
      words: /PSK client and nothing else/,
    },
    {
      name: 'the server side',
      configuration: { security: { mode: 'psk', lookup: () => undefined } },
      code: 'ENOTSUP',
      words: /PSK client and nothing else/,
    },
    {
      name: 'suites that it does not have',
      configuration: { security: PSK, ciphersuites: [0xccab, 0x008b, 'NO_SUCH'] },
      code: 'ENOTSUP',
      words: /ciphersuites: none of them/,
    },
  ])('refuses $name', async ({ configuration, code, words }) => {
    await expect(offered(configuration)).rejects.toThrow(words);
    await expect(offered(configuration)).rejects.toMatchObject({ code });
  });

  it('refuses the server role', async () => {
    const context = await nodeDtlsClientModule().context({ security: PSK }, host);
    const make = (): unknown =>
      driven({
        make: (request) => context.association!(request),
        lower: { start() {}, send() {} },
        clock: host.clock,
        request: { role: 'server' },
      });
    expect(make).toThrow(expect.objectContaining({ code: 'ENOTSUP' }));
  });

  it('is what the plugin loads', async () => {
    const { contract, name, provides } = dtlsNodeDtlsClient;
    expect({ contract, name, provides }).toEqual({ contract: 1, name: 'dtls-node-dtls-client', provides: 'dtls' });
    expect(Object.keys(await dtlsNodeDtlsClient.load())).toEqual(['context']);
  });
});
