/**
 * What a socket counts: payload as it crosses the guarded socket, and what was dropped, by reason. On transports these
 * are the options bytesSent and bytesReceived: monotonic, never reset, unlike the C original counting every byte once.
 */

/** `socket.stats()`. Received messages are counted on arrival, also those that are dropped afterwards. */
export interface SocketStatistics {
  readonly messagesSent: number;
  readonly bytesSent: number;
  readonly messagesReceived: number;
  readonly bytesReceived: number;
  readonly dropped: Readonly<Record<string, number>>;
  /** Counters of the backend. */
  readonly [counter: string]: number | Readonly<Record<string, number>>;
}

export class SocketCounters {
  messagesSent = 0;
  bytesSent = 0;
  messagesReceived = 0;
  bytesReceived = 0;
  #dropped: Map<string, number> | undefined;

  drop(reason: string): void {
    this.#dropped ??= new Map();
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + 1);
  }

  /** Everything in one object, with the counters of the backend; ours win over theirs of the same name. */
  read(backend: Readonly<Record<string, number>> = {}): SocketStatistics {
    return {
      ...backend,
      messagesSent: this.messagesSent,
      bytesSent: this.bytesSent,
      messagesReceived: this.messagesReceived,
      bytesReceived: this.bytesReceived,
      dropped: Object.fromEntries(this.#dropped ?? []),
    };
  }
}
