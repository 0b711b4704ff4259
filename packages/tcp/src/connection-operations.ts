/** What a socket with an established connection can do; the whole of it for an accepted one. */

import { interfaceName, type SocketHost, type SocketOperations } from '@avs-net/core/plugin';
import type { Connection } from './connection.ts';
import { getOption, setOption, type TcpOptions } from './options.ts';

export function connectionOperations(
  connection: Connection,
  options: TcpOptions,
  { backend }: SocketHost,
): SocketOperations {
  let open = true;
  return {
    send: (data) => connection.send(data),
    shutdown: (how) => connection.shutdown(how),
    close: () => {
      open = false;
      return connection.close();
    },
    pause: () => connection.pause(),
    resume: () => connection.resume(),
    interfaceName: () => interfaceName(connection.local, backend),
    remote: () => (open ? connection.remote : undefined),
    local: () => (open ? connection.local : undefined),
    getOption: (key) => getOption(options, key, open ? connection.version : undefined, backend),
    setOption: (key, value) => setOption(options, key, value),
  };
}
