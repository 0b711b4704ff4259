/**
 * How a broken copy of a backend is made: the reference backend with one thing changed at the border of the contract,
 * so that what is broken is exactly what the name says.
 */

import type { Core } from '@avs-net/conformance';
import type {
  Association,
  AssociationRequest,
  Claims,
  Configuration,
  Context,
  ContextHost,
  Output,
  Plugin,
} from '@avs-net/core/plugin';
import { layered, listen } from '@avs-net/dtls-endpoint';
import { customBackend } from '../../examples/custom-backend/src/index.ts';

export interface Mutant {
  readonly name: string;
  /** The case that must catch it; others may too. */
  readonly caughtBy: string;
  readonly plugin: Plugin;
  /** What is broken lies above the backend, where core would have caught it. */
  readonly core?: Core;
}

export interface Change {
  readonly claims?: (claims: Claims) => Claims;
  readonly configuration?: (configuration: Configuration) => Configuration;
  readonly request?: (request: AssociationRequest, host: ContextHost) => AssociationRequest;
  /** Overrides operations; `association` is the sound one. */
  readonly association?: (
    association: Association,
    request: AssociationRequest,
    host: ContextHost,
  ) => Partial<Association>;
}

export function mutant(name: string, caughtBy: string, change: Change): Mutant {
  const { claims = (same) => same, configuration: configured = (same) => same } = change;
  const plugin: Plugin = {
    ...customBackend,
    claims: claims(customBackend.claims),
    probe: () => ({ available: true }),
    load: async () => {
      const module = await customBackend.load();
      return {
        async context(configuration, host) {
          const sound = await module.context(configured(configuration), host);
          const association = (request: AssociationRequest): Association => {
            const changed = change.request?.(request, host) ?? request;
            const engine = sound.association!(changed);
            return changed === request && !change.association
              ? engine
              : overridden(engine, change.association?.(engine, changed, host) ?? {});
          };
          const context: Context = {
            association,
            ...(sound.listen && { listen: (lower, listener) => listen(lower, association, listener) }),
            destroy: () => sound.destroy(),
          };
          return context;
        },
      };
    },
  };
  return { name, caughtBy, plugin };
}

/** A request whose output is changed. */
export function withOutput(
  request: AssociationRequest,
  change: (output: Output) => Partial<Output>,
): AssociationRequest {
  return { ...request, output: layered(request.output, change(request.output)) };
}

/** The operations and properties of `change` in place of those of `sound`; the rest stays what it is. */
export function overridden(sound: Association, change: Partial<Association>): Association {
  return new Proxy(sound, {
    get(target, property) {
      if (Object.hasOwn(change, property)) return change[property as keyof Association];
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
