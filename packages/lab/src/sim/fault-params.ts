import { type Millis, millis, pick, type Random, randomBelow } from "@tandem/base";
import { type DaemonKind, type DaemonPlace, planDaemons, type RedisOwner } from "../cluster/cluster-host.js";
import type { DpuPlace, HaSetPlace, SwitchPlace, Topology } from "../topology.js";

/** One parameter of a fault: how it is drawn, and what its word in a plan stands for. */
export interface Param<T> {
  /** What is expected, for people. */
  readonly doc: string;
  readonly draw: (random: Random, topology: Topology) => string;
  /** `undefined`: not what is expected. */
  readonly read: (word: string, topology: Topology) => T | undefined;
}

function named<T extends { readonly name: string }>(doc: string, all: (topology: Topology) => readonly T[]): Param<T> {
  return {
    doc,
    draw: (random, topology) => pick(random, all(topology)).name,
    read: (word, topology) => all(topology).find(({ name }) => name === word),
  };
}

export const aSwitch: Param<SwitchPlace> = named("a switch, e.g. sw0", ({ switches }) => switches);

export const aDpu: Param<DpuPlace> = named("a DPU, e.g. sw0_dpu0", ({ dpus }) => dpus);

export const aRedis: Param<RedisOwner> = named("whose Redis: a switch or a DPU", ({ switches, dpus }) => [
  ...switches,
  ...dpus,
]);

/** A DPU that is one side of an HA set. */
export const aSide: Param<DpuPlace> = named("a DPU of an HA set", ({ haSets }) => haSets.flatMap(({ dpus }) => dpus));

export const aSet: Param<HaSetPlace> = {
  doc: "an HA set, e.g. haset0-0",
  draw: (random, { haSets }) => pick(random, haSets).id,
  read: (word, { haSets }) => haSets.find(({ id }) => id === word),
};

/** A daemon of one slot. */
export function aDaemon(kind?: DaemonKind): Param<DaemonPlace> {
  return named(`a daemon, e.g. sw0_dpu0.${kind ?? "hamgrd"}`, (topology) =>
    planDaemons(topology, "process").filter((place) => kind === undefined || place.kind === kind),
  );
}

/** Two switches, written `sw0,sw1`. */
export const twoSwitches: Param<readonly [SwitchPlace, SwitchPlace]> = {
  doc: "two switches, e.g. sw0,sw1",
  draw: (random, { switches }) => {
    const from = randomBelow(random, switches.length);
    const to = (from + 1 + randomBelow(random, switches.length - 1)) % switches.length;
    return `${switches[from]?.name},${switches[to]?.name}`;
  },
  read: (word, { switches }) => {
    const [a, b] = word.split(",").map((name) => switches.find((sw) => sw.name === name));
    return a === undefined || b === undefined || a === b ? undefined : [a, b];
  },
};

export function oneOf<const T extends string>(...choices: readonly T[]): Param<T> {
  return {
    doc: choices.join(" or "),
    draw: (random) => pick(random, choices),
    read: (word) => choices.find((choice) => choice === word),
  };
}

/** A whole number of milliseconds. */
export function aTime(min: number, max: number): Param<Millis> {
  const count = aCount(min, max);
  return {
    ...count,
    doc: `milliseconds, ${min} to ${max}`,
    read: (word, topology) => asMillis(count.read(word, topology)),
  };
}

export function aCount(min: number, max: number): Param<number> {
  return {
    doc: `a whole number, ${min} to ${max}`,
    draw: (random) => String(min + randomBelow(random, max - min + 1)),
    read: (word) => {
      const count = /^-?\d{1,9}$/.test(word) ? Number(word) : undefined;
      return count === undefined || count < min || count > max ? undefined : count;
    },
  };
}

function asMillis(value: number | undefined): Millis | undefined {
  return value === undefined ? undefined : millis(value);
}
