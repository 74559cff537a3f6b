import { hostname } from "node:os";
import {
  type ChannelState,
  moveChannel,
  type Owner,
  readChannel,
  TRANSPORT_NAMES,
  type TransportName,
} from "@tandem/asic-channel";
import { crashPointFrom, err, ok, seconds, systemClock, systemRandom } from "@tandem/base";
import type { Store } from "@tandem/swss";
import { type CommandRun, failed, type Io, numberOption, printJson, textOption, wantsJson } from "../io.js";
import { renderChannel, renderMoved } from "../render/asic-switch.js";
import { openStores } from "../stores.js";

/** `tandem asic switch [--to NAME]`: fails when the channel is not there in time; it is on the old transport then. */
export const runSwitch: CommandRun = async (invocation, io) => {
  const word = textOption(invocation, "to");
  const to = TRANSPORT_NAMES.find((name) => name === word);
  if (word !== undefined && to === undefined)
    return err({ kind: "usage", message: `--to ${word}: expected one of ${TRANSPORT_NAMES.join(", ")}` });
  const crash = crashPointFrom(io.env);
  if (!crash.ok) return err({ kind: "usage", message: crash.error });
  const within = seconds(numberOption(invocation, "within", 30));
  const stores = await openStores(textOption(invocation, "dbConfig"));
  if (!stores.ok) return stores;
  await using opened = stores.value;
  const store = await opened.open(textOption(invocation, "db") ?? "ASIC_DB");
  if (!store.ok) return store;
  const json = wantsJson(invocation);
  if (to === undefined) return await show(store.value, io, json);
  const began = systemClock.monotonic();
  const moved = await moveChannel({
    ...{ store: store.value, clock: systemClock, random: systemRandom, crash: crash.value, to, within },
    owner: { name: "tandem asic switch", host: hostname(), pid: process.pid, since: systemClock.now() },
    onWait: (what) => {
      if (!json) io.complain(`waits for ${what}`);
    },
    signal: io.signal,
  });
  if (!moved.ok) return err(failed(moved.error));
  const took = systemClock.monotonic() - began;
  if (json) printJson(io, "asic-switch", movedJson(moved.value, took));
  else io.print(renderMoved(moved.value, took));
  return ok();
};

async function show(store: Store, io: Io, json: boolean): ReturnType<CommandRun> {
  const channel = await readChannel(store);
  if (!channel.ok) return err(failed(channel.error));
  if (json) printJson(io, "asic-switch", channelJson(channel.value));
  else io.print(renderChannel(channel.value, store.db.name));
  return ok();
}

function movedJson(
  {
    from,
    to,
    generation,
    waited,
  }: { from: TransportName; to: TransportName; generation: number; waited: number | undefined },
  took: number,
): object {
  return { from, to, moves: generation, moved: waited !== undefined, held_ms: waited ?? 0, took_ms: Math.round(took) };
}

function channelJson({ mark, client, syncd }: ChannelState): object {
  const owner = (of: Owner | undefined): object | null => of ?? null;
  return {
    ...{ on: mark.transport ?? null, moves: mark.generation, serves: mark.serves },
    wish: mark.wish === undefined ? null : { to: mark.wish.to, by: mark.wish.by },
    client: owner(client),
    syncd: owner(syncd),
  };
}
