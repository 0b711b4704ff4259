/**
 * What the association of a socket of one peer is driven for: the handshake that is waited for, and then the socket.
 */

import type { NetError } from '../contract/error.ts';
import type { AssociationDriver } from '../driver/association-driver.ts';
import type { DriverHost } from '../driver/driver-host.ts';
import type { HandshakeOutcome } from '../driver/handshake-outcome.ts';
import type { SessionKeeping } from '../session/session-keeping.ts';
import { answerNeeds } from './look-ups.ts';
import type { SecureLinkInit } from './secure-link.ts';

export function linkDriverHost(
  init: SecureLinkInit,
  { established, failed }: HandshakeOutcome,
  keeping: SessionKeeping | undefined,
  driver: () => AssociationDriver | undefined,
): DriverHost {
  const { host, error } = init;
  const fail = (failure: NetError): void => {
    if (failed(failure)) return;
    // RFC 5246 §7.2.2: nobody may resume, or go on from, what has ended with a fatal alert.
    if (failure.alert?.level === 'fatal') {
      keeping?.forget();
      void driver()?.keeper?.forget();
    }
    host.failed(failure);
  };
  return {
    clock: host.clock,
    backend: host.backend,
    message: (bytes) => host.deliver(bytes),
    established,
    closed() {
      void driver()?.keeper?.forget();
      const message = 'the peer closed before the handshake was complete';
      if (!failed(error({ code: 'ECONNRESET', message }))) host.end();
    },
    ended() {
      const over = driver();
      if (over?.keeper !== undefined) {
        over.keeper.abandon();
        // Without a word: somebody else may go on.
        over.destroy();
      }
      host.end();
    },
    failed: fail,
    softError: (softError) => host.softError(softError),
    dropped: (reason) => host.dropped(reason),
    ...(keeping && { session: (session: Uint8Array) => keeping.save(session) }),
    answer: answerNeeds(init),
    ...(host.trace && { trace: host.trace }),
  };
}
