/** Every client with every other server that there is; a backend with itself is its own file. */

import { clients, servers } from '../backends.ts';
import { conform } from './report.ts';

for (const client of clients) {
  for (const server of servers) if (server !== client) conform(client, { peer: server, roles: ['client'] });
}
