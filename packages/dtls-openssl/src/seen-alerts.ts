/** The last alert of each side, as the addon reports them: level, description, 0 the peer's or 1 ours. */

import { type Alert, alert, CLOSE_NOTIFY } from '@avs-net/core/plugin';

export class SeenAlerts {
  #peer: Alert | undefined;
  #local: Alert | undefined;

  see(payload: Uint8Array): Alert {
    const seen = alert(payload[0] === 1 ? 'warning' : 'fatal', payload[1]!, payload[2] === 0 ? 'peer' : 'local');
    if (seen.origin === 'peer') this.#peer = seen;
    else this.#local = seen;
    return seen;
  }

  /** With which the peer ended the association in order. */
  get goodbye(): Alert | undefined {
    return this.#peer?.description === CLOSE_NOTIFY ? this.#peer : undefined;
  }

  /** Why an association failed: what the peer said counts more. */
  get reason(): Alert | undefined {
    return this.#peer ?? this.#local;
  }
}
