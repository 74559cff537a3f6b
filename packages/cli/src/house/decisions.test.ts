import { join } from "node:path";
import { golden } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { filesBelow, ROOT, textOf } from "./repository.js";

const INTRODUCTION = `# Decisions

One page each: the decision, its forces, its alternatives, its consequences. A later ADR replaces an earlier one by link;
none is rewritten. This list is printed from their titles (\`UPDATE=1\` prints it again).

`;

const pages = filesBelow("docs/adr").filter((path) => /\/\d{4}-[\w-]+\.md$/.test(path));

test("docs/adr/README.md lists every decision by its title", () => {
  const lines = pages.map((path) => {
    const [, number, title] = /^# (\d+)\. (.+)$/m.exec(textOf(path)) ?? [];
    const file = path.slice("docs/adr/".length);
    expect(number?.padStart(4, "0"), `${path}: its title starts with its number`).toBe(file.slice(0, 4));
    return `- [${file.slice(0, 4)}](${file}) ${title}\n`;
  });
  golden(join(ROOT, "docs/adr/README.md"), `${INTRODUCTION}${lines.join("")}`);
});

test("every decision has a number of its own", () => {
  const numbers = pages.map((path) => path.slice("docs/adr/".length, "docs/adr/".length + 4));
  expect(numbers).toEqual([...new Set(numbers)]);
});

test("every link between pages leads to a file", () => {
  const markdown = filesBelow().filter((path) => path.endsWith(".md"));
  const files = new Set(filesBelow());
  const broken = markdown.flatMap((path) =>
    [...textOf(path).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g)].flatMap(([, target = ""]) => {
      const resolved = join(path, "..", target).replace(/\/$/, "");
      const found = files.has(resolved) || [...files].some((file) => file.startsWith(`${resolved}/`));
      return found ? [] : [`${path}: ${target}`];
    }),
  );
  expect(broken).toEqual([]);
});
