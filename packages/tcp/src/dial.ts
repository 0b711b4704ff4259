/** One attempt to reach one address, as avs_net makes it: 10 s at most. Names are resolved before. */

import { connect, type Socket } from 'node:net';
import { type Address, abortError, type Clock, formatAddress, NetError } from '@avs-net/core/plugin';

export interface DialInit {
  readonly address: Address;
  readonly backend: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** An established connection that nobody reads from yet. Rejects with the system's error, ETIMEDOUT or AbortError. */
export function dial({ address, backend, clock, signal }: DialInit): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(abortError('connect', signal, backend));
    // Half-open, so that the end of what the peer sends does not end what we send.
    const socket = connect({ ...address, allowHalfOpen: true, noDelay: true, autoSelectFamily: false });
    const settle = (error?: Error): void => {
      timer.cancel();
      signal.removeEventListener('abort', aborted);
      socket.off('connect', connected);
      if (error === undefined) {
        socket.off('error', settle);
        resolve(socket);
      } else {
        socket.destroy();
        reject(error);
      }
    };
    const connected = (): void => settle();
    const aborted = (): void => settle(abortError('connect', signal, backend));
    const timer = clock.timer(ATTEMPT, () => {
      const message = `${formatAddress(address)} did not answer within ${ATTEMPT / 1000} s`;
      settle(new NetError({ code: 'ETIMEDOUT', operation: 'connect', backend, message }));
    });
    socket.once('connect', connected);
    socket.on('error', settle);
    signal.addEventListener('abort', aborted, { once: true });
  });
}

/** Milliseconds for one address. */
const ATTEMPT = 10_000;
