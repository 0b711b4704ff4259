/** The flags of `avs-net connect` and `serve` for certificates, on dtls and on tls, as somebody types them. */

import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { type Child, startChild } from './child.ts';
import type { Authority, Identity, Pki } from './pki.ts';
import { pkiStage } from './pki-stage.ts';

const BIN = fileURLToPath(new URL('../packages/cli/bin/avs-net.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'avs-net-cli-certificates-'));

let pki: Pki;
let root: Authority;
let identity: Identity;
let device: Identity;
let lists: { readonly good: string; readonly bad: string };

pkiStage((made) => {
  pki = made;
  root = pki.authority('root');
  [identity, device] = [root.issue('server.example'), root.issue('device')];
  lists = { good: root.revocationList([device]).file, bad: root.revocationList([identity]).file };
});
afterAll(() => rmSync(folder, { recursive: true }));

const avsNet = (...args: string[]): Child => startChild(process.execPath, [BIN, ...args, '--json']);

const events = (child: Child): Record<string, unknown>[] =>
  child
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const SCHEMES = {
  dtls: { oldest: 'DTLSv1.2', newest: 'DTLSv1.2', suite: 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384' },
  tls: { oldest: 'TLSv1.2', newest: 'TLSv1.3', suite: 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384' },
} as const;

describe.each(Object.entries(SCHEMES))('over %s', (scheme, { oldest, newest, suite }) => {
  async function serve(...flags: string[]): Promise<AsyncDisposable & { readonly uri: string; readonly child: Child }> {
    const own = ['--cert', identity.chainFile, '--key', identity.keyFile];
    const child = avsNet('serve', `${scheme}://127.0.0.1:0`, '--echo', ...own, ...flags);
    const [, port] = await child.line(/"event":"listening".*"port":(\d+)/);
    const close = () => child[Symbol.asyncDispose]();
    return { uri: `${scheme}://127.0.0.1:${port}`, child, [Symbol.asyncDispose]: close };
  }

  /** What `connect` says when it has ended, with its status. */
  async function connect(
    uri: string,
    ...flags: string[]
  ): Promise<{ status: number; said: ReturnType<typeof events> }> {
    const talk = ['--send', 'hello', '--receive', '1', '--timeout', '10000'];
    await using child = avsNet('connect', uri, ...talk, ...flags);
    const status = (await child.ended) ?? -1;
    return { status, said: events(child) };
  }

  const trust = (): string[] => ['--ca', root.certificateFile, '--sni', 'server.example'];

  it('talks with --ca, --sni, and the newest version', async () => {
    await using server = await serve();
    const { status, said } = await connect(server.uri, ...trust());
    expect(status, JSON.stringify(said)).toBe(0);
    expect(said[0]).toMatchObject({ event: 'connected', version: newest, resumed: false });
    expect(said.map(({ event }) => event)).toEqual(['connected', 'message', 'closed']);
  });

  it.each<[string, () => string[], RegExp]>([
    ['another authority', () => ['--ca', pki.authority('other').certificateFile, '--sni', 'server.example'], /issuer/i],
    ['another name', () => ['--ca', root.certificateFile, '--sni', 'other.example'], /name/i],
    ['whom --crl revokes', () => [...trust(), '--crl', lists.bad], /revoked/i],
  ])('refuses %s', async (_what, flags, word) => {
    await using server = await serve();
    const { status, said } = await connect(server.uri, ...flags());
    expect(status).toBe(1);
    expect(said.at(-1)).toMatchObject({
      ...{ event: 'error', code: 'EPROTO', message: expect.stringMatching(word) },
      alert: { level: 'fatal', origin: 'local' },
    });
  });

  it('takes whom --crl does not revoke', async () => {
    await using server = await serve();
    expect((await connect(server.uri, ...trust(), '--crl', lists.good)).status).toBe(0);
  });

  it('talks to whoever answers with --no-verify', async () => {
    await using server = await serve();
    expect((await connect(server.uri, '--no-verify')).status).toBe(0);
  });

  it('shows --cert with --key, also an encrypted one, where the server wants it', async () => {
    await using server = await serve('--ca', root.certificateFile);
    const password = join(folder, 'password');
    const encrypted = join(folder, 'encrypted.key');
    writeFileSync(password, 'sesame\n');
    writeFileSync(encrypted, encryptedKey(device.key, 'sesame'));
    const shown = ['--cert', device.chainFile];
    for (const key of [
      ['--key', device.keyFile],
      ['--key', encrypted, '--key-password-file', password],
    ]) {
      const { status, said } = await connect(server.uri, ...trust(), ...shown, ...key);
      expect(status, JSON.stringify(said)).toBe(0);
    }
  });

  it('refuses a client that shows nothing where the server has --ca', async () => {
    await using server = await serve('--ca', root.certificateFile);
    expect((await connect(server.uri, ...trust())).status).toBe(1);
  });

  it('keeps to --min-version, --max-version and --ciphersuites', async () => {
    await using server = await serve();
    const range = ['--min-version', oldest, '--max-version', oldest];
    const { status, said } = await connect(server.uri, ...trust(), ...range, '--ciphersuites', suite);
    expect(status, JSON.stringify(said)).toBe(0);
    expect(said[0]).toMatchObject({ version: oldest, ciphersuite: suite });
  });

  it('negotiates --alpn, and appends to --keylog', async () => {
    await using server = await serve('--alpn', 'coap');
    const keylog = join(folder, `${scheme}.keylog`);
    const { status, said } = await connect(server.uri, ...trust(), '--alpn', 'other,coap', '--keylog', keylog);
    expect(status, JSON.stringify(said)).toBe(0);
    expect(readFileSync(keylog, 'latin1')).toMatch(/^[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]+$/m);
    const alone = await connect(server.uri, ...trust(), '--alpn', 'other');
    expect(alone.said.at(-1)).toMatchObject({ event: 'error', alert: { name: 'no_application_protocol' } });
  });

  it('resumes what --session has kept', async () => {
    await using server = await serve();
    const flags = [...trust(), '--session', join(folder, `${scheme}.session`)];
    const resumed: unknown[] = [];
    for (let count = 0; count < 2; count += 1) {
      const { status, said } = await connect(server.uri, ...flags);
      expect(status, JSON.stringify(said)).toBe(0);
      resumed.push(said[0]?.['resumed']);
    }
    expect(resumed).toEqual([false, true]);
  });
});

describe('DTLS 1.0 with certificates', () => {
  it('is had with --sha1-signatures on both sides, and refused with words without', async () => {
    const own = ['--cert', identity.chainFile, '--key', identity.keyFile];
    const old = ['--min-version', 'DTLSv1.0', '--max-version', 'DTLSv1.0'];
    await using server = avsNet('serve', 'dtls://127.0.0.1:0', '--echo', ...own, ...old, '--sha1-signatures');
    const [, port] = await server.line(/"event":"listening".*"port":(\d+)/);
    const trust = ['--ca', root.certificateFile, '--sni', 'server.example'];
    const all = ['connect', `dtls://127.0.0.1:${port}`, ...trust, ...old, '--send', 'x', '--receive', '1'];
    await using lax = avsNet(...all, '--sha1-signatures');
    expect(await lax.ended, lax.output()).toBe(0);
    expect(events(lax)[0]).toMatchObject({ event: 'connected', version: 'DTLSv1.0' });
    await using strict = avsNet(...all);
    expect(await strict.ended).toBe(1);
    expect(events(strict).at(-1)).toMatchObject({ code: 'ENOTSUP', message: expect.stringContaining('SHA-1') });
  });
});

it('waits by --handshake-timeouts of dtls only', async () => {
  const flags = ['--no-verify', '--handshake-timeouts', '50,100', '--send', 'x'];
  await using child = avsNet('connect', 'tls://127.0.0.1:1', ...flags);
  expect(await child.ended).toBe(1);
  expect(events(child).at(-1)).toMatchObject({ code: 'EINVAL', message: expect.stringMatching(/dtls/) });
});

function encryptedKey(pem: Buffer, passphrase: string): string {
  const cipher = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase } as const;
  return createPrivateKey(pem).export(cipher).toString();
}
