/**
 * The protocol of limits and exports as a state machine without code: processes, one place in a store, calls under way.
 * Small enough to visit every state that a bounded number of steps leads to, and each rule of it can be broken.
 */

/** What may be broken; all of them hold in the real protocol. */
export interface Rules {
  /** The bound rises when the store has answered. */
  readonly awaitsAnswer: boolean;
  /** A state takes the place of a placeholder, which is put there by one call. */
  readonly usesPlaceholder: boolean;
  /** A call without an answer is repeated as it was; broken: it counts as done. */
  readonly repeatsUnknown: boolean;
  /** Nothing is sent after the last export. */
  readonly obeysFinal: boolean;
  /** Whoever lost the place sends no more. */
  readonly obeysRefusal: boolean;
}

export const REAL: Rules = {
  awaitsAnswer: true,
  usesPlaceholder: true,
  repeatsUnknown: true,
  obeysFinal: true,
  obeysRefusal: true,
};

/** An entry: where its successor begins, or a placeholder (-1); `name` tells entries apart. */
interface Entry {
  readonly name: number;
  readonly first: number;
}

interface Process {
  /** Next number, and the first that may not be used. */
  readonly next: number;
  readonly limit: number;
  /** What it believes to be in the store, and what it wants there. */
  readonly stored: Entry | undefined;
  readonly wanted: Entry | undefined;
  readonly phase: 'idle' | 'occupying' | 'putting' | 'over';
  readonly final: boolean;
  /** It has been stored once, so that it may send. */
  readonly ready: boolean;
}

interface Call {
  readonly by: number;
  readonly expected: Entry | undefined;
  readonly entry: Entry;
}

interface State {
  readonly place: Entry | undefined;
  readonly processes: readonly (Process | undefined)[];
  readonly calls: readonly Call[];
  readonly used: readonly number[];
  readonly names: number;
}

export interface Finding {
  readonly states: number;
  /** The steps to a number that was used twice; undefined: there is none. */
  readonly story: readonly string[] | undefined;
}

/** Visits what `steps` steps of at most `processes` processes can lead to. */
export function explore(rules: Rules, steps: number, processes = 3): Finding {
  const begin: State = { place: undefined, processes: [fresh(0, true)], calls: [], used: [], names: 1 };
  let frontier: [State, readonly string[]][] = [[begin, []]];
  const seen = new Set<string>();
  for (let depth = 0; depth < steps; depth++) {
    const next: typeof frontier = [];
    for (const [state, story] of frontier) {
      for (const [step, after] of successors(state, rules, processes)) {
        if (after === undefined) return { states: seen.size, story: [...story, step] };
        const key = canonical(after);
        if (seen.has(key)) continue;
        seen.add(key);
        next.push([after, [...story, step]]);
      }
    }
    frontier = next;
  }
  return { states: seen.size, story: undefined };
}

/** Undefined instead of a state: a number was used twice. */
function* successors(state: State, rules: Rules, most: number): Generator<[string, State | undefined]> {
  const { place, processes, calls } = state;
  for (const [index, process] of processes.entries()) {
    if (process === undefined) continue;
    const change = (to: Process | undefined, more: Partial<State> = {}): State => ({
      ...state,
      ...more,
      processes: processes.with(index, to),
    });
    const may =
      process.ready && (process.phase !== 'over' || !rules.obeysRefusal) && (!process.final || !rules.obeysFinal);
    if (may && process.next < process.limit) {
      const used = state.used.includes(process.next);
      yield [
        `${index} sends ${process.next}`,
        used ? undefined : change({ ...process, next: process.next + 1 }, { used: [...state.used, process.next] }),
      ];
    }
    if (process.phase === 'idle' && !process.final) {
      yield [`${index} exports`, exported(state, index, process, rules, false)];
      if (process.ready) yield [`${index} exports for good`, exported(state, index, process, rules, true)];
    }
    yield [`${index} crashes`, change(undefined)];
  }
  for (const [index, call] of calls.entries()) {
    const rest = calls.toSpliced(index, 1);
    const did = same(place, call.expected) || same(place, call.entry);
    const after: State = { ...state, place: did ? call.entry : place, calls: rest };
    const what = `call ${call.entry.name} of ${call.by}`;
    yield [`${what} is ${did ? 'done' : 'refused'}`, answered(after, call, did, rules)];
    yield [`${what} is ${did ? 'done' : 'refused'}, not told`, answered(after, call, undefined, rules)];
    yield [`${what} is lost`, answered({ ...state, calls: rest }, call, undefined, rules)];
  }
  if (place !== undefined && processes.length < most) {
    // A placeholder is nothing to go on from.
    const more = place.first < 0 ? processes : [...processes, fresh(place.first, false)];
    yield ['somebody takes', { ...state, place: undefined, processes: more }];
  }
}

function fresh(next: number, ready: boolean): Process {
  const limit = ready ? 99 : next + 99;
  return { next, limit, stored: undefined, wanted: undefined, phase: 'idle', final: false, ready };
}

function exported(state: State, index: number, process: Process, rules: Rules, final: boolean): State {
  if (process.stored === undefined && rules.usesPlaceholder) {
    const placeholder = { name: state.names, first: -1 };
    const occupying: Process = { ...process, phase: 'occupying', final, wanted: placeholder };
    return asked({ ...state, names: state.names + 1 }, index, occupying, {
      by: index,
      expected: undefined,
      entry: placeholder,
    });
  }
  return put(state, index, { ...process, final }, rules);
}

function put(state: State, index: number, process: Process, rules: Rules): State {
  const first = process.next + (process.final ? 0 : RESERVE);
  const entry = { name: state.names, first };
  if (process.final && !rules.obeysFinal) {
    return asked(
      { ...state, names: state.names + 1 },
      index,
      { ...process, phase: 'putting', wanted: entry },
      { by: index, expected: process.stored, entry },
    );
  }
  const bound = rules.awaitsAnswer ? Math.min(process.limit, first) : first + RESERVE;
  const putting: Process = { ...process, phase: 'putting', wanted: entry, limit: bound };
  return asked({ ...state, names: state.names + 1 }, index, putting, { by: index, expected: process.stored, entry });
}

/** `did` undefined: nobody knows. */
function answered(state: State, { by, expected, entry }: Call, did: boolean | undefined, rules: Rules): State {
  const process = state.processes[by];
  if (process === undefined || process.wanted?.name !== entry.name) return state;
  if (process.phase === 'occupying') {
    if (did === true) return put(state, by, { ...process, stored: entry }, rules);
    // Whether a placeholder is there is asked by a call that changes nothing: here it is given up.
    return { ...state, processes: state.processes.with(by, { ...process, phase: 'over' }) };
  }
  if (did === true) {
    const stored: Process = {
      ...process,
      phase: 'idle',
      stored: entry,
      wanted: undefined,
      limit: entry.first,
      ready: true,
    };
    return { ...state, processes: state.processes.with(by, stored) };
  }
  if (did === undefined && rules.repeatsUnknown) return asked(state, by, process, { by, expected, entry });
  if (did === undefined) return put(state, by, { ...process, stored: entry, limit: entry.first, ready: true }, rules);
  return {
    ...state,
    processes: state.processes.with(by, { ...process, phase: 'over', limit: rules.obeysRefusal ? process.limit : 99 }),
  };
}

function asked(state: State, index: number, process: Process, call: Call): State {
  return { ...state, processes: state.processes.with(index, process), calls: [...state.calls, call] };
}

/** The same for states that differ in the names of entries only. */
function canonical({ names: _, used, ...state }: State): string {
  const known = new Map<number, number>();
  const rename = (name: string, value: unknown): unknown => {
    if (name !== 'name') return value;
    if (!known.has(value as number)) known.set(value as number, known.size);
    return known.get(value as number);
  };
  return JSON.stringify([state, [...used].sort()], rename);
}

function same(one: Entry | undefined, other: Entry | undefined): boolean {
  return one?.name === other?.name;
}

const RESERVE = 1;
