import { describe, expect, it } from 'vitest';
import { reassembly } from './reassembly.ts';
import type { HandshakeFragment } from './record.ts';

function piece(messageSeq: number, total: number, offset: number, text: string, type = 12): HandshakeFragment {
  return { messageSeq, type, total, offset, body: Buffer.from(text) };
}

describe('reassembly', () => {
  it.each([
    { name: 'whole', pieces: [piece(0, 6, 0, 'abcdef')] },
    { name: 'in order', pieces: [piece(0, 6, 0, 'abc'), piece(0, 6, 3, 'def')] },
    { name: 'out of order', pieces: [piece(0, 6, 4, 'ef'), piece(0, 6, 0, 'ab'), piece(0, 6, 2, 'cd')] },
    { name: 'overlapping', pieces: [piece(0, 6, 0, 'abcd'), piece(0, 6, 2, 'cdef')] },
    { name: 'repeated', pieces: [piece(0, 6, 0, 'abc'), piece(0, 6, 0, 'abc'), piece(0, 6, 3, 'def')] },
    { name: 'after a forged beginning of another length', pieces: [piece(0, 9, 0, 'xxx'), piece(0, 6, 0, 'abcdef')] },
    { name: 'after a forged beginning of another type', pieces: [piece(0, 6, 0, 'xxx', 2), piece(0, 6, 0, 'abcdef')] },
  ])('completes a message: $name', ({ pieces }) => {
    const messages = reassembly(0);
    for (const [index, each] of pieces.entries()) {
      expect(messages.peek()).toBeUndefined();
      expect(messages.add(each), `piece ${index}`).toBeUndefined();
    }
    const { body, ...rest } = messages.peek()!;
    expect(Buffer.from(body).toString()).toBe('abcdef');
    expect(rest).toEqual({ type: 12, messageSeq: 0 });
  });

  it.each([
    { name: 'a handled number', fragment: piece(4, 1, 0, 'x'), reason: 'repeatedMessage' },
    { name: 'a complete message', fragment: piece(5, 1, 0, 'x'), reason: 'repeatedMessage' },
    { name: 'a number far ahead', fragment: piece(8, 1, 0, 'x'), reason: 'messageNumber' },
    { name: 'a message that is too long', fragment: piece(6, 4097, 0, 'x'), reason: 'messageTooLong' },
    { name: 'a fragment of no bytes', fragment: piece(6, 4, 0, ''), reason: 'malformedFragment' },
  ])('refuses $name', ({ fragment, reason }) => {
    const messages = reassembly(5);
    messages.add(piece(5, 1, 0, 'y'));
    expect(messages.add(fragment)).toBe(reason);
    expect(Buffer.from(messages.peek()!.body).toString()).toBe('y');
  });

  it('gives messages in order', () => {
    const messages = reassembly(0);
    messages.add(piece(1, 1, 0, 'b'));
    expect(messages.peek()).toBeUndefined();
    messages.add(piece(0, 1, 0, 'a'));
    expect(messages.peek()!.messageSeq).toBe(0);
    messages.accept();
    expect(messages.peek()!.messageSeq).toBe(1);
    messages.accept();
    expect(messages.due).toBe(2);
  });

  it('waits for another message in the place of one that was thrown out', () => {
    const messages = reassembly(0);
    messages.add(piece(0, 1, 0, 'x'));
    messages.discard();
    expect(messages.peek()).toBeUndefined();
    expect(messages.add(piece(0, 1, 0, 'a'))).toBeUndefined();
    expect(Buffer.from(messages.peek()!.body).toString()).toBe('a');
  });

  it('copies', () => {
    const messages = reassembly(0);
    const body = Buffer.from('a');
    messages.add({ ...piece(0, 1, 0, ''), body });
    body.fill(0);
    expect(Buffer.from(messages.peek()!.body).toString()).toBe('a');
  });
});
