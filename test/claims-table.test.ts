/**
 * docs/backends.md is generated from what the backends claim, so that it cannot say anything else. After a change:
 * `npx vitest run test/claims-table.test.ts -u`.
 */

import { findCiphersuite, type Plugin, type RoleClaims } from '@avs-net/core';
import { dtlsNodeDtlsClient } from '@avs-net/dtls-node-dtls-client';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { tcp } from '@avs-net/tcp';
import { tlsNode } from '@avs-net/tls-node';
import { udp } from '@avs-net/udp';
import { expect, it } from 'vitest';

const secure: readonly Plugin[] = [dtlsOpenssl, dtlsNodeDtlsClient, tlsNode];
const transports: readonly Plugin[] = [udp, tcp];

it('matches the claims', async () => {
  await expect(page()).toMatchFileSnapshot('../docs/backends.md');
});

function page(): string {
  const columns = secure.flatMap((plugin) =>
    (['client', 'server'] as const).flatMap((role) => {
      const claims = plugin.claims[role];
      return claims === undefined ? [] : [{ title: `${plugin.name} ${role}`, claims }];
    }),
  );
  const flags = [...new Set(columns.flatMap(({ claims }) => Object.keys(claims)))].filter(
    (key) => !LISTS.includes(key),
  );
  const row = (name: string, cell: (claims: RoleClaims) => string): string =>
    `| ${[name, ...columns.map(({ claims }) => cell(claims))].join(' | ')} |`;
  const suites = [...new Set(columns.flatMap(({ claims }) => claims.ciphersuites))];
  return [
    '# What each backend supports',
    '',
    'Generated from the claims of the backends. A dash means: not claimed, so asking for it is ENOTSUP before any packet',
    'leaves. `avs-net doctor` shows the same after the probe, which may narrow claims to what the machine has.',
    '',
    table(['', ...columns.map(({ title }) => title)]),
    row('security', ({ security }) => security.join(', ')),
    row('versions', ({ versions }) => versions.join(', ')),
    row('sources', ({ sources }) => sources.join(', ')),
    ...flags.sort().map((flag) => row(flag, (claims) => cellOf(claims[flag as keyof RoleClaims]))),
    '',
    '## Ciphersuites',
    '',
    table(['', ...columns.map(({ title }) => title)]),
    ...suites.map((id) => row(suiteName(id), ({ ciphersuites }) => (ciphersuites.includes(id) ? 'yes' : '–'))),
    '',
    '## Limits',
    '',
    table(['', ...secure.map(({ name }) => name)]),
    ...LIMITS.map((limit) => {
      const cells = secure.map(({ claims }) => cellOf(claims.limits?.[limit]));
      return `| ${[limit, ...cells].join(' | ')} |`;
    }),
    '',
    '## Transports',
    '',
    table(['', ...transports.map(({ name }) => name)]),
    `| operations | ${transports.map(({ claims }) => claims.transport?.operations.join(', ')).join(' | ')} |`,
    `| features | ${transports.map(({ claims }) => claims.transport?.features.join(', ')).join(' | ')} |`,
    '',
  ].join('\n');
}

function table(head: readonly string[]): string {
  return `| ${head.join(' | ')} |\n|${' --- |'.repeat(head.length)}`;
}

function cellOf(value: unknown): string {
  if (value === undefined || value === false) return '–';
  return value === true ? 'yes' : String(value);
}

function suiteName(id: number): string {
  return `${findCiphersuite(id)?.name ?? 'unknown'} (0x${id.toString(16).toUpperCase().padStart(4, '0')})`;
}

const LISTS: readonly string[] = ['security', 'versions', 'sources', 'ciphersuites'];
const LIMITS = [
  'pskIdentity',
  'pskKey',
  'identityNul',
  'message',
  'timerMin',
  'timerWaits',
  'sni',
  'replayWindow',
] as const;
