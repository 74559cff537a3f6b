import { err, type Millis, millis, ok, type Result, seconds } from "@tandem/base";
import type { Check, CheckStatus, Instance } from "./catalog.js";
import type { Session, StoredOp } from "./consul-state.js";

type Fields = Readonly<Record<string, unknown>>;

/** Of one transaction, since Consul 1.14; those before took 64, and hax sends no more. */
const OPS_MAX = 128;
const TTL_MIN = seconds(10);
const TTL_MAX = seconds(24 * 60 * 60);
const LOCK_DELAY_DEFAULT = seconds(15);
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `5s`, `1500ms`, `1m30s`: a duration as Go writes it. */
export function parseDuration(text: string): Millis | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g))
    sum += Number(number) * (UNITS[unit as string] as number);
  return millis(sum);
}

export function parseJson(body: string): Result<unknown, string> {
  try {
    return ok(JSON.parse(body));
  } catch {
    return err("Request decode failed: the body is not JSON");
  }
}

export function parseTxn(body: unknown): Result<readonly StoredOp[], string> {
  if (!Array.isArray(body)) return err("Failed to parse body: expected an array");
  if (body.length > OPS_MAX) return err(`Transaction contains too many operations (${body.length} > ${OPS_MAX})`);
  const ops: StoredOp[] = [];
  for (const row of body) {
    const kv = member(row, "KV");
    const [verb, key, index = 0] = [member(kv, "Verb"), member(kv, "Key"), member(kv, "Index")];
    const value = member(kv, "Value") ?? null;
    if (typeof key !== "string" || key === "") return err("missing key");
    if (typeof index !== "number" || !(value === null || typeof value === "string"))
      return err(`bad value at "${key}"`);
    if (verb === "set") ops.push({ verb, key, value });
    else if (verb === "cas") ops.push({ verb, key, value, index });
    else if (verb === "delete" || verb === "delete-tree") ops.push({ verb, key });
    else return err(`unknown KV operation "${String(verb)}"`);
  }
  return ok(ops);
}

export function parseSession(body: unknown, ownNode: string): Result<Omit<Session, "id" | "createIndex">, string> {
  const duration = (name: string, absent: Millis | undefined): Result<Millis | undefined, string> => {
    const value = member(body, name);
    if (value === undefined || value === "") return ok(absent);
    const parsed = typeof value === "string" ? parseDuration(value) : undefined;
    return parsed === undefined ? err(`Invalid ${name}: ${String(value)}`) : ok(parsed);
  };
  const lockDelay = duration("LockDelay", LOCK_DELAY_DEFAULT);
  const ttl = duration("TTL", undefined);
  if (!lockDelay.ok) return lockDelay;
  if (!ttl.ok) return ttl;
  if (ttl.value !== undefined && ttl.value !== 0 && (ttl.value < TTL_MIN || ttl.value > TTL_MAX))
    return err(`Invalid Session TTL '${ttl.value}ms', must be between [10s=24h0m0s]`);
  const checks = member(body, "Checks") ?? ["serfHealth"];
  if (!Array.isArray(checks)) return err("Invalid Checks");
  return ok({
    name: textOf(body, "Name"),
    node: textOf(body, "Node") || ownNode,
    checks: checks.map(String),
    lockDelay: lockDelay.value as Millis,
    behavior: member(body, "Behavior") === "delete" ? "delete" : "release",
    ttl: ttl.value,
  });
}

/** An instance of the agent's own node, with the one check that may come with it. */
export function parseService(
  body: unknown,
  node: string,
): Result<{ readonly instance: Instance; readonly check: Check | undefined }, string> {
  const name = textOf(body, "Name");
  if (name === "") return err("Missing service name");
  const id = textOf(body, "ID") || name;
  const [port = 0, meta = {}, check] = [member(body, "Port"), member(body, "Meta"), member(body, "Check")];
  if (typeof port !== "number" || typeof meta !== "object") return err("Request decode failed: Port or Meta");
  const instance = { node, id, name, address: textOf(body, "Address"), port, meta: meta as Record<string, string> };
  if (check === undefined) return ok({ instance, check: undefined });
  const status = parseStatus(textOf(check, "Status") || "critical");
  if (status === undefined) return err("Invalid check status");
  return ok({
    instance,
    check: {
      ...{ node, checkId: textOf(check, "CheckID") || `service:${id}`, status, output: "" },
      ...{ name: textOf(check, "Name") || `Service '${name}' check`, serviceId: id, serviceName: name },
    },
  });
}

export function parseStatus(text: string): CheckStatus | undefined {
  const word = text === "pass" ? "passing" : text === "warn" ? "warning" : text === "fail" ? "critical" : text;
  return word === "passing" || word === "warning" || word === "critical" ? word : undefined;
}

export function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Fields)[name] : undefined;
}

export function textOf(value: unknown, name: string): string {
  const found = member(value, name);
  return typeof found === "string" ? found : "";
}
