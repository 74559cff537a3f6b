import { longTest } from "@tandem/base/testing";
import { describe, expect, test } from "vitest";
import { TRANSPORT_NAMES } from "../transport.js";
import { casesOf, runCase } from "./run.js";

/** Cases in which requests wait for a server that is away. */
const IN_THE_QUEUE =
  /^(killed-while-draining|server-killed-at-.*|syncd-alone|restart-under-load|redis-killed|client-killed|malformed)$/;

describe.each(TRANSPORT_NAMES)("%s between real processes", (transport) => {
  for (const each of casesOf(transport, false))
    test(`${each.name}: ${each.says}, or not, as is expected of it`, async (t) => {
      const long = process.env["TANDEM_TEST_ALL"] === "1";
      if (each.short !== true) longTest(t);
      const { outcome, text } = await runCase(each, transport, { long });
      expect(outcome, text).not.toBe("failed");
    }, 600_000);
});

describe("grpc-queue with a list behind it, between real processes", () => {
  for (const each of casesOf("grpc-queue", false).filter(({ name }) => IN_THE_QUEUE.test(name)))
    test(`${each.name}: ${each.says}, or not, as is expected of it`, async (t) => {
      if (each.name !== "server-killed-at-effect-done") longTest(t);
      const { outcome, text } = await runCase(each, "grpc-queue", { fallback: "list" });
      expect(outcome, text).not.toBe("failed");
    }, 600_000);
});
