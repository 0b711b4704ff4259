/**
 * What a dtls or tls socket can be put over (`avs_net_socket_decorate`), checked before anything happens.
 */

import type { SocketGuard } from './socket-guard.ts';
import { possessionError } from './socket-refusal.ts';

/** Throws if `upper` cannot be put over `lower` as it is now. */
export function checkDecoration(upper: SocketGuard, lower: SocketGuard): void {
  const { type, claims } = upper.init;
  if (upper.operations.decorate === undefined) throw upper.unclaimed('decorate', 'decorate');
  const refuse = (code: string, message: string) => upper.error(code, 'decorate', message);
  if (lower === upper) throw refuse('EINVAL', 'lower must be another socket, received the socket itself');
  const kind = type === 'dtls' ? 'datagram' : 'stream';
  if (lower.kind !== kind) {
    throw refuse('EINVAL', `lower must be a ${kind} socket below ${type}, received a ${lower.init.type} socket`);
  }
  const possession = possessionError(lower, 'decorate');
  if (possession !== undefined) throw possession;
  if (lower.state === 'shutdown')
    throw refuse('EINVAL', 'lower was shut down: nothing can be sent through it any more');
  if (lower.failure !== undefined) throw lower.failure;
  const roles = ROLES[lower.state] ?? BOTH;
  if (roles.some((role) => claims[role]?.decorate === true)) return;
  const missing = roles.map((role) => `"${role}.decorate"`).join(' and ');
  throw refuse('ENOTSUP', `this ${type} backend runs over no other socket: its claims lack ${missing}`);
}

type Role = 'client' | 'server';

/** The role is taken from the state of the lower socket; otherwise the later `connect` or `bind` decides. */
const ROLES: Readonly<Record<string, readonly Role[]>> = { connected: ['client'], accepted: ['server'] };
const BOTH: readonly Role[] = ['client', 'server'];
