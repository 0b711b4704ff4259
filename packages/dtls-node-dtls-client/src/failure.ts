/**
 * What to say of an association that failed, and what to try next. The usual sign of a wrong key is nothing at all: the
 * server cannot read Finished and drops it.
 */

import { type Alert, alert, type EngineErrorInit } from '@avs-net/core/plugin';
import type { Stage } from './handshake.ts';
import type { Unacceptable } from './server-message.ts';

/** How far a handshake has come. */
export interface Progress {
  readonly stage: Stage;
  readonly cookieSent: boolean;
}

/** Nobody answered the last flight, which was sent `attempts` times. */
export function silence({ stage, cookieSent }: Progress, attempts: number, waitedMs: number): EngineErrorInit {
  const sent = `sent ${attempts} ${attempts === 1 ? 'time' : 'times'} in ${Math.round(waitedMs)} ms`;
  return { code: 'ETIMEDOUT', message: explain(stage, cookieSent, sent) };
}

function explain(stage: Stage, cookieSent: boolean, sent: string): string {
  if (stage === 'parameters') return `the server's answer to ClientHello stayed incomplete (ClientHello ${sent})`;
  if (stage !== 'hello') return `no answer after ClientKeyExchange (${sent}): key or identity may be wrong`;
  return cookieSent
    ? `no answer to ClientHello with cookie (${sent}): the server may not share a ciphersuite or not speak PSK`
    : `no answer to ClientHello (${sent}): is a DTLS server listening there, and do datagrams get through?`;
}

/** The peer sent an alert that ends the association. */
export function alerted(level: number, description: number, during: 'handshake' | 'established'): EngineErrorInit {
  const received = alert(level === FATAL ? FATAL : WARNING, description, 'peer');
  const hint = during === 'handshake' ? HINTS[description] : undefined;
  const message = `the server sent ${received.level} alert ${received.name} (${description})`;
  return { code: 'EPROTO', message: hint === undefined ? message : `${message}: ${hint}`, alert: received };
}

/** The server wants what was not offered. */
export function refused({ alert: description, message }: Unacceptable): EngineErrorInit & { readonly alert: Alert } {
  return { code: 'EPROTO', message, alert: alert('fatal', description, 'local') };
}

/** The server's Finished does not match what was said before it. */
export function unconfirmed(cause: Error): EngineErrorInit {
  return {
    code: 'EPROTO',
    message: 'the server does not confirm the handshake as this side saw it; somebody may have changed it on its way',
    alert: alert('fatal', DECRYPT_ERROR, 'local'),
    library: { code: LIBRARY, text: cause.message },
    cause,
  };
}

/** The library threw where it does not know what to do. */
export function thrown(cause: unknown): EngineErrorInit {
  const text = cause instanceof Error ? cause.message : String(cause);
  return { code: 'EPROTO', message: `node-dtls-client gave up: ${text}`, library: { code: LIBRARY, text }, cause };
}

export const WARNING = 1;
export const FATAL = 2;

const DECRYPT_ERROR = 51;
const LIBRARY = 'node-dtls-client';

/** By AlertDescription. */
const HINTS: Readonly<Record<number, string>> = {
  0: 'it gave up the handshake',
  20: 'the key may be wrong',
  40: 'it may not share a ciphersuite, or not take this identity or key',
  47: 'it may not take this identity',
  51: 'the key may be wrong',
  70: 'it does not speak DTLS 1.2',
  71: 'it wants stronger ciphersuites than were offered',
  115: 'it does not know the identity',
};
