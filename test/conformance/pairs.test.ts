/**
 * Every client with every other server that there is; a backend with itself is its own file. A backend without a server
 * role shows here that it refuses that one.
 */

import { clients, servers } from '../backends.ts';
import { conform } from './report.ts';

for (const client of clients) {
  const alone = client.claims.server === undefined;
  for (const server of servers) {
    if (server === client) continue;
    const commonOnly = !alone || server !== servers[0];
    conform(client, { peer: server, commonOnly, ...(!alone && { roles: ['client'] }) });
  }
}
