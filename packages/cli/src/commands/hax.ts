import { readFile } from "node:fs/promises";
import { err, type Json, ok, type Result, systemClock } from "@tandem/base";
import {
  describeConsulFailure,
  formatFid,
  HttpConsul,
  livingProcesses,
  parseFid,
  VERDICT_CODE,
  verdictOf,
} from "@tandem/hax";
import { type CommandRun, type Failure, failed, type Invocation, printJson, textOption, wantsJson } from "../io.js";
import { renderHaxState, renderHaxWhy } from "../render/hax.js";

const HAX_DEFAULT = "http://127.0.0.1:8008";
const CONSUL_DEFAULT = "http://127.0.0.1:8500";
const ANSWER_WITHIN_MS = 10_000;

/** `tandem hax check FID`: 0 passing, 1 warning, 2 critical, as Consul wants of a script. */
export const runHaxCheck: CommandRun = async (invocation, io) => {
  const [text = ""] = invocation.args;
  const fid = parseFid(text);
  if (!fid.ok) return err({ kind: "usage", message: fid.error });
  const address = textOption(invocation, "consul") ?? CONSUL_DEFAULT;
  if (!URL.canParse(address)) return err({ kind: "usage", message: `--consul ${address}: expected http://HOST:PORT` });
  await using consul = new HttpConsul({
    ...{ clock: systemClock, addresses: [new URL(address)], token: () => io.env.CONSUL_HTTP_TOKEN },
  });
  const [read, alive] = await Promise.all([
    consul.get(`processes/${formatFid(fid.value)}`),
    livingProcesses(fid.value, process.pid),
  ]);
  const { verdict, because } = verdictOf(
    read.ok ? { text: read.value.value?.text } : { unknown: describeConsulFailure(read.error) },
    alive,
  );
  if (wantsJson(invocation))
    printJson(io, "hax-check", { fid: formatFid(fid.value), verdict, because, pids: [...alive] });
  else io.print(`${formatFid(fid.value)} ${verdict}: ${because}\n`);
  const exitCode = VERDICT_CODE[verdict];
  return exitCode === 0 ? ok() : err({ kind: "told", exitCode });
};

/** `tandem hax show` */
export const runHaxShow: CommandRun = async (invocation, io) => {
  const state = await ask(invocation, "/v1/state");
  if (!state.ok) return state;
  io.print(wantsJson(invocation) ? `${JSON.stringify(state.value)}\n` : renderHaxState(state.value));
  return ok();
};

/** `tandem hax why FID` */
export const runHaxWhy: CommandRun = async (invocation, io) => {
  const fid = parseFid(invocation.args[0] ?? "");
  if (!fid.ok) return err({ kind: "usage", message: fid.error });
  const why = await ask(invocation, `/v1/why?fid=${encodeURIComponent(formatFid(fid.value))}`);
  if (!why.ok) return why;
  io.print(wantsJson(invocation) ? `${JSON.stringify(why.value)}\n` : renderHaxWhy(why.value));
  return ok();
};

async function ask(invocation: Invocation, path: string): Promise<Result<Json, Failure>> {
  const base = textOption(invocation, "hax") ?? HAX_DEFAULT;
  if (!URL.canParse(base)) return err({ kind: "usage", message: `--hax ${base}: expected http://HOST:PORT` });
  const tokenFile = textOption(invocation, "tokenFile");
  try {
    const token = tokenFile === undefined ? undefined : (await readFile(tokenFile, "utf8")).split("\n", 1)[0]?.trim();
    const response = await fetch(new URL(path, base), {
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
    });
    const body = (await response.json()) as Json;
    if (response.ok) return ok(body);
    return err(failed(`${base}${path}: ${response.status} ${(body as { readonly reason?: string }).reason ?? ""}`));
  } catch (error) {
    const cause = (error as { readonly cause?: { readonly code?: string } }).cause?.code ?? (error as Error).message;
    return err(failed(`${base}: ${cause}; is a hax running there? Name another with --hax`));
  }
}
