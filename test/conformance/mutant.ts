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
import { listen } from '@avs-net/dtls-endpoint';
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
  const { output } = request;
  const passed: Output = {
    datagram: (bytes) => output.datagram(bytes),
    message: (bytes) => output.message(bytes),
    established: () => output.established(),
    closed: (alert) => output.closed(alert),
    failed: (error) => output.failed(error),
    need: (id, what) => output.need(id, what),
    dropped: (reason) => output.dropped(reason),
    trace: (event) => output.trace?.(event),
  };
  return { ...request, output: { ...passed, ...change(output) } };
}

function overridden(sound: Association, change: Partial<Association>): Association {
  return {
    start: (now) => (change.start ? change.start(now) : sound.start(now)),
    receive: (bytes, now) => (change.receive ? change.receive(bytes, now) : sound.receive(bytes, now)),
    send: (message, now) => (change.send ? change.send(message, now) : sound.send(message, now)),
    timeout: (now) => (change.timeout ? change.timeout(now) : sound.timeout(now)),
    answer: (id, value, now) => (change.answer ? change.answer(id, value, now) : sound.answer?.(id, value, now)),
    shutdown: (now) => (change.shutdown ? change.shutdown(now) : sound.shutdown(now)),
    get deadline() {
      return 'deadline' in change ? change.deadline : sound.deadline;
    },
    get phase() {
      return change.phase ?? sound.phase;
    },
    maxMessage: (limit) => (change.maxMessage ? change.maxMessage(limit) : sound.maxMessage(limit)),
    info: () => (change.info ? change.info() : sound.info()),
    destroy: () => (change.destroy ? change.destroy() : sound.destroy()),
  };
}
