import { join } from "node:path";
import {
  ARCHIVER_CRASH_POINTS,
  CRASH_POINTS,
  HAMGRD_CRASH_POINTS,
  HAX_CRASH_POINTS,
  SYNCD_CRASH_POINTS,
} from "@tandem/base";
import { golden } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { ROOT } from "./repository.js";

test("every boundary between persisting and acting is a crash point", () => {
  golden(join(ROOT, "packages/base/testdata/crash-points.txt"), `${CRASH_POINTS.join("\n")}\n`);
  expect(CRASH_POINTS).toHaveLength(33);
  expect(new Set(CRASH_POINTS).size).toBe(CRASH_POINTS.length);
  expect([...HAMGRD_CRASH_POINTS, ...SYNCD_CRASH_POINTS, ...ARCHIVER_CRASH_POINTS, ...HAX_CRASH_POINTS]).toEqual(
    CRASH_POINTS,
  );
});
