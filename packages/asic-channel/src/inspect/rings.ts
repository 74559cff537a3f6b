import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { err, ok, type Result } from "@tandem/base";
import { fillOf, RECORD_HEADER_BYTES, RING_CONTROL_BYTES, writtenAt } from "../shm/ring.js";
import { PLACES, placeOf, RING_NAMES, sizesOf } from "../shm/wire.js";
import type { QueueView } from "./queues.js";

/** What waits in the rings of a file, read without touching them; none where there is no file. */
export function readRings(path: string): Result<readonly QueueView[], string> {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? ok([]) : err(message);
  }
  try {
    const read = (from: number, bytes: number): Buffer => {
      const buffer = Buffer.alloc(bytes);
      readSync(fd, buffer, 0, bytes, from);
      return buffer;
    };
    const sizes = sizesOf(read(0, PLACES.clientAsleep), fstatSync(fd).size);
    if (!sizes.ok) return err(`${path}: ${sizes.error}`);
    return ok(
      RING_NAMES.map((ring): QueueView => {
        const { control, data } = placeOf(ring, sizes.value);
        const words = read(control, RING_CONTROL_BYTES);
        const fill = fillOf(new Int32Array(words.buffer, words.byteOffset, RING_CONTROL_BYTES / 4), sizes.value[ring]);
        const { records: entries, bytes, oldestAt } = fill;
        const first = entries === 0 ? undefined : read(data + oldestAt, RECORD_HEADER_BYTES);
        const oldest =
          first === undefined ? undefined : (writtenAt(first) ?? writtenAt(read(data, RECORD_HEADER_BYTES)));
        return { name: `ring of ${ring}`, kind: "ring", transport: "shm", entries, pending: 0, oldest, bytes };
      }),
    );
  } finally {
    closeSync(fd);
  }
}
