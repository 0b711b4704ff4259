/**
 * How a broken copy of a backend is made: one thing is changed at the border of the contract, and everything else stays
 * what it is, so that what is broken is exactly what the name says.
 */

import type { Core } from '@avs-net/conformance';
import type {
  Association,
  AssociationRequest,
  Configuration,
  Context,
  ContextHost,
  Output,
  Plugin,
  SecureConfiguration,
} from '@avs-net/core/plugin';
import { connectionIds, layered, listen } from '@avs-net/dtls-endpoint';

export interface Mutant {
  readonly name: string;
  /** The case that must catch it; others may too. */
  readonly caughtBy: string;
  readonly plugin: Plugin;
  /** What is broken lies above the backend, where core would have caught it. */
  readonly core?: Core;
}

export interface Breaks {
  /** What the sound backend is given. */
  readonly configuration?: ((configuration: SecureConfiguration) => SecureConfiguration) | undefined;
  readonly sessionScope?: string | undefined;
  /** Called once for each context; `make` is the sound one. */
  readonly association?: (
    make: (request: AssociationRequest) => Association,
    configuration: SecureConfiguration,
    host: ContextHost,
  ) => (request: AssociationRequest) => Association;
}

export function brokenCopy(backend: Plugin, breaks: Breaks): Plugin {
  return {
    ...backend,
    name: 'mutant',
    load: async () => {
      const module = await backend.load();
      return {
        async context(given: Configuration, host) {
          const configuration = breaks.configuration?.(given as SecureConfiguration) ?? (given as SecureConfiguration);
          const sound = await module.context(configuration, host);
          const make = (request: AssociationRequest): Association => sound.association!(request);
          const association = breaks.association?.(make, given as SecureConfiguration, host) ?? make;
          const ids = sound.listen && connectionIds(configuration.connectionId, 'server', (init) => host.error(init));
          const sessionScope = breaks.sessionScope ?? sound.sessionScope;
          const context: Context = {
            ...(sessionScope !== undefined && { sessionScope }),
            association,
            ...(sound.listen && { listen: (lower, listener) => listen(lower, association, listener, ids) }),
            destroy: () => sound.destroy(),
          };
          return context;
        },
      };
    },
  };
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
