/** What every `resolve…` function takes beside the credential. */

import type { Place } from './credential-error.ts';
import type { KeyEngine } from './key-engine.ts';

export interface ResolveOptions {
  /** Answers for credentials with source `engine`; without it they are ENOTSUP. */
  readonly engine?: KeyEngine | undefined;
  /** Operation that errors name; default the function itself. Backends say `createSocket`. */
  readonly operation?: string | undefined;
  /** Where the credential stands in the caller's argument, such as `security.trustedCerts`; errors begin with it. */
  readonly path?: string | undefined;
}

export function startingPlace(options: ResolveOptions, operation: string, path: string): Place {
  return { operation: options.operation ?? operation, path: options.path ?? path };
}
