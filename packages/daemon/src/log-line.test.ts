import { expect, test } from "vitest";
import { formatLine, formatText } from "./log-line.js";

const origin = { program: "swbusd", pid: 42 };

test("fields follow the message, quoted where a reader could misread them", () => {
  const fields = {
    endpoint: "10.0.0.1:1",
    why: "not found",
    tries: 3,
    at: 7n,
    absent: undefined,
    list: [1n],
    empty: "",
  };
  expect(formatText("peer lost", fields)).toBe(
    'peer lost endpoint=10.0.0.1:1 why="not found" tries=3 at=7 list=["1"] empty=""',
  );
});

test("an error as a field shows its message", () => {
  expect(formatText("failed", { cause: new Error("no way") })).toBe('failed cause="no way"');
});

test("a line stays one line, whatever is logged", () => {
  expect(formatText("a\nb\u0000c", { text: "d\r\ne" })).toBe('a\\nb\\u0000c text="d\\r\\ne"');
});

test("an endless text is cut, and says so", () => {
  const text = formatText("x".repeat(9000));
  expect(text.length).toBeLessThan(8100);
  expect(text).toContain("(1000 more characters)");
});

test("plain lines begin with time, program and level", () => {
  expect(formatLine("plain", origin, "warn", Date.UTC(2026, 0, 2, 3, 4, 5, 6), "text")).toBe(
    "2026-01-02T03:04:05.006Z swbusd[42] warn: text\n",
  );
});

test("journal lines begin with the severity of sd-daemon(3)", () => {
  expect(formatLine("journal", origin, "error", 0, "text")).toBe("<3>text\n");
});

test("syslog lines are RFC 3164 with facility daemon and local time", () => {
  const time = new Date(2026, 0, 2, 3, 4, 5).getTime();
  expect(formatLine("syslog", origin, "info", time, "text")).toBe("<30>Jan  2 03:04:05 swbusd[42]: text\n");
});
