import { describe, expect, it } from 'vitest';
import { associationPair } from '../test/association-pair.ts';

describe('a PSK handshake', () => {
  it('is done in four flights and carries data both ways', async () => {
    const pair = await associationPair();
    expect(pair.run()).toBe(true);
    pair.client.say('hello');
    pair.server.say('welcome');
    pair.wait(0);
    expect(pair.server.messages).toEqual(['hello']);
    expect(pair.client.messages).toEqual(['welcome']);
  });
});
