/**
 * Finds plugins. A name is resolved from the application first (the folder that the command was started in) and from
 * this package second, because under an isolated `node_modules` each sees only its own dependencies.
 * A package is a plugin package if its keywords say `avs-net-plugin`; its plugins are its exported descriptors.
 */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from '@avs-net/core';
import { UsageError } from './usage-error.ts';

export interface Discovery {
  readonly plugins: readonly Plugin[];
  /** Packages that are there but could not be imported, and why. */
  readonly broken: readonly { readonly name: string; readonly reason: string }[];
}

/** `named`: modules that the user asked for; not finding one of them is an error. */
export async function discover(cwd: string, named: readonly string[] = []): Promise<Discovery> {
  const plugins: Plugin[] = [];
  const broken: { name: string; reason: string }[] = [];
  for (const name of new Set([...named, ...OURS, ...dependenciesOf(cwd)])) {
    const file = resolveModule(name, cwd);
    if (file === undefined) {
      if (named.includes(name)) throw new UsageError(`cannot find the module ${name} from ${cwd}`);
      continue;
    }
    try {
      for (const plugin of pluginsOf((await import(pathToFileURL(file).href)) as object)) {
        if (!plugins.some((known) => known.name === plugin.name)) plugins.push(plugin);
      }
    } catch (error) {
      broken.push({ name, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return { plugins, broken };
}

/** The plugins of a module that the user named. */
export async function importPlugins(name: string, cwd: string): Promise<Plugin[]> {
  const file = resolveModule(name, cwd);
  if (file === undefined) throw new UsageError(`cannot find the module ${name} from ${cwd}`);
  try {
    return pluginsOf((await import(pathToFileURL(file).href)) as object);
  } catch (error) {
    throw new UsageError(`${name} could not be imported: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The descriptors among the exports of a module. */
export function pluginsOf(module: object): Plugin[] {
  // A default export is often one that has a name too.
  return [...new Set<unknown>(Object.values(module))].filter(
    (value): value is Plugin =>
      typeof value === 'object' && value !== null && 'contract' in value && 'provides' in value && 'load' in value,
  );
}

export function resolveModule(name: string, cwd: string): string | undefined {
  for (const from of [join(cwd, 'package.json'), import.meta.url]) {
    try {
      return createRequire(from).resolve(name);
    } catch {
      // Not visible from there.
    }
  }
  return undefined;
}

function dependenciesOf(cwd: string): string[] {
  try {
    const manifest = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8')) as Manifest;
    return Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).filter((name) => isPlugin(name, cwd));
  } catch {
    return [];
  }
}

function isPlugin(name: string, cwd: string): boolean {
  for (const folder of createRequire(join(cwd, 'package.json')).resolve.paths(name) ?? []) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')) as Manifest;
      return manifest.keywords?.includes(KEYWORD) === true;
    } catch {
      // Not in this folder.
    }
  }
  return false;
}

interface Manifest {
  readonly keywords?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const KEYWORD = 'avs-net-plugin';

const OURS = [
  '@avs-net/udp',
  '@avs-net/tcp',
  '@avs-net/dtls-openssl',
  '@avs-net/dtls-node-dtls-client',
  '@avs-net/tls-node',
];
