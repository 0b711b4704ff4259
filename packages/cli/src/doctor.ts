/**
 * `avs-net doctor`: every backend that can be found from here, whether it would work, and what it claims.
 */

import { type Claims, createNet, type RoleClaims } from '@avs-net/core';
import Table from 'cli-table3';
import { discover } from './discovery.ts';
import { everyOne } from './secure-options.ts';

export async function doctor(
  io: { readonly cwd: string; readonly stdout: NodeJS.WritableStream; readonly json: boolean },
  named: readonly string[] = [],
): Promise<void> {
  const { plugins, broken } = await discover(io.cwd, named);
  const net = createNet({ plugins, use: everyOne(plugins) });
  const backends = await net.backends();
  if (io.json) {
    for (const backend of backends) io.stdout.write(`${JSON.stringify({ event: 'backend', ...backend })}\n`);
    for (const module of broken) io.stdout.write(`${JSON.stringify({ event: 'broken', ...module })}\n`);
    return;
  }
  const table = new Table({
    head: ['backend', 'provides', 'state', 'library', 'claims'],
    wordWrap: true,
    style: PLAIN,
  });
  for (const { name, provides, available, reason, library, claims } of backends) {
    const version =
      library === undefined ? '' : [library.name, library.running ?? library.built].filter(Boolean).join(' ');
    table.push([name, provides, available ? 'available' : `unavailable: ${reason}`, version, describe(claims)]);
  }
  io.stdout.write(`${table.toString()}\n`);
  for (const { name, reason } of broken) io.stdout.write(`${name} could not be imported: ${reason}\n`);
}

function describe(claims: Claims): string {
  const lines: string[] = [];
  if (claims.client) lines.push(`client: ${describeRole(claims.client)}`);
  if (claims.server) lines.push(`server: ${describeRole(claims.server)}`);
  if (claims.transport) lines.push([...claims.transport.operations, ...claims.transport.features].join(', '));
  return lines.join('\n');
}

function describeRole(role: RoleClaims): string {
  const flags = Object.entries(role)
    .filter(([, value]) => value === true)
    .map(([name]) => name);
  return [role.security.join('+'), role.versions.join(' '), `${role.ciphersuites.length} suites`, ...flags].join(', ');
}

/** No colours: the table is read by people and by pipes. */
const PLAIN = { head: [], border: [] };
