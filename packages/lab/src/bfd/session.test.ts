import { expect, test } from "vitest";
import { detectionTime, NEW_SESSION, sessionStep, upTime } from "./session.js";

test("the detection time is the slower interval times the multiplier", () => {
  expect(detectionTime({ tx_interval: "100", rx_interval: "300", multiplier: "3" })).toBe(900);
  expect(upTime({ tx_interval: "100", rx_interval: "300" })).toBe(300);
});

test("parameters that are missing or no numbers are the documented ones", () => {
  expect(detectionTime({})).toBe(300);
  expect(detectionTime({ tx_interval: "fast", multiplier: "0" })).toBe(300);
});

test("a session waits for what it has not noticed yet, and no longer when that is overtaken", () => {
  const passes = sessionStep(NEW_SESSION, true);
  expect(passes.wait).toBe("up");
  expect(sessionStep(passes.session, true).wait).toBe("keep");
  expect(sessionStep(passes.session, false).wait).toBe("none");
  const up = { up: true, passes: true };
  expect(sessionStep(up, false).wait).toBe("down");
  expect(sessionStep({ up: true, passes: false }, true).wait).toBe("none");
});
