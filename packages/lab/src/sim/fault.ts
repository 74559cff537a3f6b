import { allOk, err, type Millis, ok, type Random, type Result } from "@tandem/base";
import type { Topology } from "../topology.js";
import type { Param } from "./fault-params.js";
import type { SimWorld } from "./sim-world.js";

/** The words of a fault in a plan: parameter values by name. */
export type FaultWords = Readonly<Record<string, string>>;

/** One fault of a plan, bound to its cluster. */
export interface BoundFault {
  /** In words, e.g. `sw0_dpu0 loses power`. */
  readonly text: string;
  /** Names of those whom it concerns: DPUs, daemons, switches, HA sets. */
  readonly concerns: readonly string[];
  /** May answer with a promise, which need not be waited for. */
  begin(world: SimWorld): unknown;
  /** Absent where nothing lasts. */
  readonly end?: (world: SimWorld) => unknown;
}

/** One letter of the fault alphabet. docs/simulator.md is printed from these. */
export interface FaultKind {
  /** As plans spell it. */
  readonly name: string;
  readonly doc: string;
  readonly params: Readonly<Record<string, Param<unknown>>>;
  /** Bounds of its duration; absent where nothing lasts. */
  readonly lasts?: readonly [min: Millis, max: Millis];
  draw(random: Random, topology: Topology): FaultWords;
  /** Fails naming the parameter, and what was expected. */
  bind(words: FaultWords, topology: Topology): Result<BoundFault, string>;
}

type Params = Readonly<Record<string, Param<unknown>>>;
type Values<P extends Params> = { readonly [K in keyof P]: P[K] extends Param<infer T> ? T : never };

interface Declaration<P extends Params> {
  readonly name: string;
  readonly doc: string;
  readonly params: P;
  readonly lasts?: readonly [min: Millis, max: Millis];
  readonly text: (values: Values<P>) => string;
  /** Whom it concerns, where the words do not name all of them. */
  readonly concerns?: (values: Values<P>) => string;
  readonly begin: (world: SimWorld, values: Values<P>) => unknown;
  readonly end?: (world: SimWorld, values: Values<P>) => unknown;
}

export function defineFault<const P extends Params>(declaration: Declaration<P>): FaultKind {
  const { name, doc, params, lasts, text, concerns, begin, end } = declaration;
  const entries = Object.entries(params);
  return {
    name,
    doc,
    params,
    ...(lasts !== undefined && { lasts }),
    draw: (random, topology) => Object.fromEntries(entries.map(([param, { draw }]) => [param, draw(random, topology)])),
    bind: (words, topology) => {
      const unknown = Object.keys(words).find((word) => !Object.hasOwn(params, word));
      if (unknown !== undefined) return err(`${name} has no ${unknown}; it takes ${Object.keys(params).join(", ")}`);
      const read = allOk(
        entries.map(([param, { read, doc: what }]): Result<readonly [string, unknown], string> => {
          const word = words[param];
          if (word === undefined) return err(`${name} needs ${param}=, ${what}`);
          const value = read(word, topology);
          return value === undefined ? err(`${name} ${param}=${word}: expected ${what}`) : ok([param, value]);
        }),
      );
      if (!read.ok) return read;
      const values = Object.fromEntries(read.value) as Values<P>;
      return ok({
        text: text(values),
        concerns: concerns === undefined ? Object.values(words) : [concerns(values)],
        begin: (world) => begin(world, values),
        ...(end !== undefined && { end: (world: SimWorld) => end(world, values) }),
      });
    },
  };
}
