import { ok, systemClock } from "@tandem/base";
import { DashHaScopeConfig, DashHaScopeState, DashHaSetConfig } from "@tandem/hamgrd";
import pc from "picocolors";
import { Hamgrds } from "../ask-hamgrds.js";
import { askPeers, PEER_WITHIN } from "../ask-peers.js";
import { type CommandRun, type Invocation, type Io, printJson, textOption, wantsJson } from "../io.js";
import { haScopeLines, type Paint, pendingOperations, plain, renderHa, renderPending } from "../render/ha.js";
import { renderStuck, type StuckWait, stuckWaits } from "../render/stuck.js";
import { SlotSessions, switchAccess } from "../switch-slots.js";
import { TableReader } from "../tables.js";

/**
 * `tandem show ha`: the rows of this switch, and over the bus what the peers say of themselves and what hamgrds have waited
 * for too long.
 */
export const runShowHa: CommandRun = async (invocation, io) => {
  const reader = await TableReader.open(textOption(invocation, "dbConfig"), io);
  if (!reader.ok) return reader;
  await using tables = reader.value;
  const states = await tables.rows(DashHaScopeState);
  if (!states.ok) return states;
  const configs = await tables.rows(DashHaScopeConfig);
  if (!configs.ok) return configs;
  const sets = await tables.rows(DashHaSetConfig);
  if (!sets.ok) return sets;
  await using sessions = new SlotSessions(switchAccess(invocation), io, PEER_WITHIN);
  const completed = await askPeers(tables, states.value, sessions, io);
  if (!completed.ok) return completed;
  const scopes = haScopeLines(completed.value, configs.value, sets.value, systemClock.now());
  const stuck = states.value.length === 0 ? [] : await askStuck(tables, invocation, io);
  const tones = paintFor(io);
  if (wantsJson(invocation)) printJson(io, "show-ha", { scopes, stuck });
  else io.print(renderHa(scopes, tones) + renderStuck(stuck, tones));
  return ok();
};

/** Waits past their deadline, of all actors of this switch; what no hamgrd tells is unknown, and said to be. */
async function askStuck(tables: TableReader, invocation: Invocation, io: Io): Promise<readonly StuckWait[]> {
  await using hamgrds = await Hamgrds.open(invocation, tables, io);
  const unknown = ({ who, why }: { readonly who: string; readonly why: string }): void =>
    io.complain(`warning: whether anything is stuck is unknown: ${who}: ${why}`);
  hamgrds.silent.forEach(unknown);
  const pages = await Promise.all(hamgrds.local.map((place) => hamgrds.actors(place, "")));
  return pages.flatMap((page) => {
    if (page.ok) return stuckWaits(page.value);
    unknown(page.error);
    return [];
  });
}

/** `tandem pending`. */
export const runPending: CommandRun = async (invocation, io) => {
  const reader = await TableReader.open(textOption(invocation, "dbConfig"), io);
  if (!reader.ok) return reader;
  await using tables = reader.value;
  const states = await tables.rows(DashHaScopeState);
  if (!states.ok) return states;
  const operations = pendingOperations(states.value, systemClock.now());
  if (wantsJson(invocation)) printJson(io, "pending", { operations });
  else io.print(renderPending(operations));
  return ok();
};

const colours = pc.createColors(true);
const paint: Paint = (tone, text) => ({ good: colours.green, bad: colours.red, warn: colours.yellow })[tone](text);

/** Colours where stdout shows them. */
export function paintFor(io: Io): Paint {
  return io.colours ? paint : plain;
}
