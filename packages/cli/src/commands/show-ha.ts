import { ok, systemClock } from "@tandem/base";
import { DashHaScopeConfig, DashHaScopeState, DashHaSetConfig } from "@tandem/hamgrd";
import pc from "picocolors";
import { askPeers } from "../ask-peers.js";
import { type CommandRun, printJson, textOption, wantsJson } from "../io.js";
import { haScopeLines, type Paint, pendingOperations, plain, renderHa, renderPending } from "../render/ha.js";
import { TableReader } from "../tables.js";

/** `tandem show ha`: the rows of this switch, and over the bus what the peers say of themselves. */
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
  const completed = await askPeers(tables, states.value, textOption(invocation, "dbConfig"), io);
  if (!completed.ok) return completed;
  const scopes = haScopeLines(completed.value, configs.value, sets.value, systemClock.now());
  if (wantsJson(invocation)) printJson(io, "show-ha", { scopes });
  else io.print(renderHa(scopes, io.colours ? paint : plain));
  return ok();
};

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
