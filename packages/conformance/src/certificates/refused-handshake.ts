/** Handshakes that must not come to anything, and what is said of them. */

import assert from 'node:assert/strict';
import type { NetError, SecureConfiguration } from '@avs-net/core/plugin';
import { rejects } from '../expectation.ts';
import type { Stage } from '../stage.ts';

/** The client refuses: with EPROTO and an alert of its own. */
export async function refusedByClient(
  stage: Stage,
  client: Partial<SecureConfiguration>,
  server: Partial<SecureConfiguration>,
): Promise<void> {
  const error = await refusedBetween(stage, client, server, 'EPROTO');
  assertLocalAlert(stage, error);
}

export function assertLocalAlert({ clientClaims }: Stage, { alert, message }: NetError): void {
  if (clientClaims.alerts === true) assert.deepEqual([alert?.level, alert?.origin], ['fatal', 'local'], message);
}

/** Neither side may take the other for anybody. */
export async function refusedBetween(
  stage: Stage,
  ofClient: Partial<SecureConfiguration>,
  ofServer: Partial<SecureConfiguration>,
  ...codes: readonly string[]
): Promise<NetError> {
  const listener = await stage.listen(ofServer);
  let accepted = 0;
  listener.on('connection', () => {
    accepted += 1;
  });
  const socket = await stage.client.createSocket(stage.type, stage.clientConfiguration(ofClient));
  const expected = codes.length > 0 ? codes : ['EPROTO', stage.type === 'tls' ? 'ECONNRESET' : 'ETIMEDOUT'];
  const connecting = socket.connect(stage.serverHost, listener.localPort());
  // RFC 8446 §4.4.2.4: a client of TLS 1.3 has finished before its server looks at its certificate.
  const attempt = stage.type === 'tls' && codes.length === 0 ? connecting.then(() => socket.receive()) : connecting;
  const error = await rejects(attempt, ...expected);
  assert.equal(accepted, 0, 'the server accepted a client that must not be there');
  await socket.dispose();
  await listener.dispose();
  return error;
}
