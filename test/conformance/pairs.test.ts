/**
 * Every client with every other server that there is; a backend with itself is its own file. A backend without a server
 * role shows here that it refuses that one.
 */

import { clients, servers } from '../backends.ts';
import { conform } from './report.ts';

for (const client of clients) {
  for (const server of servers) {
    if (server === client) continue;
    conform(client, { peer: server, ...(client.claims.server !== undefined && { roles: ['client'] }) });
  }
}
