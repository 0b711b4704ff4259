/**
 * The door for applications that have an inversify container of their own:
 * `container.load(netModule({ plugins, use }))`, then `container.get(NET)`. Also what `createNet` wires itself with.
 * Identifiers are global symbols, so that a second copy of this package speaks of the same things. Modules are not
 * async and hold no secrets.
 */

import { type BindingConstraints, Container, ContainerModule, type ServiceIdentifier } from 'inversify';
import type { TraceEvent } from './contract/association.ts';
import type { Plugin } from './contract/backend.ts';
import type { Clock } from './contract/clock.ts';
import { NetError } from './contract/error.ts';
import type { Net, NetOptions } from './net/net.ts';
import { NetInstance } from './net/net-instance.ts';
import { readNetOptions } from './net/net-options.ts';
import { type BackendRegistry, createRegistry } from './selection/backend-registry.ts';
import { readPlugins } from './selection/descriptor.ts';
import { selectPlugins, type Use } from './selection/selection.ts';

const token = <T>(name: string): ServiceIdentifier<T> => Symbol.for(`@avs-net/core/${name}`);

/** The net. */
export const NET: ServiceIdentifier<Net> = token('Net');
/** One plugin by name (`bind(PLUGIN).toConstantValue(mine).when(named('mine'))`), all of them by `getAll`. */
export const PLUGIN: ServiceIdentifier<Plugin> = token('Plugin');
/** The choice between plugins, read when the net is made. */
export const USE: ServiceIdentifier<Use> = token('Use');
/** What replaces every timer. */
export const CLOCK: ServiceIdentifier<Clock> = token('Clock');
/** Receives facts from the inside. */
export const TRACE: ServiceIdentifier<Tracer> = token('Trace');

/**
 * Binds `NET` and what it is made of. Errors are those of `createNet`: what is wrong with a plugin when the module is
 * made, what is wrong with the choice when the net is, because plugins may be added to the container until then.
 */
export function netModule(options: NetOptions): ContainerModule {
  const { plugins, use = {}, clock, trace = () => {} } = readNetOptions(options, 'netModule');
  return new ContainerModule((module) => {
    backendBindings(module, { plugins, clock });
    module.bind(USE).toConstantValue(use);
    module.bind(TRACE).toConstantValue(trace);
    module
      .bind(NET)
      .toResolvedValue(
        (all: Plugin[], registry: BackendRegistry, choice: Use, clock: Clock, tracer: Tracer): Net =>
          new NetInstance({
            choices: selectPlugins(readPlugins(all, 'netModule'), choice, 'netModule'),
            clock,
            trace: tracer,
            registry: async () => registry,
          }),
        [{ serviceIdentifier: PLUGIN, isMultiple: true }, REGISTRY, USE, CLOCK, TRACE],
      )
      .inSingletonScope()
      .onDeactivation((net) => net.close());
  });
}

/** Only plugins of this name, or whoever asks for none: an unconstrained binding would answer to any name. */
export function named(mine: string): (constraints: BindingConstraints) => boolean {
  return ({ name }) => name === undefined || name === mine;
}

/** For `createNet`. */
export function resolveRegistry(parts: Parts): BackendRegistry {
  const container = new Container({ jitless: true });
  container.load(new ContainerModule((module) => backendBindings(module, parts)));
  return container.get(REGISTRY);
}

type Tracer = (event: TraceEvent) => void;

interface Parts {
  readonly plugins: readonly Plugin[];
  readonly clock: Clock;
}

type Module = Parameters<ConstructorParameters<typeof ContainerModule>[0]>[0];

function backendBindings({ bind, isBound }: Module, { plugins, clock }: Parts): void {
  for (const plugin of plugins) {
    if (isBound(PLUGIN, { name: plugin.name })) {
      throw new NetError({
        code: 'EINVAL',
        operation: 'netModule',
        message: `a plugin "${plugin.name}" is bound already: was the module loaded twice?`,
      });
    }
    bind(PLUGIN).toConstantValue(plugin).when(named(plugin.name));
  }
  bind(CLOCK).toConstantValue(clock);
  // Probing and loading are remembered by the registry: a container would remember a failure for ever.
  bind(REGISTRY)
    .toResolvedValue(
      (all: Plugin[]) => createRegistry(readPlugins(all, 'netModule')),
      [{ serviceIdentifier: PLUGIN, isMultiple: true }],
    )
    .inSingletonScope();
}

const REGISTRY: ServiceIdentifier<BackendRegistry> = token('BackendRegistry');
