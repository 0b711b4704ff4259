/** A child process whose lines a test can wait for. Disposing it kills it and waits for its end. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Child extends AsyncDisposable {
  readonly process: ChildProcess;
  /** The first line of either output that matches, now or later; rejects when the program ends without it. */
  line(pattern: RegExp): Promise<RegExpMatchArray>;
  /** Everything printed so far. */
  output(): string;
  write(text: string): void;
  /** Resolves with the exit status when the program has ended. */
  readonly ended: Promise<number | null>;
}

export function startChild(command: string, args: readonly string[], options: StartOptions = {}): Child {
  const child = spawn(command, args, { stdio: 'pipe', ...options, env: { ...process.env, ...options.env } });
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  let over = false;
  const wake = (): void => {
    for (const watcher of [...watchers]) watcher();
  };
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      wake();
    });
  }
  const ended = new Promise<number | null>((resolve) => {
    const finish = (status: number | null): void => {
      over = true;
      resolve(status);
      wake();
    };
    child.once('close', finish);
    child.once('error', (error) => {
      lines.push(String(error));
      finish(null);
    });
  });
  // A program that has ended takes no more input; what it said tells why.
  child.stdin.on('error', () => {});
  return {
    process: child,
    ended,
    output: () => lines.join('\n'),
    write: (text) => child.stdin.write(text),
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines.map((line) => line.match(pattern)).find((match) => match !== null);
          if (!found && !over) return;
          watchers.delete(look);
          if (found) resolve(found);
          else reject(new Error(`${command} ended without printing ${pattern}:\n${lines.join('\n')}`));
        };
        watchers.add(look);
        look();
      }),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}
