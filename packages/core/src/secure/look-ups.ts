/**
 * Questions of an association that the configuration answers: keys of PSK identities, credentials of server names. A
 * failure looks to the peer like an unknown identity or name; the server is told by `lookupFailed`, as a drop that is
 * counted and as a trace event with the reason.
 */

import { isUint8Array } from 'node:util/types';
import { checkNamedCredential } from '../check/name-check.ts';
import type { SocketHost } from '../contract/backend.ts';
import type { Claims } from '../contract/claims.ts';
import type { SecureConfiguration } from '../contract/configuration.ts';
import { pskServerOf } from '../contract/security.ts';
import { nameTable } from '../contract/server-name.ts';
import { unmetError } from '../contract/unmet.ts';
import type { Answer, AnswerNeed } from '../driver/driver-lookups.ts';

/** Whose questions are answered. */
export interface LookUpServer {
  readonly configuration: SecureConfiguration;
  readonly claims: Claims;
  readonly host: SocketHost;
}

/** Undefined: there is nothing to look up. */
export function answerNeeds({ configuration, claims, host }: LookUpServer): AnswerNeed | undefined {
  const { security, server } = configuration;
  const psk = pskServerOf(security);
  const names = server?.names;
  if (psk === undefined && names === undefined) return undefined;
  const failed = (error: unknown): undefined => {
    host.dropped('lookupFailed');
    host.trace?.({ type: 'lookupFailed', error });
  };
  const isLateAllowed = claims.server?.asyncLookup === true;
  const ask = <T extends Answer>(
    look: () => T | Promise<T>,
    checked: (answer: unknown) => Answer,
    signal: AbortSignal,
  ): Answer | Promise<Answer> => {
    let answer: T | Promise<T>;
    try {
      answer = look();
    } catch (error) {
      return failed(error);
    }
    if (!(answer instanceof Promise)) return checked(answer);
    if (isLateAllowed) {
      // Who stops because the peer has gone has not failed.
      return answer.then(checked, (error: unknown) => (signal.aborted ? undefined : failed(error)));
    }
    // Nobody waits for it: this engine has to have the answer at once.
    answer.catch(() => {});
    host.dropped('asyncLookupUnclaimed');
    return undefined;
  };
  const checkedKey = (answer: unknown): Answer => {
    if (answer === undefined || (isUint8Array(answer) && answer.length > 0)) return answer;
    const given = isUint8Array(answer) ? 'an empty key' : `a value of type ${typeof answer}`;
    return failed(new TypeError(`security.lookup must give the bytes of a key or undefined, it gave ${given}`));
  };
  const checkedCredential = (answer: unknown): Answer => {
    const unmet = answer === undefined ? [] : checkNamedCredential(answer, claims, 'what server.names gave');
    return unmet.length === 0 ? (answer as Answer) : failed(unmetError('accept', host.backend, unmet));
  };
  const table = typeof names === 'object' ? nameTable(names) : undefined;
  return (what, signal) => {
    if (what.kind === 'psk') return psk && ask(() => psk.lookup(what.identity, signal), checkedKey, signal);
    if (what.kind !== 'sni') return undefined;
    if (table !== undefined) return table(what.name);
    return typeof names === 'function' ? ask(() => names(what.name, signal), checkedCredential, signal) : undefined;
  };
}
