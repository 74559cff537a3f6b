import { randomUUID } from "node:crypto";
import type { Random } from "./random.js";

/** The machine's randomness: the only place that draws it. */
export const systemRandom: Random = {
  next: () => Math.random(),
  uuid: () => randomUUID(),
};
