import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rejection } from '../test/failure.ts';
import { type OpensslFiles, opensslFiles } from '../test/openssl-files.ts';
import { listCertificateFiles } from './certificate-directory.ts';
import { readCredentialFile } from './credential-file.ts';

const PLACE = { operation: 'resolveTrustedCerts', path: 'info' };
let files: OpensslFiles;
beforeAll(() => {
  files = opensslFiles();
});
afterAll(() => files.remove());

describe('readCredentialFile', () => {
  it.each([0, 1, 4096, 1_000_000])('gives %i bytes in memory of their own', async (size) => {
    const content = Buffer.alloc(size, 'x');
    const bytes = await readCredentialFile(files.write('any', content), PLACE);
    expect(content.equals(bytes)).toBe(true);
    expect(bytes.buffer.byteLength).toBe(size);
  });

  it('reads a pipe to its end, however it comes', async () => {
    const name = files.path('pipe');
    execFileSync('mkfifo', [name]);
    spawn('sh', ['-c', '{ printf one; printf two; } > "$0"', name], { stdio: 'inherit' }).unref();
    expect(Buffer.from(await readCredentialFile(name, PLACE)).toString()).toBe('onetwo');
  });

  it('stops at 16 MiB', async () => {
    const name = files.write('large', '');
    truncateSync(name, 16 * 1024 * 1024);
    expect(await readCredentialFile(name, PLACE)).toHaveLength(16 * 1024 * 1024);
    truncateSync(name, 16 * 1024 * 1024 + 1);
    const error = await rejection(() => readCredentialFile(name, PLACE));
    expect([error.code, error.message]).toEqual(['EFBIG', expect.stringContaining('larger than 16777216 bytes')]);
  });

  it('says what the system said', async () => {
    const error = await rejection(() => readCredentialFile(files.path('none'), PLACE));
    expect(error).toMatchObject({ code: 'ENOENT', cause: { syscall: 'open' } });
    expect(error.message).toBe('resolveTrustedCerts: info: cannot be read: no such file or directory [ENOENT]');
  });
});

describe('listCertificateFiles', () => {
  it('stops at 4096 entries', async () => {
    const path = files.path('many');
    mkdirSync(path);
    execFileSync('sh', ['-c', 'seq -f %.0f.crt 0 4096 | xargs touch'], { cwd: path });
    const error = await rejection(() => listCertificateFiles(path, PLACE));
    expect([error.code, error.message]).toEqual(['EFBIG', expect.stringContaining('more than 4096 entries')]);
  });

  it('sorts, and knows which names promise a certificate', async () => {
    const path = files.path('few');
    mkdirSync(path);
    for (const name of ['b.pem', 'a.crt', '0a1b2c3d.0', '0a1b2c3d.r0', '.a.crt', 'c.CER'])
      writeFileSync(join(path, name), '');
    const found = (await listCertificateFiles(path, PLACE)).map(({ filename, promised }) => [filename, promised]);
    expect(found).toEqual([
      [join(path, '0a1b2c3d.0'), true],
      [join(path, 'a.crt'), true],
      [join(path, 'b.pem'), false],
      [join(path, 'c.CER'), true],
    ]);
  });
});
