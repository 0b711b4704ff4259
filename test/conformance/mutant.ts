/** Broken copies of the reference backend. */

import type { Association, AssociationRequest, Claims, ContextHost, SecureConfiguration } from '@avs-net/core/plugin';
import { customBackend } from '../../examples/custom-backend/src/index.ts';
import { brokenCopy, type Mutant, overridden } from './broken-copy.ts';

export interface Change {
  readonly claims?: (claims: Claims) => Claims;
  readonly configuration?: (configuration: SecureConfiguration) => SecureConfiguration;
  readonly request?: (request: AssociationRequest, host: ContextHost) => AssociationRequest;
  /** Overrides operations; `association` is the sound one. */
  readonly association?: (
    association: Association,
    request: AssociationRequest,
    host: ContextHost,
  ) => Partial<Association>;
}

export function mutant(name: string, caughtBy: string, change: Change): Mutant {
  const copy = brokenCopy(customBackend, {
    configuration: change.configuration,
    association: (make, _, host) => (asked) => {
      const request = change.request?.(asked, host) ?? asked;
      const sound = make(request);
      return change.association ? overridden(sound, change.association(sound, request, host)) : sound;
    },
  });
  const claims = change.claims?.(customBackend.claims) ?? customBackend.claims;
  return { name, caughtBy, plugin: { ...copy, claims, probe: () => ({ available: true }) } };
}
