// readme-picture.mjs: runs `./tandem lab --once` and puts what it printed into README.md, in the block after "around:".
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const printed = execFileSync("./tandem", ["--no-install", "lab", "--once"], { cwd: root, encoding: "utf8" });
const readme = readFileSync(`${root}README.md`, "utf8");
const block = /(around:\n\n```text\n)[\s\S]*?(```\n)/;
if (!block.test(readme)) throw new Error("README.md: no block after `around:`");
writeFileSync(
  `${root}README.md`,
  readme.replace(block, (_all, head, tail) => `${head}${printed}${tail}`),
);
