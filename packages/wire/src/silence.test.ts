import { seconds } from "@tandem/base";
import { expect, test } from "vitest";
import { Silence } from "./silence.js";

test("up to 128 connections may be silent as long as it says, many more for longer", () => {
  const silence = new Silence(seconds(3));
  for (let i = 0; i < 128; i++) silence.opened();
  expect(silence.limit).toBe(3000);
  for (let i = 128; i < 1024; i++) silence.opened();
  expect(silence.limit).toBe(24_000);
  expect(silence.factor).toBe(8);
  for (let i = 1024; i > 100; i--) silence.closed();
  expect(silence.limit).toBe(3000);
});

test("a limit that is longer anyway stays", () => {
  const silence = new Silence(seconds(60));
  for (let i = 0; i < 1024; i++) silence.opened();
  expect(silence.limit).toBe(60_000);
});
