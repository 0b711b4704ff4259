/**
 * Lets whoever starts a program choose its backends: `AVS_NET_USE=dtls=dtls-openssl,udp=udp`, several names of one type
 * separated by `|` as fallback order. Read only where an application asks for it; the environment wins.
 */

import { unknownName } from '../check/nearest-name.ts';
import type { SocketType } from '../contract/configuration.ts';
import { NetError } from '../contract/error.ts';
import { SOCKET_TYPES } from './descriptor.ts';
import type { Use } from './selection.ts';

/** `defaults`, overridden by `env.AVS_NET_USE`. EINVAL with the position for text that cannot be read. */
export function useFromEnvironment(
  defaults: Use = {},
  env: Readonly<Record<string, string | undefined>> = process.env,
): Use {
  const text = env[VARIABLE];
  if (text === undefined || text.trim() === '') return { ...defaults };
  const use: { [T in SocketType]?: string | readonly string[] } = {};
  let position = 1;
  for (const entry of text.split(',')) {
    const { type, names } = readEntry(entry, position);
    if (use[type] !== undefined) throw malformed(`"${type}" is named twice`, position);
    use[type] = names.length === 1 ? names[0]! : names;
    position += entry.length + 1;
  }
  return { ...defaults, ...use };
}

function readEntry(entry: string, position: number): { type: SocketType; names: readonly string[] } {
  const equals = entry.indexOf('=');
  if (equals === -1) throw malformed(`"${entry.trim()}" is not of the form type=plugin`, position);
  const type = entry.slice(0, equals).trim();
  if (!SOCKET_TYPES.includes(type as SocketType)) throw malformed(unknownName(type, SOCKET_TYPES), position);
  let at = position + equals + 1;
  const names = entry
    .slice(equals + 1)
    .split('|')
    .map((part) => {
      const name = part.trim();
      if (!/^[a-z0-9-]+$/.test(name))
        throw malformed(`${name === '' ? 'a plugin name is missing' : `"${name}" is no plugin name`}`, at);
      at += part.length + 1;
      return name;
    });
  return { type: type as SocketType, names };
}

function malformed(what: string, position: number): NetError {
  return new NetError({
    code: 'EINVAL',
    operation: 'useFromEnvironment',
    message: `${VARIABLE}, character ${position}: ${what}; expected for example "dtls=dtls-openssl,udp=udp"`,
  });
}

const VARIABLE = 'AVS_NET_USE';
