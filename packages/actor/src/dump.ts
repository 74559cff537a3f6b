import { type AnyTable, encodeText } from "@tandem/swss";
import type { CachedRow, TableFeed } from "./bridge/table-feed.js";
import { dumpIncoming, dumpInternal, dumpSent } from "./dump-format.js";
import { BRIDGE_TYPE, encodeEnvelope } from "./envelope.js";
import { type ExactJson, exactJson } from "./exact-json.js";
import type { Place } from "./place.js";
import type { PlaceHost } from "./place-host.js";

/**
 * The answer to GET_ACTOR_STATE in the form that sonic-dash-ha's swbus-cli reads: input rows and messages as incoming,
 * rows of ours in STATE_DB as internal, what was sent last as outgoing. Members that it does not know follow
 * under `tandem`.
 */
export function dumpPlace(host: PlaceHost, place: Place): string {
  const incoming: Record<string, ExactJson> = {};
  for (const [key, entry] of place.messages.incoming) {
    incoming[key] = dumpIncoming({ key, ...entry, response: "Ok" });
  }
  for (const { messageKey, feed, key } of inputRows(host, place)) {
    const cached = feed.get(key);
    if (cached === undefined) continue;
    incoming[messageKey] = dumpIncoming({
      key: messageKey,
      data: encodeEnvelope({ key, operation: "Set", fields: handedOn(feed.table, cached) }),
      source: host.edge.basePath.withResource(BRIDGE_TYPE, feed.table.id),
      requestId: 0n,
      version: cached.version,
      createdAt: cached.createdAt,
      updatedAt: cached.updatedAt,
      response: "Ok",
    });
  }
  const internal: Record<string, ExactJson> = {};
  for (const row of place.book.rows.values()) {
    if (!host.isOwn(row.ref)) continue;
    const fields = printable(place.book.written(row.ref.text) ?? {});
    const { tableName, key } = row.ref;
    internal[Object.hasOwn(internal, tableName) ? `${tableName}|${key}` : tableName] = dumpInternal({
      table: tableName,
      key,
      fields,
      backup: fields,
      mutated: false,
      toDelete: false,
      updatedAt: host.clock.now() - (host.clock.monotonic() - row.ackedAt),
    });
  }
  const sent: Record<string, ExactJson> = {};
  for (const [name, entry] of place.sent.entries()) sent[name] = dumpSent(entry);
  return exactJson({
    incoming,
    internal,
    outgoing: { outgoing_queued: [], outgoing_sent: sent },
    tandem: place.status() as unknown as ExactJson,
  });
}

/** Rows under the message keys that upstream's bridges would use: the bare table name for an actor's own rows. */
function* inputRows(
  host: PlaceHost,
  place: Place,
): Iterable<{ readonly messageKey: string; readonly feed: TableFeed; readonly key: string }> {
  for (const table of place.definition.rows) yield { messageKey: table.name, feed: host.feed(table), key: place.id };
  for (const { feed, key, wide } of place.reads.present()) {
    yield { messageKey: wide ? `${feed.table.name}|${key}` : feed.table.name, feed, key };
  }
}

/** A row as upstream's bridges hand it on: a protobuf message is one field `json`, which swbus-cli prints expanded. */
function handedOn({ pb }: AnyTable, { row, fields }: CachedRow): Record<string, string> {
  return pb !== undefined && Object.hasOwn(fields, "pb") ? { json: pb.json.encode(row as never) } : printable(fields);
}

/** Binary values as hex: dumps are read by people and must be valid UTF-8. */
function printable(fields: Readonly<Record<string, string>>): Record<string, string> {
  const printed: Record<string, string> = {};
  for (const [name, value] of Object.entries(fields)) {
    printed[name] = value.isWellFormed() ? value : `hex:${encodeText(value).toString("hex")}`;
  }
  return printed;
}
