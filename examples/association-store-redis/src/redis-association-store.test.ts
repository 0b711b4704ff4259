/**
 * Against a Redis of its own, over a local socket; reported as skipped where there is none.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ASSOCIATION_STORE_CASES } from '@avs-net/conformance';
import { createClient } from '@redis/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisAssociationStore } from './redis-association-store.ts';

const isThere = spawnSync('redis-server', ['--version']).status === 0;

describe.skipIf(!isThere)(`in Redis${isThere ? '' : ' (redis-server is not installed)'}`, () => {
  let directory: string;
  let server: ChildProcess;
  const make = () => createClient({ socket: { path: join(directory, 'redis.sock'), tls: false } });
  const clients: ReturnType<typeof make>[] = [];

  const open = async (): ReturnType<typeof redisAssociationStore> => {
    const client = make();
    clients.push(client);
    await client.connect();
    return redisAssociationStore(client);
  };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'avs-net-redis-'));
    server = spawn(
      'redis-server',
      ['--port', '0', '--unixsocket', join(directory, 'redis.sock'), '--dir', directory, '--appendonly', 'yes'].concat([
        '--appendfsync',
        'always',
      ]),
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    for (let said = ''; !said.includes('eady to accept'); ) said += String((await once(server.stdout!, 'data'))[0]);
    server.stdout!.resume();
  });

  afterAll(async () => {
    for (const client of clients) client.destroy();
    server.kill();
    await once(server, 'exit');
    await rm(directory, { recursive: true });
  });

  it.each(ASSOCIATION_STORE_CASES)('$name', ({ run }) => run(open));

  it('lets entries go after their lifetime', async () => {
    await open();
    const client = clients.at(-1)!;
    const store = await redisAssociationStore(client, { prefix: 'short:', lifetime: 100 });
    await store.replace('a', undefined, Buffer.from('x'));
    expect(await client.ttl('short:a')).toBeGreaterThan(90);
  });

  it('is refused where it could come back from the past', async () => {
    await open();
    const client = clients.at(-1)!;
    await client.configSet('appendfsync', 'everysec');
    try {
      await expect(redisAssociationStore(client)).rejects.toThrow('appendfsync everysec');
      await expect(redisAssociationStore(client, { trusted: true })).resolves.toBeDefined();
    } finally {
      await client.configSet('appendfsync', 'always');
    }
  });
});
