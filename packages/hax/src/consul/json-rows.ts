import type { CatalogService, ConsulCheck, KvEntry, ServiceHealth } from "./consul-api.js";

type Fields = Readonly<Record<string, unknown>>;

/** What was expected of an answer and not found. */
export class Malformed extends Error {}

/** The elements of an array, or none for `null`, which is how Consul writes an empty one. */
export function rows<T>(value: unknown, decode: (row: Fields) => T): readonly T[] {
  if (value === null) return [];
  if (!Array.isArray(value)) throw new Malformed("expected an array");
  return value.map((row, at) => {
    try {
      return decode(fields(row));
    } catch (error) {
      if (error instanceof Malformed) throw new Malformed(`element ${at}: ${error.message}`);
      throw error;
    }
  });
}

export function fields(value: unknown): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Malformed("expected an object");
  return value as Fields;
}

export function text(row: Fields, name: string): string {
  const value = row[name];
  if (typeof value !== "string") throw new Malformed(`expected a text at ${name}`);
  return value;
}

function whole(row: Fields, name: string): number {
  const value = row[name];
  if (typeof value !== "number" || !Number.isSafeInteger(value)) throw new Malformed(`expected a number at ${name}`);
  return value;
}

export function kvEntry(row: Fields): KvEntry {
  const { Value = null, Session: session } = row;
  if (Value !== null && typeof Value !== "string") throw new Malformed("expected base64 or null at Value");
  return {
    key: text(row, "Key"),
    text: Buffer.from(Value ?? "", "base64").toString("utf8"),
    modifyIndex: whole(row, "ModifyIndex"),
    ...(typeof session === "string" && session !== "" && { session }),
  };
}

export function catalogService(row: Fields): CatalogService {
  const own = text(row, "ServiceAddress");
  const meta = fields(row.ServiceMeta ?? {});
  return {
    ...{ node: text(row, "Node"), serviceId: text(row, "ServiceID"), port: whole(row, "ServicePort") },
    address: own === "" ? text(row, "Address") : own,
    meta: Object.fromEntries(Object.keys(meta).map((name) => [name, text(meta, name)])),
  };
}

export function check(row: Fields): ConsulCheck {
  return { checkId: text(row, "CheckID"), status: text(row, "Status"), serviceId: text(row, "ServiceID") };
}

export function serviceHealth(row: Fields): ServiceHealth {
  const service = fields(row.Service);
  return {
    ...{ node: text(fields(row.Node), "Node"), serviceId: text(service, "ID"), service: text(service, "Service") },
    checks: rows(row.Checks ?? null, check),
  };
}
