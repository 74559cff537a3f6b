import { ok, type Result } from "@tandem/base";
import type { Command } from "@tandem/swss";
import { isObjectId, type ObjectId, objectIdParts } from "../object-id.js";
import { dump, switchRows } from "./discovery.js";
import { switchRow, VID_COUNTER, VID_TO_RID } from "./names.js";
import { bindCommands, writeRow } from "./rows.js";
import type { Session } from "./session.js";
import { stateCommand } from "./view-switch.js";

/** Pairs in one command of a map. */
const CHUNK = 1000;

/**
 * A Redis that came back without its data gets it again: rows from what the ASIC holds, maps from memory. A view that
 * was being built is lost; applying it fails, and changes nothing.
 */
export async function restoreLost(session: Session): Promise<Result<boolean, string>> {
  if (session.map.size === 0) return ok(false);
  const there = await session.read(["EXISTS", VID_TO_RID]);
  if (!there.ok) return there;
  if (there.value === 1) return ok(false);
  const objects = await dump(session);
  const rows = objects.flatMap((object): readonly Command[] => {
    const id = session.map.toChannel(object);
    if (id === undefined) return [];
    const attributes = object.attributes.map(
      ([name, value]) => [name, session.map.valueToChannel(value) ?? value] as const,
    );
    return [writeRow("", { type: object.type, id }, attributes)];
  });
  const pairs = [...session.map.pairs()];
  const commands: Command[] = [...rows];
  for (let at = 0; at < pairs.length; at += CHUNK) commands.push(...bindCommands(pairs.slice(at, at + CHUNK)));
  for (const vid of session.switches) {
    if (session.map.rid(vid) === undefined) continue;
    commands.push(...(await switchRows(session, vid, objects)));
    const cold = [...session.cold].flat();
    if (cold.length > 0) commands.push(["HSET", switchRow("COLDVIDS", vid, session.isFirst(vid)), ...cold]);
  }
  commands.push(["SET", VID_COUNTER, String(largestIndex(pairs.map(([vid]) => vid)))], stateCommand(session));
  const written = await session.commit(commands);
  if (!written.ok) return written;
  session.emit({ kind: "restored", rows: rows.length });
  return ok(true);
}

/** Counted ids go on behind the largest that is known. */
function largestIndex(vids: readonly string[]): bigint {
  let largest = 0n;
  for (const vid of vids) {
    if (!isObjectId(vid)) continue;
    const { index } = objectIdParts(vid as ObjectId);
    if (index > largest) largest = index;
  }
  return largest;
}
