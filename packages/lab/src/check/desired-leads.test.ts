import { expect, test } from "vitest";
import { coreWith, History } from "../testing/history.js";
import { configured } from "../testing/wishes.js";
import { desiredLeads } from "./desired-leads.js";

function launching(): History {
  const history = new History(desiredLeads).knows("sw0_dpu0", coreWith({})).knows("sw1_dpu0", coreWith({}));
  configured(history, { sw0_dpu0: "active", sw1_dpu0: "unspecified" });
  return history.state("sw0_dpu0", "connecting").state("sw1_dpu0", "connecting");
}
const leads = (history: History, name: string): History =>
  history.state(name, "connected").state(name, "initializing_to_active").state(name, "active");

test("a fresh pair whose other side leads is told", () => {
  expect(leads(launching(), "sw1_dpu0").violations).toEqual([
    "desired-leads: haset0-0: sw1_dpu0 became active, and sw0_dpu0 is desired active",
  ]);
});

test("the desired side leads; or the other one, when it served alone, something was broken, or both are desired", () => {
  expect(leads(launching(), "sw0_dpu0").violations).toEqual([]);
  const alone = launching().state("sw1_dpu0", "pending_standalone_activation").state("sw1_dpu0", "standalone");
  expect(leads(alone, "sw1_dpu0").violations).toEqual([]);
  const broken = launching().wait(1).trouble("sw0_dpu0", "link").trouble("sw0_dpu0", "link", false).wait(1);
  expect(leads(broken, "sw1_dpu0").violations).toEqual([]);
  const both = configured(launching(), { sw1_dpu0: "active" });
  expect(leads(both, "sw1_dpu0").violations).toEqual([]);
});
