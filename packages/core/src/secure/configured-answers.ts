/**
 * Answers what associations ask (`need`) from the configuration.
 */

import { isUint8Array } from 'node:util/types';
import type { AnswerNeed } from '../driver/driver-lookups.ts';
import type { ServedBy } from './listener-host.ts';

/**
 * Look-ups of a configuration; undefined: there are none. A failure looks to the peer like an unknown identity; the
 * server is told by `lookupFailed`, as a drop that is counted and as a trace event with the reason.
 */
export function answerNeeds({
  configuration: { security },
  claims,
  host,
}: Pick<ServedBy, 'configuration' | 'claims' | 'host'>): AnswerNeed | undefined {
  if (!('lookup' in security)) return undefined;
  const failed = (error: unknown): undefined => {
    host.dropped('lookupFailed');
    host.trace?.({ type: 'lookupFailed', error });
  };
  const checked = (answer: unknown): Uint8Array | undefined => {
    if (answer === undefined || (isUint8Array(answer) && answer.length > 0)) return answer;
    const given = isUint8Array(answer) ? 'an empty key' : `a value of type ${typeof answer}`;
    return failed(new TypeError(`security.lookup must give the bytes of a key or undefined, it gave ${given}`));
  };
  return (what, signal) => {
    if (what.kind !== 'psk') return undefined;
    let answer: ReturnType<typeof security.lookup>;
    try {
      answer = security.lookup(what.identity, signal);
    } catch (error) {
      return failed(error);
    }
    if (!(answer instanceof Promise)) return checked(answer);
    if (claims.server?.asyncLookup === true) {
      // Who stops because the peer has gone has not failed.
      return answer.then(checked, (error: unknown) => (signal.aborted ? undefined : failed(error)));
    }
    // Nobody waits for it: this engine has to have the key at once.
    answer.catch(() => {});
    host.dropped('asyncLookupUnclaimed');
    return undefined;
  };
}
