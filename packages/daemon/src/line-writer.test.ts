import { settle } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { LineWriter } from "./line-writer.js";

/** A sink whose writes end when the test says so. */
function slowSink() {
  const written: string[] = [];
  const answers: ((ok: boolean) => void)[] = [];
  return {
    written,
    answer: (ok: boolean): void => answers.shift()?.(ok),
    sink: {
      write: (text: string): Promise<boolean> => {
        written.push(text);
        return new Promise((resolve) => answers.push(resolve));
      },
      lostMark: (lines: number): string => `(${lines} lost)\n`,
    },
  };
}

test("lines of one tick travel together, in order", async () => {
  const { sink, written, answer } = slowSink();
  const writer = new LineWriter(sink, 100);
  writer.push("a\n");
  writer.push("b\n");
  await settle();
  writer.push("c\n");
  expect(written).toEqual(["a\nb\n"]);
  answer(true);
  await settle();
  expect(written).toEqual(["a\nb\n", "c\n"]);
  answer(true);
  await writer.flush();
});

test("beyond the bound lines are dropped, and their number is written", async () => {
  const { sink, written, answer } = slowSink();
  const writer = new LineWriter(sink, 10);
  writer.push("12345678\n");
  writer.push("too much\n");
  writer.push("too much\n");
  await settle();
  expect(written).toEqual(["12345678\n(2 lost)\n"]);
  answer(true);
  await writer.flush();
});

test("what a sink could not write is counted as lost", async () => {
  const { sink, written, answer } = slowSink();
  const writer = new LineWriter(sink, 100);
  writer.push("a\n");
  writer.push("b\n");
  await settle();
  answer(false);
  await settle();
  writer.push("c\n");
  await settle();
  expect(written).toEqual(["a\nb\n", "c\n(2 lost)\n"]);
  answer(true);
  await writer.flush();
});

test("what waits can be taken for a last synchronous write", async () => {
  const { sink, written, answer } = slowSink();
  const writer = new LineWriter(sink, 100);
  writer.push("a\n");
  expect(writer.take()).toBe("a\n");
  await writer.flush();
  expect(written).toEqual([]);
  answer(true);
});
