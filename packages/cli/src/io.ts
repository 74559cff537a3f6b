import type { Result } from "@tandem/base";

/** What a command has of the world: where it prints, and what it may ask of its surroundings. */
export interface Io {
  /** Text for stdout, with its line feeds. */
  print(text: string): void;
  /** One line for stderr, without its line feed. */
  complain(line: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether stdout shows colours. */
  readonly colours: boolean;
  /** The terminal behind stdout, where it is one that can be drawn on. */
  readonly terminal?: Terminal;
  /** Columns of stdout, where it is a terminal. */
  readonly columns?: number;
  /** Aborts at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
}

export interface Terminal {
  readonly size: { readonly columns: number; readonly rows: number };
  /** Called when its size has changed. Returns the unsubscriber. */
  onResize(listener: () => void): () => void;
  /** Text that is written however the process ends, unless the unsubscriber is called before. */
  onExit(text: string): () => void;
  /** Whether stderr shows on it too. */
  readonly showsErrors: boolean;
}

/** Why a command did not do what was asked: one line saying what, where, what now. */
export type Failure =
  /** Wrong flags or arguments: exit code 2. */
  | { readonly kind: "usage"; readonly message: string }
  /** The thing asked for failed: exit code 1. */
  | { readonly kind: "failed"; readonly message: string }
  /** The command's own program has complained already. */
  | { readonly kind: "told"; readonly exitCode: number };

/** Arguments and options as given; absent options are absent members. */
export interface Invocation {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, string | number | boolean | undefined>>;
}

/** A command: parse happened before, rendering is `render/`'s. */
export type CommandRun = (invocation: Invocation, io: Io) => Promise<Result<void, Failure>>;

export function failed(message: string): Failure {
  return { kind: "failed", message };
}

/** Prints one object of the schema `tandem.<name>.v1`, alone on its line. */
export function printJson(io: Io, name: string, members: object): void {
  io.print(`${JSON.stringify({ schema: `tandem.${name}.v1`, ...members })}\n`);
}

/** An option that holds text; absent when not given. */
export function textOption({ options }: Invocation, name: string): string | undefined {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
}

/** An option that holds a number, its default when not given. */
export function numberOption({ options }: Invocation, name: string, absent: number): number {
  const value = options[name];
  return typeof value === "number" ? value : absent;
}

export function wantsJson({ options }: Invocation): boolean {
  return options["json"] === true;
}
