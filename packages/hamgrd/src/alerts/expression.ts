import { unreachable } from "@tandem/base";

/** The part of PromQL that our alerts use, as data: it is printed for Prometheus, and evaluated in tests. */
export type Expression =
  | {
      readonly kind: "metric";
      readonly name: string;
      /** Label values that are wanted, any of them. */
      readonly where?: Readonly<Record<string, readonly string[]>>;
    }
  /** Seconds until the time (s since the epoch) that a metric names. */
  | { readonly kind: "remaining"; readonly of: string }
  /** By how much a counter grew within a window. */
  | { readonly kind: "increase"; readonly of: string; readonly seconds: number }
  | {
      readonly kind: "aggregate";
      readonly by: readonly string[];
      readonly how: "count" | "min" | "max" | "sum";
      readonly of: Expression;
    }
  /** Series of the left side for which the comparison holds; with another expression by the labels `on`. */
  | {
      readonly kind: "compare";
      readonly left: Expression;
      readonly op: ">" | ">=" | "==" | "<";
      readonly right: number | { readonly of: Expression; readonly on: readonly string[] };
    }
  /** Series of the left side that have one on the right with the same labels `on`. */
  | { readonly kind: "and"; readonly left: Expression; readonly right: Expression; readonly on: readonly string[] };

/** One series at one moment. */
export interface SampleValue {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What a scraper has: samples now, and those of a window ago. */
export interface Scrape {
  readonly now: readonly SampleValue[];
  readonly before: readonly SampleValue[];
  /** Seconds since the epoch. */
  readonly at: number;
}

/** PromQL. */
export function formatExpression(expression: Expression): string {
  switch (expression.kind) {
    case "metric": {
      const where = Object.entries(expression.where ?? {}).map(([label, values]) =>
        values.length === 1 ? `${label}="${values[0]}"` : `${label}=~"${values.join("|")}"`,
      );
      return where.length === 0 ? expression.name : `${expression.name}{${where.join(",")}}`;
    }
    case "remaining":
      return `(${expression.of} - time())`;
    case "increase":
      return `increase(${expression.of}[${expression.seconds / 60}m])`;
    case "aggregate":
      return `${expression.how} by (${expression.by.join(", ")}) (${formatExpression(expression.of)})`;
    case "compare": {
      const { left, op, right } = expression;
      const other =
        typeof right === "number"
          ? String(right)
          : `on (${right.on.join(", ")}) group_left () ${formatExpression(right.of)}`;
      return `${formatExpression(left)} ${op} ${other}`;
    }
    case "and":
      return `(${formatExpression(expression.left)}) and on (${expression.on.join(", ")}) (${formatExpression(expression.right)})`;
    default:
      return unreachable(expression);
  }
}

/** Metrics that an expression names. */
export function metricsOf(expression: Expression): readonly string[] {
  switch (expression.kind) {
    case "metric":
      return [expression.name];
    case "remaining":
    case "increase":
      return [expression.of];
    case "aggregate":
      return metricsOf(expression.of);
    case "compare": {
      const { left, right } = expression;
      return [...metricsOf(left), ...(typeof right === "number" ? [] : metricsOf(right.of))];
    }
    case "and":
      return [...metricsOf(expression.left), ...metricsOf(expression.right)];
    default:
      return unreachable(expression);
  }
}

/** The series for which the expression holds, as Prometheus would give them. */
export function evaluate(expression: Expression, scrape: Scrape): readonly SampleValue[] {
  switch (expression.kind) {
    case "metric": {
      const where = Object.entries(expression.where ?? {});
      return scrape.now.filter(
        ({ name, labels }) =>
          name === expression.name && where.every(([label, values]) => values.includes(labels[label] ?? "")),
      );
    }
    case "remaining":
      return scrape.now
        .filter(({ name }) => name === expression.of)
        .map((sample) => ({ ...sample, value: sample.value - scrape.at }));
    case "increase":
      return scrape.now
        .filter(({ name }) => name === expression.of)
        .map((sample) => {
          const old = scrape.before.find(({ name, labels }) => name === sample.name && same(labels, sample.labels));
          return { ...sample, value: sample.value - (old?.value ?? 0) };
        });
    case "aggregate":
      return aggregate(expression.by, expression.how, evaluate(expression.of, scrape));
    case "compare": {
      const { left, op, right } = expression;
      const others = typeof right === "number" ? [] : evaluate(right.of, scrape);
      return evaluate(left, scrape).filter(({ labels, value }) => {
        if (typeof right === "number") return holds(value, op, right);
        const other = others.find((candidate) => right.on.every((label) => candidate.labels[label] === labels[label]));
        return other !== undefined && holds(value, op, other.value);
      });
    }
    case "and": {
      const right = evaluate(expression.right, scrape);
      return evaluate(expression.left, scrape).filter(({ labels }) =>
        right.some((other) => expression.on.every((label) => other.labels[label] === labels[label])),
      );
    }
    default:
      return unreachable(expression);
  }
}

/** Samples of Prometheus text (`/metrics`). */
export function parseSamples(text: string): readonly SampleValue[] {
  return text.split("\n").flatMap((line) => {
    const found = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (found === null) return [];
    const [, name = "", labels = "", value = ""] = found;
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = "", text = ""]) => [label, text]);
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
  });
}

function aggregate(
  by: readonly string[],
  how: "count" | "min" | "max" | "sum",
  samples: readonly SampleValue[],
): readonly SampleValue[] {
  const groups = new Map<string, SampleValue[]>();
  for (const sample of samples) {
    const key = by.map((label) => sample.labels[label] ?? "").join("\0");
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  return [...groups.values()].map((group) => {
    const values = group.map(({ value }) => value);
    const labels = Object.fromEntries(by.map((label) => [label, group[0]?.labels[label] ?? ""]));
    const sum = values.reduce((total, value) => total + value, 0);
    const value = { count: values.length, min: Math.min(...values), max: Math.max(...values), sum }[how];
    return { name: "", labels, value };
  });
}

function holds(left: number, op: ">" | ">=" | "==" | "<", right: number): boolean {
  switch (op) {
    case ">":
      return left > right;
    case ">=":
      return left >= right;
    case "==":
      return left === right;
    case "<":
      return left < right;
  }
}

function same(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
