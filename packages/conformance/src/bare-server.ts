/**
 * A DTLS server of one peer that answers the first ClientHello at once: no cookies, no HelloVerifyRequest, which RFC
 * 6347 §4.2.1 leaves to the server. It is an association of the peer's engine over a lower socket, without endpoint and
 * core.
 */

import {
  type Address,
  type Association,
  type ContextHost,
  type EngineErrorInit,
  type Need,
  NetError,
  type Timer,
} from '@avs-net/core/plugin';
import { IDENTITY, KEY, type Stage, Unavailable } from './stage.ts';

export interface BareServer {
  /** Messages of the peer, each answered with itself. */
  readonly messages: readonly Uint8Array[];
  close(): void;
}

/**
 * Serves whoever comes to `local`, one at a time. Throws `Unavailable` if the engine cannot do without a verified
 * hello.
 */
export async function bareServer(stage: Stage, local: Address): Promise<BareServer> {
  const { peer, clock } = stage;
  const lower = stage.network.lower({ local });
  let client: Address | undefined;
  const error = (init: EngineErrorInit): NetError => new NetError({ ...init, operation: 'accept', backend: peer.name });
  const host: ContextHost = { backend: peer.name, clock, error };
  const module = await peer.load();
  const context = await module.context(stage.serverConfiguration(), host);
  if (context.association === undefined) throw new Unavailable(`${peer.name} has no engine to serve without cookies`);
  const messages: Uint8Array[] = [];
  const answers: (() => void)[] = [];
  let timer: Timer | undefined;
  let over = false;

  /** Every call into the engine: what it asked for is answered behind it, and its deadline is followed. */
  const enter = (call: () => void): void => {
    call();
    for (let answer = answers.shift(); answer !== undefined; answer = answers.shift()) answer();
    timer?.cancel();
    timer = undefined;
    const { deadline } = association;
    if (over || deadline === undefined) return;
    timer = clock.timer(Math.max(0, deadline - clock.now()), () => enter(() => association.timeout(clock.now())));
  };

  const association: Association = context.association({
    role: 'server',
    handshakeTimeouts: stage.patience.dtlsHandshakeTimeouts!,
    lowerMtu: lower.innerMtu()!,
    error,
    output: {
      datagram: (bytes) => lower.sendTo(bytes, client!),
      message(bytes) {
        const copy = bytes.slice();
        messages.push(copy);
        answers.push(() => association.send(copy, clock.now()));
      },
      established() {},
      closed() {
        over = true;
      },
      failed() {
        over = true;
      },
      need: (id, what) => void answers.push(() => association.answer?.(id, keyOf(what), clock.now())),
      dropped() {},
    },
  });
  lower.start({
    receive(data, from) {
      client = from;
      enter(() => association.receive(data, clock.now()));
    },
    ...SILENT,
  });
  enter(() => association.start(clock.now()));
  return {
    messages,
    close() {
      over = true;
      timer?.cancel();
      association.destroy();
      context.destroy();
      lower.close();
    },
  };
}

function keyOf(what: Need): Uint8Array | undefined {
  const known = what.kind === 'psk' && new TextDecoder().decode(what.identity) === IDENTITY;
  return known ? KEY.slice() : undefined;
}

const SILENT = { end(): void {}, softError(): void {}, failed(): void {} };
