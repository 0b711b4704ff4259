/**
 * Exported associations in Redis (6.2 or newer), for servers on several machines. Take is GETDEL; replace is a script,
 * because only a script compares and sets at once. Both are atomic. What Redis has to be told to be is not forgetful.
 */

import type { AssociationStore } from '@avs-net/core';
import { RESP_TYPES, type TypeMapping } from '@redis/client';

/** What is used of a client of `@redis/client` (or `redis`). */
export interface RedisCommands {
  sendCommand(command: (string | Buffer)[], options?: { readonly typeMapping: TypeMapping }): Promise<unknown>;
  configGet(setting: string): Promise<unknown>;
}

export interface RedisStoreOptions {
  /** Before each id; default `avs-net:association:`. */
  readonly prefix?: string;
  /**
   * Seconds after which an entry that nobody touched is gone, because its peer is not expected any more; default:
   * never.
   */
  readonly lifetime?: number;
  /** The settings of the server were looked at by other means, for example because it does not tell them. */
  readonly trusted?: boolean;
}

/**
 * `client` is connected and stays the caller's. Rejects if the server could bring back entries that were taken: that
 * happens after a crash unless it keeps everything (`appendonly yes`, `appendfsync always`) or nothing
 * (`appendonly no`, `save ""`). A replica that takes over may have missed the last writes and does the same: there must
 * be none.
 */
export async function redisAssociationStore(
  client: RedisCommands,
  { prefix = 'avs-net:association:', lifetime = 0, trusted = false }: RedisStoreOptions = {},
): Promise<AssociationStore> {
  if (!trusted) await checkMemory(client);
  const call = (id: string, expected: Uint8Array | undefined, entry: Uint8Array | undefined): Promise<unknown> =>
    client.sendCommand([
      'EVAL',
      REPLACE,
      '1',
      prefix + id,
      ...[expected, entry].flatMap((bytes) => (bytes === undefined ? ['0', ''] : ['1', Buffer.from(bytes)])),
      String(lifetime),
    ]);
  return {
    replace: async (id, expected, entry) => Number(await call(id, expected, entry)) === 1,
    async take(id) {
      const entry: unknown = await client.sendCommand(['GETDEL', prefix + id], { typeMapping: BYTES });
      return entry instanceof Uint8Array ? entry : undefined;
    },
  };
}

/** Only a server that forgets everything or nothing never goes back in time. */
async function checkMemory(client: RedisCommands): Promise<void> {
  const settings = Object.assign({}, await client.configGet('append*'), await client.configGet('save'));
  const { appendonly, appendfsync, save } = settings as Record<string, string | undefined>;
  const keepsAll = appendonly === 'yes' && appendfsync === 'always';
  const keepsNothing = appendonly === 'no' && save === '';
  if (keepsAll || keepsNothing) return;
  throw new Error(
    `this Redis (appendonly ${appendonly}, appendfsync ${appendfsync}, save "${save}") may bring entries back after ` +
      'a crash, and nonces with them: set appendonly yes and appendfsync always, or appendonly no and save ""',
  );
}

const BYTES: TypeMapping = { [RESP_TYPES.BLOB_STRING]: Buffer };

const REPLACE = `
local there = redis.call('GET', KEYS[1])
local function is(given, bytes)
  if given == '1' then return there == bytes end
  return not there
end
if not (is(ARGV[1], ARGV[2]) or is(ARGV[3], ARGV[4])) then return 0 end
if ARGV[3] == '0' then redis.call('DEL', KEYS[1])
elseif ARGV[5] == '0' then redis.call('SET', KEYS[1], ARGV[4])
else redis.call('SET', KEYS[1], ARGV[4], 'EX', ARGV[5]) end
return 1`;
