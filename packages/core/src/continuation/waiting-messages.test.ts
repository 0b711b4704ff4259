import { describe, expect, it } from 'vitest';
import { type ContinuingNet, continuingNet } from '../../test/continuing-net.ts';
import { settle } from '../../test/secure-net.ts';
import { MOST_BYTES, MOST_MESSAGES, WaitingMessages } from './waiting-messages.ts';

const messages = ({ udp }: ContinuingNet): string[] => udp.log.flatMap((line) => /> ?\d* M(.*)$/.exec(line)?.[1] ?? []);

/** A client whose numbers are used up, and whose store answers when it is told to. */
async function waitingClient() {
  const subject = await continuingNet();
  const { client } = await subject.pair();
  await client.exportAssociation('dev-1');
  let answer = (): void => {};
  subject.store.before = () => new Promise((resolve) => (answer = resolve));
  for (let count = 0; count < 4; count++) await client.send(Buffer.from(`${count}`));
  await settle();
  const store = (): void => {
    subject.store.before = () => {};
    answer();
  };
  return { subject, client, store };
}

describe('messages that wait for the store', () => {
  it('are those that were given, whatever becomes of the buffer', async () => {
    const { subject, client, store } = await waitingClient();
    const buffer = Buffer.from('one');
    const sending = [client.send(buffer)];
    buffer.write('two');
    sending.push(client.send(buffer));
    buffer.fill(0);
    await settle();
    store();
    await Promise.all(sending);
    expect(messages(subject).slice(4)).toEqual(['one', 'two']);
  });

  it('are bounded, and who sends more is told', async () => {
    const { subject, client, store } = await waitingClient();
    const sending = Array.from({ length: MOST_MESSAGES }, () => client.send(Buffer.from('x')));
    await expect(client.send(Buffer.from('more'))).rejects.toMatchObject({
      code: 'ENOBUFS',
      operation: 'send',
      message: expect.stringMatching(/"dev-1".*await/),
    });
    store();
    await Promise.all(sending);
    await client.send(Buffer.from('again'));
    expect(messages(subject)).toHaveLength(4 + MOST_MESSAGES + 1);
  });

  it('are bounded by their bytes', async () => {
    const waiting = new WaitingMessages();
    const first = waiting.add(new Uint8Array(MOST_BYTES - 1));
    expect([waiting.hasRoom(1), waiting.hasRoom(2)]).toEqual([true, false]);
    waiting.sendOldest(() => {});
    await first;
    expect(waiting.hasRoom(MOST_BYTES)).toBe(true);
    const second = waiting.add(new Uint8Array(1));
    waiting.refuse('over');
    await expect(second).rejects.toBe('over');
    expect([waiting.length, waiting.hasRoom(MOST_BYTES)]).toEqual([0, true]);
  });

  it.each(['taken', 'refused'])('are wiped when they are %s', async (how) => {
    const waiting = new WaitingMessages();
    const left = waiting.add(Buffer.from('secret')).catch((error: Error) => error.message);
    let copy: Buffer = Buffer.alloc(0);
    waiting.sendOldest((data) => {
      copy = Buffer.from(data.buffer);
      expect(copy.toString()).toBe('secret');
      if (how === 'refused') throw new Error('refused');
    });
    expect(await left).toBe(how === 'refused' ? 'refused' : undefined);
    expect([...copy]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
