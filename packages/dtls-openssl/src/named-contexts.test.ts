import type { CertificateServerInfo } from '@avs-net/core/plugin';
import { describe, expect, it } from 'vitest';
import { type NameChoice, type NamedContext, NamedContexts } from './named-contexts.ts';

const credential = (): CertificateServerInfo => ({ mode: 'certificate' }) as CertificateServerInfo;

/** Contexts that are numbers, and what is alive of them. */
function bench() {
  const alive = new Set<number>();
  const asked: string[] = [];
  let last = 0;
  const trouble = { fail: false };
  const contexts = new NamedContexts({
    async make(_info, path): Promise<NamedContext> {
      asked.push(path);
      await undefined;
      if (trouble.fail) throw new Error('no such file');
      last += 1;
      alive.add(last);
      return { handle: last, idContext: Uint8Array.of(last) };
    },
    free: (handle) => void alive.delete(handle),
  });
  const choose = async (info: CertificateServerInfo, name = 'a.example'): Promise<NameChoice> => {
    const { release, ...choice } = await contexts.choose(info, name);
    release?.();
    return choice;
  };
  return { alive, asked, contexts, choose, trouble };
}

describe('contexts of names', () => {
  it('are made once for each credential, however many names and clients it has', async () => {
    const { asked, choose, contexts } = bench();
    const [one, two] = [credential(), credential()];
    const both = await Promise.all([choose(one), choose(one, 'b.example')]);
    expect(both.map(({ context }) => context)).toEqual([1, 1]);
    expect((await choose(two)).context).toBe(2);
    expect(contexts.choose(one, 'a.example')).toEqual(both[0]);
    expect(asked).toEqual(['server.names()', 'server.names()']);
  });

  it('bind sessions to the name and to the credential', async () => {
    const { choose } = bench();
    const one = credential();
    const ids = [await choose(one), await choose(one, 'b.example'), await choose(credential())];
    expect(new Set(ids.map(({ idContext }) => Buffer.from(idContext).toString('hex'))).size).toBe(3);
    expect(ids.map(({ idContext }) => idContext.length)).toEqual([32, 32, 32]);
  });

  it('of a table are there from the start, under the place of each', async () => {
    const { asked, contexts, alive } = bench();
    const one = credential();
    await contexts.load({ 'a.example': one });
    expect(asked).toEqual(['server.names["a.example"]']);
    expect(contexts.choose(one, 'a.example')).toMatchObject({ context: 1 });
    contexts.destroy();
    expect(alive.size).toBe(0);
  });

  it('stay few where a function gives another credential every time; those in use go last', async () => {
    const { alive, choose, contexts } = bench();
    const used = credential();
    for (let count = 0; count < 1_000; count++) {
      expect((await choose(used)).context).toBe(1);
      await choose(credential());
    }
    expect(alive.size).toBe(256);
    expect(alive.has(1)).toBe(true);
    contexts.destroy();
    expect(alive.size).toBe(0);
  });

  it('live until the last who uses them has done so, however many are made at once', async () => {
    const { alive, contexts } = bench();
    const both = credential();
    const infos = [both, both, ...Array.from({ length: 300 }, credential)];
    const choices = await Promise.all(infos.map((info) => contexts.choose(info, 'a.example')));
    expect(choices.filter(({ context }) => !alive.has(context))).toEqual([]);
    const { context } = choices[0]!;
    choices[0]!.release!();
    choices[0]!.release!();
    expect(alive.has(context)).toBe(true);
    choices[1]!.release!();
    expect(alive.has(context)).toBe(false);
    for (const { release } of choices) release!();
    expect(alive.size).toBe(256);
    contexts.destroy();
    expect(alive.size).toBe(0);
  });

  it('are tried again after a failure, of which nothing stays', async () => {
    const { alive, choose, trouble } = bench();
    const info = credential();
    trouble.fail = true;
    await expect(choose(info)).rejects.toThrow('no such file');
    trouble.fail = false;
    expect((await choose(info)).context).toBe(1);
    expect(alive.size).toBe(1);
  });

  it('that are still being made are freed when they come after the end', async () => {
    const { alive, choose, contexts } = bench();
    const late = choose(credential());
    contexts.destroy();
    expect(await late).toMatchObject({ context: 1 });
    await new Promise(setImmediate);
    expect(alive.size).toBe(0);
  });
});
