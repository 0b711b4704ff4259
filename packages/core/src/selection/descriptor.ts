/**
 * Reads what a backend author exports (`Plugin`) and refuses what core could not work with, by name. The result is a
 * frozen copy, so that nobody changes claims behind our back. Loads nothing.
 */

import type { Plugin } from '../contract/backend.ts';
import type { Claims, RoleClaims } from '../contract/claims.ts';
import type { SocketType } from '../contract/configuration.ts';
import { NetError } from '../contract/error.ts';

/** The version of the plugin contract that this core speaks. */
export const CONTRACT = 1;

export const SOCKET_TYPES: readonly SocketType[] = ['udp', 'tcp', 'dtls', 'tls'];

/** Frozen copies of `plugins`; EPROTONOSUPPORT for another contract, EINVAL for whatever else is wrong. */
export function readPlugins(plugins: readonly Plugin[], operation: string): readonly Plugin[] {
  if (!Array.isArray(plugins)) {
    throw refuse(operation, `plugins must be an array of plugins; received ${kindOf(plugins)}`);
  }
  const names = new Set<string>();
  return Object.freeze(
    plugins.map((candidate, index) => {
      const plugin = readPlugin(candidate, `plugins[${index}]`, operation);
      if (names.has(plugin.name)) throw refuse(operation, `plugin "${plugin.name}" is given twice`);
      names.add(plugin.name);
      return plugin;
    }),
  );
}

function readPlugin(candidate: unknown, path: string, operation: string): Plugin {
  if (!isObject(candidate)) {
    throw refuse(operation, `${path} must be a plugin object; received ${kindOf(candidate)}${moduleHint(candidate)}`);
  }
  const plugin = candidate as Partial<Record<keyof Plugin, unknown>>;
  const { contract, name, provides, claims, probe, load } = plugin;
  const shown = typeof name === 'string' ? `"${name}"` : path;
  // Compared first: a plugin of another contract may look different in every other respect.
  if (contract !== CONTRACT) {
    const spoken = typeof contract === 'number' ? `speaks contract ${contract}` : 'names no contract number';
    throw new NetError({
      code: typeof contract === 'number' ? 'EPROTONOSUPPORT' : 'EINVAL',
      operation,
      message:
        `plugin ${shown} ${spoken}, @avs-net/core speaks ${CONTRACT}; ` +
        `install versions of both that agree${moduleHint(candidate)}`,
    });
  }
  if (typeof name !== 'string' || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    throw refuse(operation, `${path}.name must be kebab-case, like "dtls-openssl"; received ${JSON.stringify(name)}`);
  }
  if (!SOCKET_TYPES.includes(provides as SocketType)) {
    throw refuse(
      operation,
      `plugin "${name}": provides must be one of ${SOCKET_TYPES.join(', ')}; received ${JSON.stringify(provides)}`,
    );
  }
  if (typeof load !== 'function') {
    throw refuse(operation, `plugin "${name}": load must be a function; received ${kindOf(load)}`);
  }
  if (probe !== undefined && typeof probe !== 'function') {
    throw refuse(operation, `plugin "${name}": probe must be a function; received ${kindOf(probe)}`);
  }
  const type = provides as SocketType;
  return Object.freeze({
    contract: CONTRACT,
    name,
    provides: type,
    claims: readClaims(claims, type, `plugin "${name}": claims`, operation),
    // Called on the author's object, which may rely on `this`.
    ...(probe === undefined ? {} : { probe: () => (candidate as unknown as Required<Plugin>).probe() }),
    load: () => (candidate as unknown as Plugin).load(),
  });
}

/** A deeply frozen copy of what a plugin or its probe claims. */
export function readClaims(claims: unknown, type: SocketType, where: string, operation: string): Claims {
  if (!isObject(claims)) throw refuse(operation, `${where} must be an object; received ${kindOf(claims)}`);
  const copy = JSON.parse(JSON.stringify(claims)) as Claims;
  if (type === 'udp' || type === 'tcp') {
    requireLists(copy.transport, TRANSPORT_LISTS, `${where}.transport`, operation);
  } else {
    const roles = (['client', 'server'] as const).filter((role) => copy[role] !== undefined);
    if (roles.length === 0)
      throw refuse(operation, `${where} names no role: a ${type} backend is client, server or both`);
    for (const role of roles) requireLists(copy[role], ROLE_LISTS, `${where}.${role}`, operation);
  }
  if (copy.options !== undefined) requireLists(copy.options, ['readable', 'writable'], `${where}.options`, operation);
  return deepFreeze(copy);
}

function requireLists(holder: unknown, lists: readonly string[], where: string, operation: string): void {
  if (!isObject(holder)) throw refuse(operation, `${where} must be an object; received ${kindOf(holder)}`);
  for (const list of lists) {
    const value = (holder as Record<string, unknown>)[list];
    if (!Array.isArray(value)) throw refuse(operation, `${where}.${list} must be an array; received ${kindOf(value)}`);
  }
}

function deepFreeze<T>(value: T): T {
  if (isObject(value)) for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value);
}

function refuse(operation: string, message: string): NetError {
  return new NetError({ code: 'EINVAL', operation, message });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Import of a whole module instead of what it exports is the likeliest slip. */
function moduleHint(candidate: unknown): string {
  const isModule = isObject(candidate) && (candidate as { default?: unknown }).default !== undefined;
  return isModule || candidate instanceof Promise ? ' (this looks like a module: pass the plugin that it exports)' : '';
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : typeof value;
}

const ROLE_LISTS: readonly (keyof RoleClaims)[] = ['security', 'versions', 'ciphersuites', 'sources'];
const TRANSPORT_LISTS: readonly string[] = ['operations', 'features'];
