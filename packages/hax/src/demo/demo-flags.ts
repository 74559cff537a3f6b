import { parseArgs } from "node:util";
import { err, type Millis, ok, type Result, seconds } from "@tandem/base";
import { STEPS } from "./run-demo.js";

export const DEMO_HELP = `Usage: tandem hax demo [options]

Three nodes on this machine, as real processes: three hax, nine emulated Motr processes, and Consul: a real one where
CONSUL_BIN names it or it is on PATH, else our double of it. Five things happen to them; a receipt says how it went.

      --once          end after the receipt; without it everything stays up until Ctrl-C
      --steps NAMES   only these steps behind the start, with commas: ${STEPS.map(({ name }) => name).join(", ")}
      --outage S      how long Consul has no leader, 1 to 300; default 30
      --double        the double also where there is a Consul
      --json          one JSON object instead of text
  -h, --help          this text

Exit code 0: every promise was kept. docs/hax.md says what is promised.
`;

export interface DemoFlags {
  readonly once: boolean;
  readonly steps: readonly string[];
  readonly outage: Millis;
  readonly double: boolean;
  readonly json: boolean;
}

export function parseDemoFlags(argv: readonly string[]): Result<DemoFlags | "help", string> {
  const parsed = parse(argv);
  if (!parsed.ok) return parsed;
  const { help, once, steps, outage = "30", double, json } = parsed.value;
  if (help === true) return ok("help");
  const names = STEPS.map(({ name }) => name);
  const wanted = steps === undefined ? names : steps.split(",");
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined) return err(`--steps ${steps}: no step ${unknown}; there are ${names.join(", ")}`);
  const length = /^\d{1,3}$/.test(outage) ? Number(outage) : 0;
  if (length < 1 || length > 300) return err(`--outage ${outage}: expected seconds, from 1 to 300`);
  return ok({
    ...{ once: once === true, steps: wanted, outage: seconds(length) },
    ...{ double: double === true, json: json === true },
  });
}

function parse(argv: readonly string[]) {
  const flag = { type: "boolean" } as const;
  const text = { type: "string" } as const;
  try {
    return ok(
      parseArgs({
        args: [...argv],
        options: {
          ...{ once: flag, steps: text, outage: text, double: flag, json: flag },
          help: { type: "boolean", short: "h" },
        },
      }).values,
    );
  } catch (error) {
    return err((error as Error).message.split("\n")[0] ?? "");
  }
}
