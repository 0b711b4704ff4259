import type { AssociationRequest, CertificateServerInfo } from '@avs-net/core/plugin';
import { expect, it } from 'vitest';
import { answerName, NAME_NEED, NameQuestion } from './name-question.ts';
import { type NameChoice, NamedContexts } from './named-contexts.ts';
import type { Addon } from './native.ts';

/** A question whose credential takes its time. */
function bench(make: () => Promise<number> = async () => 7) {
  const freed: number[] = [];
  const told: unknown[] = [];
  const settled: (NameChoice | undefined)[] = [];
  const contexts = new NamedContexts({
    make: async () => ({ handle: await make(), idContext: Uint8Array.of(1) }),
    free: (handle) => void freed.push(handle),
  });
  const output = {
    need: (id: number) => void told.push(id),
    dropped: (reason: string) => void told.push(reason),
    trace: ({ type }: { type: string }) => void told.push(`${type} at ${question.readyAt}`),
  } as unknown as AssociationRequest['output'];
  const fallback = { context: 1, idContext: Uint8Array.of(1) };
  const serving = { contexts, fallback, now: () => 40 };
  const request = { output } as unknown as AssociationRequest;
  const question: NameQuestion = new NameQuestion(serving, request, (choice) => void settled.push(choice));
  question.ask(Buffer.from('a.example'), 0);
  const answer = () => question.answer({ mode: 'certificate' } as CertificateServerInfo, 0);
  return { answer, contexts, freed, output, question, settled, told };
}

const turn = () => new Promise(setImmediate);

it('is settled in a call, after a report that makes its driver read the deadline', async () => {
  const { answer, contexts, freed, question, settled, told } = bench();
  answer();
  await turn();
  expect([told, settled]).toEqual([[NAME_NEED, 'nameAnswered at 40'], []]);
  contexts.destroy();
  expect(freed).toEqual([]);
  question.settle(41);
  expect([settled[0]?.context, question.readyAt, freed]).toEqual([7, undefined, [7]]);
});

it('refuses the name, and says so, where its credential cannot be read', async () => {
  const { answer, question, settled, told } = bench(() => Promise.reject(new Error('no such file')));
  answer();
  await turn();
  expect(told).toEqual([NAME_NEED, 'lookupFailed', 'lookupFailed at 40']);
  question.settle(41);
  expect(settled).toEqual([undefined]);
});

it('refuses the name where the wait is over before the credential is there, which is then left alone', async () => {
  const { answer, contexts, freed, question, settled, told } = bench();
  answer();
  question.settle(10);
  question.close();
  contexts.destroy();
  await turn();
  expect([settled, told, freed]).toEqual([[undefined], [NAME_NEED], [7]]);
});

it('gives back what came before its association was over, and makes nothing afterwards', async () => {
  const { answer, contexts, freed, question, settled } = bench();
  answer();
  await turn();
  contexts.destroy();
  question.close();
  answer();
  await turn();
  expect([settled, freed]).toEqual([[], [7]]);
});

it('refuses the name where its context is none any more', () => {
  const { output, told } = bench();
  const answered: number[] = [];
  const addon = {
    answerServerName(_handle: number, context: number): number {
      answered.push(context);
      if (context !== 0) throw new RangeError('context must be the handle of a context');
      return 5;
    },
  } as unknown as Addon;
  const choice = { context: 7, idContext: Uint8Array.of(1) };
  expect(answerName(addon, 1, choice, new Uint8Array(9), output)).toBe(5);
  expect([answered, told.slice(1)]).toEqual([
    [7, 0],
    ['lookupFailed', 'lookupFailed at undefined'],
  ]);
});
