import { expect, test } from "vitest";
import { parseServicePath } from "../service-path.js";
import { mayClaim } from "./certificate-names.js";

const cases: readonly [names: string, path: string, may: boolean][] = [
  ["swbus:/r.c.n", "r.c.n", true],
  ["swbus:/r.c.n", "r.c.n/hamgrd/0", true],
  ["swbus:/r.c.n", "r.c.m", false],
  ["swbus:/r.c.n", "r.c.n2", false],
  ["swbus:/r.c.n", "r.d.n", false],
  ["swbus:/r.c.10.0.0.1-dpu0", "r.c.10.0.0.1-dpu0", true],
  ["swbus:/r.c.m swbus:/r.c.n", "r.c.n", true],
  // A service's certificate is not a router's.
  ["swbus:/r.c.n/hamgrd", "r.c.n/hamgrd/0", true],
  ["swbus:/r.c.n/hamgrd", "r.c.n/swbus-cli/x", false],
  ["swbus:/r.c.n/hamgrd", "r.c.n", false],
  ["swbus:/r.c.n/hamgrd/0", "r.c.n/hamgrd/0", true],
  ["swbus:/r.c.n/hamgrd/0", "r.c.n/hamgrd/1", false],
  ["swbus:/r.c.n/hamgrd/0", "r.c.n", false],
  // Less than a node proves nothing, nor does a name of another kind.
  ["swbus:/r.c", "r.c.n", false],
  ["swbus:/r", "r.c.n", false],
  ["swbus:/", "r.c.n", false],
  ["swbus://r.c.n", "r.c.n", false],
  ["swbus:/r.c.n//0", "r.c.n", false],
  ["https://r.c.n", "r.c.n", false],
  ["r.c.n", "r.c.n", false],
  ["", "r.c.n", false],
];
for (const [names, path, may] of cases)
  test(`a certificate of "${names}" ${may ? "may" : "may not"} claim ${path}`, () => {
    expect(mayClaim(names.split(" "), parseServicePath(path))).toBe(may);
  });
