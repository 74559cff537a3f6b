import { longTest } from "@tandem/base/testing";
import { describe, expect, test } from "vitest";
import { TRANSPORT_NAMES } from "../transport.js";
import { casesOf, runCase } from "./run.js";

describe.each(TRANSPORT_NAMES)("%s between real processes", (transport) => {
  for (const each of casesOf(transport, false))
    test(`${each.name}: ${each.says}, or not, as is expected of it`, async (t) => {
      const long = process.env["TANDEM_TEST_ALL"] === "1";
      if (each.short !== true) longTest(t);
      const { outcome, text } = await runCase(each, transport, long);
      expect(outcome, text).not.toBe("failed");
    }, 600_000);
});
