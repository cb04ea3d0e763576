/**
 * Walks through every way in which real asynchronous code can interleave. A process is an async function that touches the
 * world only through steps: at each step somebody else may come first, and after each that has changed the world the process
 * may die. Because of that its next step follows from the answers that it got so far, and what a step does follows from the
 * world that it finds: each is found out once, by running the code, and from then on the walk is one over numbers.
 */

/** What a process wants to do next. */
export interface Step<World> {
  readonly name: string;
  /** Done in one piece: nobody else comes in between. The answer is a value, and nobody changes it. */
  perform(world: World): Promise<unknown>;
  /** Undefined: at any time. */
  possible?(world: World): boolean;
  /** From here on the process is as if it began anew: what it was answered before does not matter any more. */
  readonly anew?: boolean;
}

/** Puts a step to the explorer; the answer comes when its time has come, or never. */
export type Take<World> = (step: Step<World>) => Promise<unknown>;
export type Process<World> = (take: Take<World>) => Promise<void>;

export interface Scene<World> {
  readonly world: World;
  /** A copy that can be changed without changing the original. */
  copy(world: World): World;
  /** The same for equal worlds, and for no others. */
  key(world: World): string;
  /**
   * Each is begun anew whenever its next step is found out: it may hold no state of its own. The same function twice is the
   * same message twice; which of the two is where makes no difference.
   */
  readonly processes: Readonly<Record<string, Process<World>>>;
  /** Things that happen once, at any time. */
  readonly events: Readonly<Record<string, (world: World) => Promise<void>>>;
  /** What goes on beside: done whenever it is possible, any number of times. */
  readonly background: (world: World) => ((world: World) => void) | undefined;
  /** How many of the processes may die on the way; each begins again then. */
  readonly crashes: number;
  /** Called for each change of the world; throws when something is wrong. */
  check(before: World, after: World): void;
  /** Called for each world in which nothing is left to happen. */
  checkEnd(world: World): Promise<void>;
}

export interface Explored {
  /** What the processes know, what the world is, what is still to come: so many combinations of these. */
  readonly states: number;
  readonly worlds: number;
  /** Worlds in which nothing is left to happen. */
  readonly ends: number;
}

/** A violation, with a shortest way to it. */
export class Violation extends Error {
  override readonly name = 'Violation';
  constructor(cause: unknown, way: readonly string[]) {
    super(`${(cause as Error).message}\nafter:\n  ${way.join('\n  ')}`, { cause });
  }
}

/** Numbers for things: the same for the same key. */
function numbering<T>(): { of(key: string, thing: () => T): number; readonly things: T[] } {
  const numbers = new Map<string, number>();
  const things: T[] = [];
  return {
    things,
    of(key, thing) {
      const known = numbers.get(key);
      if (known !== undefined) return known;
      things.push(thing());
      numbers.set(key, things.length - 1);
      return things.length - 1;
    },
  };
}

/** Where a process stands. */
interface Place<World> {
  readonly answers: readonly number[];
  /** Undefined: not found out yet; null: there is none, it is done. */
  step?: Step<World> | null;
}

interface Effect {
  readonly world: number;
  readonly place: number;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** Places of one process have numbers below this, so that those of three fit into one number beside one another. */
const maxPlaces = 2 ** 17;
const done = 0;
const begun = 1;

/** One message: all places at which its handler can stand, and what it does from there. */
function handlerOf<World>(
  process: Process<World>,
  answers: ReturnType<typeof numbering<unknown>>,
  change: (
    world: number,
    by: (world: World) => Promise<unknown>,
  ) => Promise<{ world: number; answer: unknown }>,
  worldOf: (world: number) => World,
) {
  const places = numbering<Place<World>>();
  places.of('done', () => ({ answers: [], step: null }));
  const effects = new Map<number, Effect | 'impossible'>();

  /** Runs the process up to its next step, with the answers that it got so far. */
  const nextStep = async (known: readonly number[]): Promise<Step<World> | null> => {
    let wanted: Step<World> | null = null;
    let failure: { readonly error: unknown } | undefined;
    let answered = 0;
    process((step) => {
      const at = answered;
      answered += 1;
      const answer = known[at];
      if (answer !== undefined) return Promise.resolve(answers.things[answer]);
      // Of several at once the first: the others come in their turn.
      wanted ??= step;
      return new Promise<never>(() => undefined);
    }).catch((error: unknown) => {
      failure = { error };
    });
    await turn();
    if (failure) throw failure.error;
    return wanted;
  };
  const placeOf = (known: readonly number[]): number => places.of(known.join(), () => ({ answers: known }));
  placeOf([]);

  const stepAt = async (place: number): Promise<Step<World> | null> => {
    const standing = places.things[place];
    if (!standing || places.things.length > maxPlaces) throw new Error('too many places');
    return (standing.step ??= standing.step === null ? null : await nextStep(standing.answers));
  };

  return {
    nameAt: (place: number): string => places.things[place]?.step?.name ?? 'nothing',
    stepAt,
    known: (place: number, world: number): Effect | 'impossible' | undefined =>
      effects.get(world * maxPlaces + place),
    /** What the next step at `place` comes to in `world`. */
    async effect(place: number, world: number): Promise<Effect | 'impossible'> {
      const step = await stepAt(place);
      let effect: Effect | 'impossible' = 'impossible';
      if (step && step.possible?.(worldOf(world)) !== false) {
        const { world: after, answer } = await change(world, (copy) => step.perform(copy));
        const number = answers.of(answer === undefined ? '' : JSON.stringify(answer), () => answer);
        const known = step.anew === true ? [] : (places.things[place]?.answers ?? []);
        const next = placeOf([...known, number]);
        effect = { world: after, place: (await stepAt(next)) ? next : done };
      }
      effects.set(world * maxPlaces + place, effect);
      return effect;
    },
  };
}

/** Every state that can be reached, breadth first: the first way to a violation is a shortest one. */
export async function explore<World>(scene: Scene<World>): Promise<Explored> {
  const worlds = numbering<World>();
  const answers = numbering<unknown>();
  const worldOf = (number: number): World => worlds.things[number] as World;
  /** The world after a change, checked; a violation is told with the way to the state that is being looked at. */
  const change = async (
    number: number,
    by: (world: World) => Promise<unknown>,
  ): Promise<{ world: number; answer: unknown }> => {
    const copy = scene.copy(worldOf(number));
    const answer = await by(copy);
    const after = worlds.of(scene.key(copy), () => copy);
    if (after !== number) scene.check(worldOf(number), worldOf(after));
    return { world: after, answer };
  };

  const names = Object.keys(scene.processes);
  if (names.length > 3) throw new Error('three processes at most');
  const processes = Object.values(scene.processes);
  const handlers: ReturnType<typeof handlerOf<World>>[] = [];
  for (const process of processes)
    handlers.push(handlers[processes.indexOf(process)] ?? handlerOf(process, answers, change, worldOf));
  const events = Object.entries(scene.events);
  /** What happens beside the processes: what it comes to, by the world before. */
  const beside = new Map<string, number>();
  const happens = async (
    what: string,
    world: number,
    by: (copy: World) => Promise<void>,
  ): Promise<number> => {
    const name = `${what} ${world}`;
    const after = beside.get(name) ?? (await change(world, by)).world;
    beside.set(name, after);
    return after;
  };

  // A state in two numbers: the world and what may still happen; the places of the processes.
  const eventSets = 2 ** events.length;
  const lefts = eventSets * (scene.crashes + 1);
  const outer: number[] = [];
  const inner: number[] = [];
  const seen = new Map<number, Set<number>>();
  /** How each state was come to: from which, and by what. */
  const parents: number[] = [];
  const deeds: ((places: readonly number[]) => string)[] = [];
  const worldAt = (state: number): number => Math.floor((outer[state] ?? 0) / lefts);
  const placesAt = (state: number): number[] =>
    names.map((_, i) => Math.floor((inner[state] ?? 0) / maxPlaces ** (names.length - 1 - i)) % maxPlaces);

  /** The same message twice: which of its two handlers is where makes no difference. */
  const packed = (places: readonly number[]): number => {
    const sorted = [...places];
    for (let left = 0; left < sorted.length; left += 1)
      for (let right = left + 1; right < sorted.length; right += 1) {
        const [a = 0, b = 0] = [sorted[left], sorted[right]];
        if (processes[left] === processes[right] && a > b) [sorted[left], sorted[right]] = [b, a];
      }
    return sorted.reduce((sum, place) => sum * maxPlaces + place, 0);
  };
  const enter = (
    world: number,
    left: number,
    places: readonly number[],
    parent: number,
    deed: (places: readonly number[]) => string,
  ): void => {
    const [a, b] = [world * lefts + left, packed(places)];
    const known = seen.get(a) ?? new Set();
    if (known.has(b)) return;
    seen.set(a, known.add(b));
    outer.push(a);
    inner.push(b);
    parents.push(parent);
    deeds.push(deed);
  };
  const wayTo = (state: number): string[] => {
    const parent = parents[state] ?? -1;
    return parent < 0 ? [] : [...wayTo(parent), deeds[state]?.(placesAt(parent)) ?? ''];
  };
  const within = async <T>(state: number, deed: () => string, act: () => Promise<T>): Promise<T> => {
    try {
      return await act();
    } catch (error) {
      throw new Violation(error, [...wayTo(state), deed()]);
    }
  };
  const steps = handlers.map(
    (handler, index) =>
      (places: readonly number[]): string =>
        `${names[index] ?? ''}: ${handler.nameAt(places[index] ?? done)}`,
  );
  const deaths = steps.map((step) => (places: readonly number[]) => `${step(places)}, and dies`);
  const happenings = [
    ...events.map(
      ([name]) =>
        () =>
          `event: ${name}`,
    ),
    () => 'background',
  ];

  /** All that can come next; false when nothing can. */
  const follow = async (state: number): Promise<boolean> => {
    const [world, places] = [worldAt(state), placesAt(state)];
    const left = (outer[state] ?? 0) % lefts;
    const eventsLeft = left % eventSets;
    let moves = false;
    for (const [index, handler] of handlers.entries()) {
      const place = places[index] ?? done;
      if (place === done) continue;
      const step = steps[index] ?? String;
      const effect =
        handler.known(place, world) ??
        (await within(
          state,
          () => step(places),
          () => handler.effect(place, world),
        ));
      if (effect === 'impossible') continue;
      moves = true;
      enter(effect.world, left, places.with(index, effect.place), state, step);
      // To die is to begin again. Between two changes of the world it makes no difference when: right after one will do.
      if (left >= eventSets && effect.world !== world)
        enter(effect.world, left - eventSets, places.with(index, begun), state, deaths[index] ?? String);
    }
    for (const [index, [name, event]] of events.entries()) {
      if (Math.floor(eventsLeft / 2 ** index) % 2 === 0) continue;
      moves = true;
      const deed = happenings[index] ?? String;
      const after = await within(
        state,
        () => name,
        () => happens(name, world, event),
      );
      enter(after, left - 2 ** index, places, state, deed);
    }
    const going = scene.background(worldOf(world));
    if (!going) return moves;
    const after = await within(
      state,
      () => 'background',
      () =>
        happens('background', world, async (copy) => {
          going(copy);
        }),
    );
    enter(after, left, places, state, happenings.at(-1) ?? String);
    return true;
  };

  const start = worlds.of(scene.key(scene.world), () => scene.world);
  const beginnings = names.map(() => begun);
  for (const handler of handlers) await handler.stepAt(begun);
  enter(start, lefts - 1, beginnings, -1, String);
  const ended = new Set<number>();
  for (let state = 0; state < outer.length; state += 1) {
    if (await follow(state)) continue;
    const world = worldAt(state);
    if (ended.has(world)) continue;
    ended.add(world);
    await within(
      state,
      () => 'the end',
      () => scene.checkEnd(scene.copy(worldOf(world))),
    );
  }
  return { states: outer.length, worlds: worlds.things.length, ends: ended.size };
}
