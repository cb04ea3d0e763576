/**
 * Walks through every way in which real asynchronous code can interleave. A process is an async function that touches the
 * world only through steps: at each step somebody else may come first, or the process may die. It is replayed from its start
 * for each step, with the answers that it got so far, so that the state of the whole is a value: the world, and what each
 * process has been answered. States that were seen before are not entered again.
 */

/** What a process wants to do next. */
export interface Step {
  readonly name: string;
  /** Done in one piece: nobody else comes in between. The answer is a value, and nobody changes it. */
  perform(): Promise<unknown>;
  /** Undefined: at any time. */
  possible?(): boolean;
  /** From here on the process is as if it began anew: what it was answered before does not matter any more. */
  readonly anew?: boolean;
}

/** Puts a step to the explorer; the answer comes when its time has come, or never. */
export type Take = (step: Step) => Promise<unknown>;

export interface Scene<World> {
  readonly world: World;
  /** A copy that can be changed without changing the original. */
  copy(world: World): World;
  /** The same for equal worlds, and for no others. */
  key(world: World): string;
  /** Each is begun anew whenever it is replayed: it may hold no state of its own. */
  readonly processes: Readonly<Record<string, (world: World, take: Take) => Promise<void>>>;
  /** Things that happen once, at any time. */
  readonly events: Readonly<Record<string, (world: World) => Promise<void>>>;
  /** What goes on beside: done whenever it is possible, any number of times. */
  readonly background: (world: World) => ((world: World) => void) | undefined;
  /** How many of the processes may die on the way; each begins again then. */
  readonly crashes: number;
  /** Called for each state and the one before it; throws when something is wrong. */
  check(before: World, after: World): void;
  /** Called when nothing is left to happen. */
  checkEnd(world: World): Promise<void>;
}

export interface Explored {
  readonly states: number;
  readonly ends: number;
}

interface Running {
  readonly answers: readonly unknown[];
  readonly done: boolean;
}

interface State<World> {
  readonly world: World;
  readonly running: Readonly<Record<string, Running>>;
  readonly eventsLeft: readonly string[];
  readonly crashesLeft: number;
  /** The way here, for people. */
  readonly way: readonly string[];
}

/** A violation, with the shortest way that the walk has found to it. */
export class Violation extends Error {
  override readonly name = 'Violation';
  constructor(cause: unknown, way: readonly string[]) {
    super(`${(cause as Error).message}\nafter:\n  ${way.join('\n  ')}`, { cause });
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Runs a process on a copy of the world up to its next step; undefined when it has come to its end. */
async function nextStep<World>(
  process: Scene<World>['processes'][string],
  world: World,
  answers: readonly unknown[],
): Promise<{ readonly step: Step; readonly at: number } | undefined> {
  let wanted: { step: Step; at: number } | undefined;
  let failure: { readonly error: unknown } | undefined;
  let answered = 0;
  process(world, (step) => {
    const at = answered;
    answered += 1;
    if (at < answers.length) return Promise.resolve(answers[at]);
    wanted = { step, at };
    return new Promise<never>(() => undefined);
  }).catch((error: unknown) => {
    failure = { error };
  });
  await turn();
  if (failure) throw failure.error;
  return wanted;
}

/** Gives each answer a number, the same for the same content; answers are many and large, and the same ones come often. */
function numbering(): (answer: unknown) => number {
  const byContent = new Map<string, number>();
  const byObject = new WeakMap<object, number>();
  return (answer) => {
    const known = typeof answer === 'object' && answer !== null ? byObject.get(answer) : undefined;
    if (known !== undefined) return known;
    const content = (JSON.stringify(answer) as string | undefined) ?? '';
    const number = byContent.get(content) ?? byContent.size;
    byContent.set(content, number);
    if (typeof answer === 'object' && answer !== null) byObject.set(answer, number);
    return number;
  };
}

/** Every state that can be reached, breadth first: the first way to a violation is a shortest one. */
export async function explore<World>(scene: Scene<World>): Promise<Explored> {
  const start: State<World> = {
    world: scene.world,
    running: Object.fromEntries(
      Object.keys(scene.processes).map((name) => [name, { answers: [], done: false }]),
    ),
    eventsLeft: Object.keys(scene.events),
    crashesLeft: scene.crashes,
    way: [],
  };
  const numberOf = numbering();
  const keyOf = ({ world, running, eventsLeft, crashesLeft }: State<World>): string => {
    const processes = Object.values(running).map(
      ({ answers, done }) => `${answers.map(numberOf).join(',')}${done ? '.' : ''}`,
    );
    return [scene.key(world), ...processes, eventsLeft.join(), crashesLeft].join('|');
  };
  const seen = new Set([keyOf(start)]);
  let frontier = [start];
  let ends = 0;
  while (frontier.length > 0) {
    const next: State<World>[] = [];
    for (const state of frontier) {
      const following = await successors(scene, state);
      if (following.length === 0) {
        ends += 1;
        await inWays(state.way, () => scene.checkEnd(scene.copy(state.world)));
      }
      for (const each of following) {
        await inWays(each.way, () => {
          scene.check(state.world, each.world);
        });
        const key = keyOf(each);
        if (seen.has(key)) continue;
        seen.add(key);
        next.push(each);
      }
    }
    frontier = next;
  }
  return { states: seen.size, ends };
}

async function inWays(way: readonly string[], check: () => void | Promise<void>): Promise<void> {
  try {
    await check();
  } catch (error) {
    throw new Violation(error, way);
  }
}

async function successors<World>(scene: Scene<World>, state: State<World>): Promise<State<World>[]> {
  const result: State<World>[] = [];
  const { running, eventsLeft, crashesLeft, way } = state;
  for (const [name, process] of Object.entries(scene.processes)) {
    const current = running[name];
    if (!current || current.done) continue;
    const world = scene.copy(state.world);
    const wanted = await nextStep(process, world, current.answers);
    const become = (changed: Partial<State<World>>, to: Running, what: string): State<World> => ({
      ...state,
      ...changed,
      running: { ...running, [name]: to },
      way: [...way, `${name}: ${what}`],
    });
    if (!wanted) {
      result.push(become({}, { answers: [], done: true }, 'is done'));
      continue;
    }
    const { step } = wanted;
    if (crashesLeft > 0) {
      // Before the effect. After it is the same as before the next step, which is tried as well.
      const reborn = { answers: [], done: false };
      result.push(become({ crashesLeft: crashesLeft - 1 }, reborn, `dies before ${step.name}`));
    }
    if (step.possible?.() === false) continue;
    const answer = await step.perform();
    const answers = step.anew === true ? [answer] : [...current.answers, answer];
    result.push(become({ world }, { answers, done: false }, step.name));
  }
  for (const name of eventsLeft) {
    const world = scene.copy(state.world);
    await scene.events[name]?.(world);
    result.push({
      ...state,
      world,
      eventsLeft: eventsLeft.filter((other) => other !== name),
      way: [...way, `event: ${name}`],
    });
  }
  const world = scene.copy(state.world);
  const going = scene.background(world);
  if (going) {
    going(world);
    result.push({ ...state, world, way: [...way, 'background'] });
  }
  return result;
}
