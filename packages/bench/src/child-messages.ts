/** What a child process does. */
export type Role = "swbusd" | "swbusReceiver" | "http2Echo" | "zmqTable" | "plainPull";

/** What the benchmark asks a child. */
export type Question =
  /** Answered when so many messages have come since the last such answer. */
  | { readonly ask: "count"; readonly count: number }
  /** Answered with the process's CPU time so far. */
  | { readonly ask: "cpu" };

/** What a child tells; answers come in the order of the questions. */
export type Told =
  | { readonly tell: "ready"; readonly address: string }
  | { readonly tell: "counted" }
  | { readonly tell: "cpu"; readonly micros: number };
