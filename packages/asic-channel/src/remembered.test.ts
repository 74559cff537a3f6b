import { expect, test } from "vitest";
import { Remembered } from "./remembered.js";

test("the replies of the newest requests are kept, the first one of each", () => {
  const remembered = new Remembered(2);
  const reply = (status: string) => ({ op: "getresponse", status, fields: [] }) as const;
  remembered.add("a", reply("A"));
  remembered.add("b", reply("B"));
  remembered.add("a", reply("other"));
  expect(remembered.get("a")?.status).toBe("A");
  remembered.add("c", reply("C"));
  expect(["a", "b", "c"].map((id) => remembered.get(id)?.status)).toEqual([undefined, "B", "C"]);
  remembered.add("d", reply("D"));
  expect(["b", "c", "d"].map((id) => remembered.get(id)?.status)).toEqual([undefined, "C", "D"]);
});
