import { expect, test } from "vitest";
import { History } from "../testing/history.js";
import { activationIsAsked } from "./activation-is-asked.js";

const asks = (history: History, requested: string): History =>
  history.told("sw0_dpu0", "DASH_HA_SCOPE_TABLE", "haset0-0", { activate_role_requested: requested });

test("a DPU that serves without having been told to is told", () => {
  const waiting = new History(activationIsAsked).state("sw0_dpu0", "pending_active_activation");
  expect(asks(waiting, "false").state("sw0_dpu0", "active").violations).toEqual([
    "activation-is-asked: sw0_dpu0 became active, and no row had told it to",
  ]);
});

test("a row of an earlier visit activates nothing", () => {
  const history = asks(new History(activationIsAsked).state("sw0_dpu0", "pending_standby_activation"), "true");
  history.state("sw0_dpu0", "connecting").state("sw0_dpu0", "pending_standby_activation").state("sw0_dpu0", "standby");
  expect(history.violations).toHaveLength(1);
});

test("a DPU that skips its pending state is told", () => {
  const history = asks(new History(activationIsAsked).state("sw0_dpu0", "pending_standby_activation"), "true");
  expect(history.state("sw0_dpu0", "active").violations).toEqual([
    "activation-is-asked: sw0_dpu0 went from pending_standby_activation to active",
  ]);
});

test("what was asked for, and service that goes on, is as it should be", () => {
  const history = asks(new History(activationIsAsked).state("sw0_dpu0", "pending_active_activation"), "true");
  history.state("sw0_dpu0", "active").state("sw0_dpu0", "standalone").state("sw0_dpu0", "active");
  expect(history.violations).toEqual([]);
});
