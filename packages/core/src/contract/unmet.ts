/**
 * What a configuration asks for and a backend cannot give, as data: the lines of `net.check` and of the error that
 * `createSocket` throws. Messages never show what may be a secret.
 */

import { NetError } from './error.ts';

/** One requirement that is not met. */
export interface Unmet {
  /** Where in the configuration, for example `security.key`. */
  readonly path: string;
  /** What the configuration needs there, or what would be legal. */
  readonly need: string;
  /** The claim that the backend would have to make; absent: no backend could meet it. */
  readonly claim?: string;
  /** EINVAL: the value is wrong. ENOTSUP: the backend cannot. ENOBUFS: a name is too long, as avs_net has it. */
  readonly code: 'ENOTSUP' | 'EINVAL' | 'ENOBUFS';
  readonly message: string;
}

/** A value that is wrong whatever the backend. */
export function invalid(path: string, need: string, received: string): Unmet {
  return { path, need, code: 'EINVAL', message: `${path} must be ${need}; received ${received}` };
}

/** A legal wish that the backend does not claim to fulfil. */
export function unclaimed(path: string, need: string, claim: string): Unmet {
  return {
    path,
    need,
    claim,
    code: 'ENOTSUP',
    message: `${path} needs ${need}, which the backend does not claim (${claim})`,
  };
}

/** A legal value beyond a limit of this backend. */
export function beyondLimit(path: string, need: string, claim: string, received: string): Unmet {
  const message = `${path} must be ${need} for this backend (${claim}); received ${received}`;
  return { path, need, claim, code: 'EINVAL', message };
}

/** One error for the whole list; where codes differ EINVAL wins, because no other backend would help. */
export function unmetError(operation: string, backend: string | undefined, unmet: readonly Unmet[]): NetError {
  const lines = unmet.map((line) => line.message);
  const codes = new Set(unmet.map((line) => line.code));
  return new NetError({
    code: codes.size === 1 ? unmet[0]!.code : 'EINVAL',
    operation,
    backend,
    message: lines.length === 1 ? lines[0]! : `${lines.length} requirements are not met:\n- ${lines.join('\n- ')}\n`,
    unmet,
  });
}
