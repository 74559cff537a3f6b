import type { SeedOptions } from "@tandem/lab/sim";

/** What a child process does. */
export type Role = "swbusd" | "swbusReceiver" | "http2Echo" | "zmqTable" | "plainPull" | "simulator" | AsicRole;

/** Ends of the ASIC channel, and the floors beside them. */
export type AsicRole = "asicServer" | "asicClient" | "ringEcho" | "ringSink" | "unixEcho" | "plainReply";

/** What the benchmark asks a child. */
export type Question =
  /** Answered when so many messages have come since the last such answer. */
  | { readonly ask: "count"; readonly count: number }
  /** Answered with the process's CPU time so far. */
  | { readonly ask: "cpu" }
  /** A client makes so many requests, whoever is there; answered when it has heard of all. */
  | { readonly ask: "burst"; readonly requests: number }
  /** Runs a seed of the simulator; answered when it is over. */
  | { readonly ask: "seed"; readonly seed: SeedOptions }
  /** Fires so many timers of a virtual clock; answered when it is over. */
  | { readonly ask: "bareClock"; readonly timers: number };

/** What a seed came to. */
export interface SeedRan {
  readonly virtualMs: number;
  /** Timers that fired. */
  readonly timers: number;
  readonly violations: number;
  /** CPU time of the whole process meanwhile. */
  readonly micros: number;
  /** Resident memory of the process at its greatest so far. */
  readonly bytes: number;
}

/** What a burst came to. */
export interface BurstRan {
  readonly accepted: number;
  readonly refused: number;
  /** Resident memory of the process before, and at its greatest. */
  readonly before: number;
  readonly greatest: number;
}

/** What a child tells; answers come in the order of the questions. */
export type Told =
  | { readonly tell: "ready"; readonly address: string }
  | { readonly tell: "counted" }
  | { readonly tell: "cpu"; readonly micros: number }
  | { readonly tell: "burst"; readonly ran: BurstRan }
  | { readonly tell: "seed"; readonly ran: SeedRan }
  | { readonly tell: "bareClock"; readonly micros: number };
