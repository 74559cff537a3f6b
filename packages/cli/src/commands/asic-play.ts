import { hostname } from "node:os";
import {
  countedVids,
  describeEndError,
  describeSwitchEvent,
  FALLBACK_NAMES,
  type FallbackName,
  loadContext,
  numberedLines,
  type PlaySummary,
  play,
  Recorder,
  RecordingClient,
  recordedVids,
  SwitchingClient,
  TRANSPORT_NAMES,
  type TransportName,
} from "@tandem/asic-channel";
import {
  CleanUp,
  describeDiskError,
  err,
  type Millis,
  noCrash,
  ok,
  type Result,
  seconds,
  systemClock,
  systemDisk,
  systemFiles,
  systemRandom,
} from "@tandem/base";
import {
  type CommandRun,
  type Failure,
  failed,
  type Invocation,
  numberOption,
  printJson,
  textOption,
  wantsJson,
} from "../io.js";
import { playJson, renderPlay } from "../render/asic-play.js";
import { openStores } from "../stores.js";

interface Choices {
  /** Absent: where the channel is. */
  readonly via: TransportName | undefined;
  readonly mode: "async" | "sync";
  readonly speed: "max" | "real";
  readonly onBadLine: "skip" | "fatal";
  readonly onMismatch: "stop" | "go-on";
  readonly vids: "counter" | "recorded";
  readonly fallback: FallbackName;
}

/** `tandem asic play FILE`: fails when a reply differs, or the recording is not played to its end. */
export const runPlay: CommandRun = async (invocation, io) => {
  const [file = ""] = invocation.args;
  const choices = choicesOf(invocation);
  if (!choices.ok) return choices;
  const { via, mode, speed, onBadLine, onMismatch } = choices.value;
  const readable = await systemDisk.read(file, 0, 1);
  if (!readable.ok) return err(failed(describeDiskError(readable.error)));
  await using cleanUp = new CleanUp();
  const stores = await openStores(textOption(invocation, "dbConfig"));
  if (!stores.ok) return stores;
  cleanUp.use(stores.value);
  const found = await loadContext(
    systemFiles,
    textOption(invocation, "contextConfig"),
    numberOption(invocation, "guid", 0),
  );
  if (!found.ok) return usage(found.error);
  if (found.value.warning !== undefined) io.complain(`warning: ${found.value.warning}`);
  const db = textOption(invocation, "db");
  const context = { ...found.value.context, ...(db !== undefined && { dbAsic: db }) };
  const store = await stores.value.open(context.dbAsic);
  if (!store.ok) return store;
  const owner = { name: "tandem asic play", host: hostname(), pid: process.pid, since: systemClock.now() };
  const ring = textOption(invocation, "ring");
  const world = {
    stores: stores.value.stores,
    context,
    mode,
    clock: systemClock,
    random: systemRandom,
    crashPoint: noCrash,
    owner,
    fallback: choices.value.fallback,
    ...(ring !== undefined && { ring }),
  };
  const channel = await SwitchingClient.open(
    { world, ...(via !== undefined && { via }), onEvent: (event) => io.complain(describeSwitchEvent(event)) },
    io.signal,
  );
  if (!channel.ok) return err(failed(describeEndError(channel.error)));
  const { transport } = channel.value;
  if (via !== undefined && transport !== via) {
    await channel.value[Symbol.asyncDispose]();
    return err(
      failed(`the channel was moved to ${transport}: leave --via out, or tandem asic switch --to ${via} first`),
    );
  }
  const recordTo = textOption(invocation, "record");
  const recorder = recordTo === undefined ? undefined : await Recorder.open({ clock: systemClock, path: recordTo });
  if (recorder?.ok === false) {
    await channel.value[Symbol.asyncDispose]();
    return err(failed(describeDiskError(recorder.error)));
  }
  if (recorder !== undefined) cleanUp.use(recorder.value);
  const client = recorder === undefined ? channel.value : new RecordingClient(channel.value, recorder.value);
  cleanUp.use(client);
  const pauseMax = invocation.options["pauseMax"];
  const began = systemClock.monotonic();
  const summary = await play({
    ...{ client, clock: systemClock, speed, onBadLine, onMismatch, signal: io.signal },
    lines: numberedLines(systemDisk.pieces(file)),
    vids: choices.value.vids === "counter" ? countedVids(store.value) : recordedVids,
    ...(typeof pauseMax === "number" && { pauseMax: seconds(pauseMax) }),
    skipViews: invocation.options["skipViews"] === true,
  });
  const took = (systemClock.monotonic() - began) as Millis;
  const played = { file, via: transport, mode, took, summary };
  if (wantsJson(invocation)) printJson(io, "asic-play", playJson(played));
  else io.print(renderPlay(played));
  return outcome(summary);
};

function outcome(summary: PlaySummary): Result<void, Failure> {
  if (summary.agrees) return ok();
  if (summary.ended !== undefined) return err(failed(summary.ended));
  return err(failed(`replies that differ from the recording: ${summary.mismatches.count}`));
}

const usage = (message: string): Result<never, Failure> => err({ kind: "usage", message });

function choicesOf(invocation: Invocation): Result<Choices, Failure> {
  const wrong: string[] = [];
  const one = <Word extends string>(name: string, flag: string, words: readonly Word[], absent: Word): Word => {
    const text = textOption(invocation, name) ?? absent;
    const word = words.find((each) => each === text);
    if (word === undefined) wrong.push(`${flag} ${text}: expected one of ${words.join(", ")}`);
    return word ?? absent;
  };
  const choices: Choices = {
    via: textOption(invocation, "via") === undefined ? undefined : one("via", "--via", TRANSPORT_NAMES, "streams"),
    mode: one("mode", "--mode", ["async", "sync"], "sync"),
    speed: one("speed", "--speed", ["max", "real"], "max"),
    onBadLine: one("onBadLine", "--on-bad-line", ["skip", "fatal"], "skip"),
    onMismatch: one("onMismatch", "--on-mismatch", ["stop", "go-on"], "stop"),
    fallback: one("fallback", "--fallback", FALLBACK_NAMES, "stream"),
    vids: one("vids", "--vids", ["counter", "recorded"], "counter"),
  };
  return wrong[0] === undefined ? ok(choices) : usage(wrong[0]);
}
