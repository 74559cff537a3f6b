import { err, ok, type Result } from "@tandem/base";
import {
  DashHaScopeConfig,
  DashHaScopeState,
  DashHaSetConfig,
  DeviceMetadata,
  Dpu,
  LoopbackInterface,
  type Operation,
  planOperation,
  RemoteDpu,
  Vdpu,
} from "@tandem/hamgrd";
import type { AnyTable } from "@tandem/swss";
import { type CommandRun, type Failure, failed, printJson, wantsJson } from "../io.js";
import { type PairRows, readPair } from "../pairs.js";
import { renderPlan } from "../render/plan.js";
import type { TableRow } from "../render/rows.js";
import { listItems } from "../render/words.js";
import { SlotSessions, switchAccess } from "../switch-slots.js";
import { TableReader } from "../tables.js";

const OPERATIONS = ["switchover", "shutdown", "restart", "remove"] as const;
type OperationName = (typeof OPERATIONS)[number];

/** `tandem plan <operation> <target>`: what it would come to. Writes nothing; fails when it is refused. */
export const runPlan: CommandRun = async (invocation, io) => {
  const [word = "", target = ""] = invocation.args;
  const name = OPERATIONS.find((operation) => operation === word);
  if (name === undefined) {
    return err({ kind: "usage", message: `${word}: no such operation; there are ${OPERATIONS.join(", ")}` });
  }
  const access = switchAccess(invocation);
  const reader = await TableReader.open(access.dbConfig, io);
  if (!reader.ok) return reader;
  await using tables = reader.value;
  const rows = await readPairRows(tables);
  if (!rows.ok) return rows;
  const set = rows.value.sets.find(
    ({ key, fields }) => key.join(":") === target || listItems(fields["vdpu_ids"]).includes(target),
  );
  if (set === undefined) return err(failed(`no HA set or vDPU ${target}; known: ${knownNames(rows.value.sets)}`));
  const isSet = set.key.join(":") === target;
  const operation = operationOf(name, isSet ? undefined : target);
  if (!operation.ok) return operation;
  await using sessions = new SlotSessions(access, io);
  const pair = await readPair(set, rows.value, sessions);
  if (pair === undefined)
    return err(failed(`${set.key.join(":")}: its vdpu_ids are not exactly two; hamgrd refuses it`));
  const plan = planOperation(operation.value, pair, { force: invocation.options["force"] === true });
  if (wantsJson(invocation)) printJson(io, "plan", { operation: operation.value, pair, plan });
  else io.print(renderPlan(`${name} of ${target}`, pair, plan));
  return plan.verdict === "refused" ? err(failed(`refused; --force plans it all the same`)) : ok();
};

function operationOf(name: OperationName, vdpu: string | undefined): Result<Operation, Failure> {
  switch (name) {
    case "switchover":
      return ok({ kind: "switchover" });
    case "remove":
      return ok({ kind: "remove", vdpu });
    default:
      return vdpu === undefined
        ? err({ kind: "usage", message: `${name} is for one side: name a vDPU, not an HA set` })
        : ok({ kind: name, vdpu });
  }
}

function knownNames(sets: readonly TableRow[]): string {
  const names = sets.flatMap(({ key, fields }) => [key.join(":"), ...listItems(fields["vdpu_ids"])]);
  return names.length === 0 ? "none" : [...new Set(names)].sort().join(", ");
}

export async function readPairRows(tables: TableReader): Promise<Result<PairRows, Failure>> {
  const all: TableRow[][] = [];
  const wanted: readonly AnyTable[] = [
    DeviceMetadata,
    DashHaSetConfig,
    DashHaScopeConfig,
    DashHaScopeState,
    Vdpu,
    Dpu,
    RemoteDpu,
    LoopbackInterface,
  ];
  for (const table of wanted) {
    const rows = await tables.rows(table);
    if (!rows.ok) return rows;
    all.push([...rows.value]);
  }
  const [metadata = [], sets = [], scopes = [], states = [], vdpus = [], dpus = [], remoteDpus = [], loopbacks = []] =
    all;
  return ok({
    npu: loopbackAddress(loopbacks),
    hostname: metadata[0]?.fields["hostname"] ?? "this switch",
    sets,
    scopes,
    states,
    vdpus,
    dpus,
    remoteDpus,
  });
}

/** The first address of Loopback0: by IPv4, if there is one. */
function loopbackAddress(loopbacks: readonly TableRow[]): string | undefined {
  const prefixes = loopbacks.flatMap(({ key: [name, prefix = ""] }) =>
    name === "Loopback0" && prefix !== "" ? [prefix] : [],
  );
  return (prefixes.find((prefix) => !prefix.includes(":")) ?? prefixes[0])?.split("/")[0];
}
