/**
 * A handshake as a promise: established, failed, or given up by its signal.
 */

import type { NetError } from '../contract/error.ts';

export interface HandshakeOutcome {
  established(): void;
  /** False: it was established before, so that this is somebody else's to report. */
  failed(error: NetError): boolean;
}

/** Runs `begin`. If it is not established, `abandon` frees what `begin` made before the promise rejects. */
export function handshake(
  signal: AbortSignal,
  abandon: () => void,
  begin: (outcome: HandshakeOutcome) => void,
): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    let isPending = true;
    const settle = (): boolean => {
      const first = isPending;
      isPending = false;
      signal.removeEventListener('abort', giveUp);
      return first;
    };
    const refuse = (error: unknown): boolean => {
      if (!settle()) return false;
      abandon();
      reject(error);
      return true;
    };
    const giveUp = (): void => void refuse(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      signal.throwIfAborted();
      begin({
        established: () => {
          if (settle()) resolve();
        },
        failed: refuse,
      });
    } catch (error) {
      refuse(error);
    }
  });
}
