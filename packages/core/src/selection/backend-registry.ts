/**
 * The backends of a net: each plugin with what is known of it on this machine. Probing and loading happen once, on
 * demand; concurrent first uses share one attempt; a failed load is forgotten, so that the next one may succeed.
 */

import type { BackendModule, LibraryVersion, Plugin } from '../contract/backend.ts';
import type { Claims } from '../contract/claims.ts';
import { NetError } from '../contract/error.ts';
import { narrowClaims } from './claims-narrowing.ts';
import { readClaims } from './descriptor.ts';

export interface Backend {
  readonly plugin: Plugin;
  /** Declared until `availability` has looked, narrowed after it. */
  readonly claims: Claims;
  /** Never rejects. */
  availability(): Promise<Availability>;
  /** ENODEV, with the cause, if the module cannot be had. */
  module(): Promise<BackendModule>;
}

export interface Availability {
  readonly available: boolean;
  /** Why not. */
  readonly reason?: string;
  readonly library?: LibraryVersion;
  /** As narrowed by the probe. */
  readonly claims: Claims;
  /** Claims that the probe made beyond the declared ones; they are not believed. */
  readonly widened: readonly string[];
}

/** By plugin name. */
export type BackendRegistry = ReadonlyMap<string, Backend>;

export function createRegistry(plugins: readonly Plugin[]): BackendRegistry {
  return new Map(plugins.map((plugin) => [plugin.name, createBackend(plugin)]));
}

function createBackend(plugin: Plugin): Backend {
  let claims = plugin.claims;
  let probing: Promise<Availability> | undefined;
  let loading: Promise<BackendModule> | undefined;

  const probe = async (): Promise<Availability> => {
    try {
      const availability = await probePlugin(plugin);
      claims = availability.claims;
      return availability;
    } catch (error) {
      // A breach of the contract, but nobody who asks what is there shall fall over it. Asked again next time.
      probing = undefined;
      const reason = `its probe failed: ${messageOf(error)}`;
      return { available: false, reason, claims: plugin.claims, widened: [] };
    }
  };
  const load = async (): Promise<BackendModule> => {
    try {
      const module = await plugin.load();
      if (typeof module?.context !== 'function') throw new Error('load() gave no object with a function context()');
      return module;
    } catch (cause) {
      loading = undefined;
      throw new NetError({
        code: 'ENODEV',
        operation: 'load',
        backend: plugin.name,
        message: `the backend cannot be loaded: ${messageOf(cause)}`,
        cause,
      });
    }
  };

  return {
    plugin,
    get claims() {
      return claims;
    },
    availability: () => {
      probing ??= Promise.resolve().then(probe);
      return probing;
    },
    module: () => {
      loading ??= Promise.resolve().then(load);
      return loading;
    },
  };
}

async function probePlugin(plugin: Plugin): Promise<Availability> {
  const probe = await plugin.probe?.();
  if (probe === undefined && plugin.probe === undefined) return { available: true, claims: plugin.claims, widened: [] };
  if (typeof probe?.available !== 'boolean') throw new Error('it told nothing about availability');
  const library = probe.library === undefined ? {} : { library: probe.library };
  if (!probe.available) {
    return {
      available: false,
      reason: probe.reason ?? 'no reason given',
      claims: plugin.claims,
      widened: [],
      ...library,
    };
  }
  if (probe.claims === undefined) return { available: true, claims: plugin.claims, widened: [], ...library };
  const { claims, widened } = narrowClaims(plugin.claims, probe.claims);
  return {
    available: true,
    claims: readClaims(claims, plugin.provides, `plugin "${plugin.name}": probed claims`, 'probe'),
    widened,
    ...library,
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
