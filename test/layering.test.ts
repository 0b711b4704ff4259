/**
 * Who may import whom, read from the manifests and the import statements of every package. A row is a package, its set
 * what it may name besides itself, node's own modules and the libraries in its manifest.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

const PLUGIN_DOOR = '@avs-net/core/plugin';
const TRANSPORT: Rule = { ours: [PLUGIN_DOOR] };
const BACKEND: Rule = { ours: [PLUGIN_DOOR, '@avs-net/credentials', '@avs-net/dtls-endpoint'] };
const ANYTHING: Rule = { ours: [/^@avs-net\//] };

interface Rule {
  readonly ours: readonly (string | RegExp)[];
  /** Only as `import type`. */
  readonly typesOnly?: readonly (string | RegExp)[];
}

const RULES: Readonly<Record<string, Rule>> = {
  core: { ours: [] },
  credentials: { ours: [PLUGIN_DOOR] },
  udp: TRANSPORT,
  tcp: TRANSPORT,
  'dtls-endpoint': { ours: [PLUGIN_DOOR] },
  'dtls-openssl': BACKEND,
  'dtls-node-dtls-client': BACKEND,
  'tls-node': BACKEND,
  conformance: { ours: [PLUGIN_DOOR, '@avs-net/credentials'], typesOnly: ['@avs-net/core'] },
  cli: ANYTHING,
  bench: ANYTHING,
};

/** A third party's backend: types, or the plugin door, and what stands between the network and an engine. */
const THIRD_PARTY: Rule = {
  ours: ['@avs-net/dtls-endpoint', '@avs-net/credentials'],
  typesOnly: [PLUGIN_DOOR, '@avs-net/core'],
};
/** Lowest first: a room may import from those before it. */
const CORE_ROOMS = [
  'contract',
  'transport',
  'session',
  'continuation',
  'check',
  'selection',
  'queue',
  'socket',
  'driver',
  'secure',
  'net',
];

const EXAMPLE_BACKENDS = ['custom-backend'];

const packages = readdirSync(join(root, 'packages')).filter((name) => existsSync(join(root, 'packages', name, 'src')));
const examples = readdirSync(join(root, 'examples')).filter((name) => existsSync(join(root, 'examples', name, 'src')));

describe('layering', () => {
  it('has a rule for every package', () => {
    expect(packages.filter((name) => RULES[name] === undefined)).toEqual([]);
  });

  it.each(packages)('%s imports only what its row allows', (name) => {
    expect(violations(join('packages', name), RULES[name]!)).toEqual([]);
  });

  it.each(examples)('the example %s imports only what its row allows', (name) => {
    expect(violations(join('examples', name), EXAMPLE_BACKENDS.includes(name) ? THIRD_PARTY : ANYTHING)).toEqual([]);
  });

  it('lets the rooms of core know only those below them', () => {
    const known = new Set(
      readdirSync(join(root, 'packages/core/src'), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name),
    );
    expect([...known].sort()).toEqual([...CORE_ROOMS].sort());
    const upwards = importsOf('packages/core').filter(({ file, specifier }) => {
      const [room = '', ...rest] = relative('packages/core/src', file).split('/');
      const above = specifier.startsWith('../') ? specifier.split('/')[1]! : room;
      return rest.length > 0 && CORE_ROOMS.indexOf(above) > CORE_ROOMS.indexOf(room);
    });
    expect(upwards).toEqual([]);
  });

  it('lets only the container touch inversify', () => {
    const users = packages.flatMap((name) =>
      importsOf(join('packages', name)).filter(({ specifier }) => /^inversify|^reflect-metadata/.test(specifier)),
    );
    expect([...new Set(users.map(({ file }) => file))]).toEqual(['packages/core/src/container.ts']);
  });

  it("lets only core's system clock tell and wait for time", () => {
    const clock = /\b(setTimeout|setInterval)\s*\(|\bDate\.now\b|\bperformance\.now\b|timers\/promises/;
    const users = [...packages.map((name) => join('packages', name)), ...examples.map((name) => join('examples', name))]
      .flatMap(sources)
      .filter((file) => clock.test(code(readFileSync(join(root, file), 'utf8'))));
    expect(users).toEqual(['packages/core/src/contract/clock.ts']);
  });
});

interface Import {
  readonly file: string;
  readonly specifier: string;
  readonly typesOnly: boolean;
}

/** Imports that break `rule`, and imports of libraries that the manifest does not name. */
function violations(folder: string, rule: Rule): string[] {
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
    name: string;
    dependencies?: Record<string, string>;
    peerDependencies?: Record<string, string>;
    devDependencies?: Record<string, string>;
  };
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies };
  const allowed = (rules: readonly (string | RegExp)[] = [], specifier: string): boolean =>
    rules.some((entry) => (typeof entry === 'string' ? entry === specifier : entry.test(specifier)));
  return importsOf(folder).flatMap(({ file, specifier, typesOnly }) => {
    if (specifier.startsWith('node:') || specifier.startsWith('.')) return [];
    const owner = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
    const known = owner in declared || (typesOnly && owner in (manifest.devDependencies ?? {}));
    if (!known) return [`${file}: ${specifier} is not in the manifest`];
    if (!owner.startsWith('@avs-net/') || allowed(rule.ours, specifier)) return [];
    return typesOnly && allowed(rule.typesOnly, specifier) ? [] : [`${file}: ${specifier} is not for ${manifest.name}`];
  });
}

function importsOf(folder: string): Import[] {
  return sources(folder).flatMap((file) => {
    const text = code(readFileSync(join(root, file), 'utf8'));
    const statements = text.matchAll(
      /\b(import|export)\s+(type\b)?[^'";]*?from\s*'([^']+)'|import\(\s*'([^']+)'\s*\)|import\s*'([^']+)'/g,
    );
    return [...statements].map((found) => ({
      file,
      specifier: found[3] ?? found[4] ?? found[5] ?? '',
      typesOnly: found[2] !== undefined,
    }));
  });
}

function sources(folder: string): string[] {
  return readdirSync(join(root, folder, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

/** Source without comments, so that prose cannot break a rule. */
function code(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}
