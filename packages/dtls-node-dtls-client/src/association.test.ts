import { describe, expect, it } from 'vitest';
import { pair } from '../test/pair.ts';

describe('handshake', () => {
  it('goes', () => {
    const { client, server, shake, run } = pair();
    shake();
    expect(client.failed).toBeUndefined();
    expect(client.established).toBe(true);
    client.send(Buffer.from('ping'));
    server.send(Buffer.from('pong'));
    run();
    expect(server.messages.map(String)).toEqual(['ping']);
    expect(client.messages.map(String)).toEqual(['pong']);
    console.log(
      client.drops,
      client.association.info(),
      client.sent.map((x) => x.length),
    );
  });
});
