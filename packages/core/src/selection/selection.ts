/**
 * Which plugin serves which socket type: one pure function, used by `createNet` and by `netModule`. There is no default
 * of the process and no priority: one provider needs no choice, several need one, a list is an explicit fallback order.
 */

import { unknownName } from '../check/nearest-name.ts';
import type { Plugin } from '../contract/backend.ts';
import type { SocketType } from '../contract/configuration.ts';
import { NetError } from '../contract/error.ts';
import { SOCKET_TYPES } from './descriptor.ts';

/** Plugin names by socket type; a list is tried in order, what is unavailable or lacks something is skipped. */
export type Use = { readonly [T in SocketType]?: string | readonly string[] };

/** The plugins that may serve one socket type, best first. */
export interface Choice {
  readonly type: SocketType;
  readonly plugins: readonly Plugin[];
  readonly because: ChoiceReason;
}

/** `only`: nothing else provides the type; `named`: by `use`; `order`: by a list in `use`. */
export type ChoiceReason = 'only' | 'named' | 'order';

/** EINVAL for an ambiguous, unknown or unfit choice. Types that nobody provides are absent from the result. */
export function selectPlugins(
  plugins: readonly Plugin[],
  use: Use | undefined,
  operation: string,
): ReadonlyMap<SocketType, Choice> {
  const refuse = (message: string): NetError => new NetError({ code: 'EINVAL', operation, message });
  const choices = new Map<SocketType, Choice>();
  if (use !== undefined && (typeof use !== 'object' || use === null || Array.isArray(use))) {
    throw refuse('use must be an object such as { dtls: "dtls-openssl" }');
  }
  for (const key of Object.keys(use ?? {})) {
    if (!SOCKET_TYPES.includes(key as SocketType)) throw refuse(`use.${key}: ${unknownName(key, SOCKET_TYPES)}`);
  }
  for (const type of SOCKET_TYPES) {
    const providers = plugins.filter((plugin) => plugin.provides === type);
    const wanted = use?.[type];
    if (wanted !== undefined) {
      const names = typeof wanted === 'string' ? [wanted] : wanted;
      const chosen = readNames(names, type, plugins, providers, refuse);
      choices.set(type, { type, plugins: chosen, because: typeof wanted === 'string' ? 'named' : 'order' });
    } else if (providers.length === 1) {
      choices.set(type, { type, plugins: providers, because: 'only' });
    } else if (providers.length > 1) {
      const names = providers.map((plugin) => plugin.name);
      throw refuse(
        `${names.join(' and ')} provide ${type}; choose with use: { ${type}: "${names[0]}" }, ` +
          `or give a list as fallback order`,
      );
    }
  }
  return choices;
}

function readNames(
  names: unknown,
  type: SocketType,
  plugins: readonly Plugin[],
  providers: readonly Plugin[],
  refuse: (message: string) => NetError,
): readonly Plugin[] {
  if (!Array.isArray(names) || names.length === 0) {
    throw refuse(`use.${type} must be a plugin name or a list of at least one`);
  }
  const chosen = new Set<Plugin>();
  for (const name of names) {
    const plugin = plugins.find((candidate) => candidate.name === name);
    if (plugin === undefined) {
      const known = providers.map((candidate) => candidate.name);
      throw refuse(
        `use.${type}: ${typeof name === 'string' ? unknownName(name, known) : 'every entry must be a plugin name'}` +
          (known.length === 0 ? `; no plugin provides ${type}` : ''),
      );
    }
    if (plugin.provides !== type) {
      throw refuse(`use.${type}: "${plugin.name}" provides ${plugin.provides} and not ${type}`);
    }
    if (chosen.has(plugin)) throw refuse(`use.${type} names "${plugin.name}" twice`);
    chosen.add(plugin);
  }
  return [...chosen];
}
