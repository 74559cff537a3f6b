import { parseArgs } from "node:util";
import { err, millis, ok, type Result, seconds } from "@tandem/base";
import { type Fid, fidLetter, parseFid } from "../fid.js";
import { type LinkAddress, parseLinkAddress } from "../link/address.js";
import { PROCESS_TYPES, type ProcessType } from "../motr/message.js";
import { CRASH_STEPS, type CrashStep, type M0dManners } from "./peer-ports.js";

/** What `tandem hax m0d` was asked for. */
export interface M0dFlags {
  readonly address: LinkAddress;
  readonly tls: { readonly cert: string; readonly key: string; readonly ca: string } | undefined;
  readonly process: Fid;
  readonly endpoint: string;
  readonly type: ProcessType;
  readonly pid: bigint | undefined;
  readonly manners: M0dManners;
  /** Asked for once the process has started, and then every `getEvery`, unless that is 0. */
  readonly get: readonly Fid[];
  readonly getEvery: number;
  readonly crash: { readonly step: CrashStep; readonly time: number } | undefined;
  /** Stops by itself once it has started and has its answers. */
  readonly once: boolean;
  readonly json: boolean;
}

export const M0D_HELP = `Usage: tandem hax m0d --fid FID [options]

A Motr process that is none: it asks hax for its entrypoint, tells its events, asks for states, and holds hax to the
rules at which a real one aborts: then it says which, and exits with 1.

      --hax ADDRESS       unix:PATH or IP:PORT of a hax; default unix:/run/tandem/hax-link.sock
      --fid FID           its process, e.g. 0x7200000000000001:0x10
      --endpoint TEXT     its endpoint; default inet:tcp:127.0.0.1@21003
      --type TYPE         M0D, M0MKFS, KERNEL or OTHER; default M0D. M0MKFS ends when it has started
      --pid N             the pid that it tells; default its own
      --get FID,FID       states to ask for once it has started
      --get-every S       and then again every S seconds
      --once              ends when it has started and its questions are answered
      --crash-at STEP[:N] kills itself at the Nth ${CRASH_STEPS.join(", ")}
      --slow MS           answers messages after that long
      --no-answer         never answers messages
      --out-of-order      sends the later of two messages first
      --query-pace MS     waits before it asks again; Motr asks at once, default 0
      --tls-cert FILE, --tls-key FILE, --tls-ca FILE
                          mutual TLS, for a hax at IP:PORT
      --json              one object a line
  -h, --help              this text

At SIGHUP it tells STOPPING, STOPPED, STARTING and STARTED, as if it had been restarted.
`;

const ADDRESS_DEFAULT = "unix:/run/tandem/hax-link.sock";
const FIDS_MAX = 1024;

export function parseM0dFlags(argv: readonly string[]): Result<M0dFlags | "help", string> {
  try {
    return flagsOf(valuesOf(argv));
  } catch (error) {
    return err(`${(error as Error).message.split("\n")[0]}; try --help`);
  }
}

function valuesOf(argv: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  return parseArgs({
    args: [...argv],
    options: {
      ...{ hax: text, fid: text, endpoint: text, type: text, pid: text, get: text, "get-every": text },
      ...{ "crash-at": text, slow: text, "query-pace": text, "tls-cert": text, "tls-key": text, "tls-ca": text },
      ...{ "no-answer": flag, "out-of-order": flag, once: flag, json: flag },
      help: { type: "boolean", short: "h" },
    },
  }).values;
}

function flagsOf(values: ReturnType<typeof valuesOf>): Result<M0dFlags | "help", string> {
  if (values.help === true) return ok("help");
  if (values.fid === undefined) return err("--fid is needed: which process is this? try --help");
  const process = parseFid(values.fid);
  if (!process.ok) return err(`--fid: ${process.error}`);
  if (fidLetter(process.value) !== "r") return err(`--fid ${values.fid}: no process; those begin with 0x72`);
  const address = parseLinkAddress(values.hax ?? ADDRESS_DEFAULT);
  if (!address.ok) return err(`--hax ${address.error}`);
  const type = PROCESS_TYPES.find((name) => name === (values.type ?? "M0D"));
  if (type === undefined) return err(`--type ${values.type}: expected one of ${PROCESS_TYPES.join(", ")}`);
  const get = fidsOf(values.get);
  if (!get.ok) return get;
  const crash = crashOf(values["crash-at"]);
  if (!crash.ok) return crash;
  const numbers = [
    numberOf("--slow", values.slow),
    numberOf("--query-pace", values["query-pace"]),
    numberOf("--get-every", values["get-every"]),
    numberOf("--pid", values.pid),
  ] as const;
  for (const number of numbers) if (!number.ok) return number;
  const [slow, queryPace, getEvery, pid] = numbers.map((number) => (number.ok ? number.value : undefined));
  const files = [values["tls-cert"], values["tls-key"], values["tls-ca"]] as const;
  const [cert, key, ca] = files;
  const given = files.filter((file) => file !== undefined).length;
  if (given !== 0 && given !== 3) return err("--tls-cert, --tls-key and --tls-ca go together");
  return ok({
    address: address.value,
    tls: cert === undefined || key === undefined || ca === undefined ? undefined : { cert, key, ca },
    process: process.value,
    endpoint: values.endpoint ?? "inet:tcp:127.0.0.1@21003",
    type,
    pid: pid === undefined ? undefined : BigInt(pid),
    manners: {
      queryPace: millis(queryPace ?? 0),
      slow: millis(slow ?? 0),
      noAnswer: values["no-answer"] === true,
      outOfOrder: values["out-of-order"] === true,
    },
    get: get.value,
    getEvery: seconds(getEvery ?? 0),
    crash: crash.value,
    once: values.once === true || type === "M0MKFS",
    json: values.json === true,
  });
}

function fidsOf(text: string | undefined): Result<readonly Fid[], string> {
  const fids: Fid[] = [];
  for (const piece of text?.split(",") ?? []) {
    const fid = parseFid(piece);
    if (!fid.ok) return err(`--get: ${fid.error}`);
    fids.push(fid.value);
  }
  return fids.length > FIDS_MAX ? err(`--get: ${fids.length} fids, at most ${FIDS_MAX} fit in one question`) : ok(fids);
}

function crashOf(text: string | undefined): Result<M0dFlags["crash"], string> {
  if (text === undefined) return ok(undefined);
  const [, name, time] = /^([a-z]+)(?::(\d{1,6}))?$/.exec(text) ?? [];
  const step = CRASH_STEPS.find((each) => each === name);
  if (step === undefined) return err(`--crash-at ${text}: expected one of ${CRASH_STEPS.join(", ")}, and a number`);
  return ok({ step, time: Math.max(1, Number(time ?? 1)) });
}

function numberOf(flag: string, text: string | undefined): Result<number | undefined, string> {
  if (text === undefined) return ok(undefined);
  return /^\d{1,9}$/.test(text) ? ok(Number(text)) : err(`${flag} ${text}: expected a number`);
}
