import { type Figure, isRate, isReached, missedWhys, type Target, targetValue } from "../figure.js";
import { formatValue } from "../format-figure.js";

/** One benchmark's figures. */
export interface BenchResult {
  readonly name: string;
  readonly figures: readonly Figure[];
}

/** Where and how a run was made. */
export interface BenchMachine {
  readonly cpus: number;
  readonly cpu: string;
  readonly node: string;
}

/** The page of a whole run; the charts are `<folder>/<name>.svg` beside it. */
export function performancePage(
  results: readonly BenchResult[],
  machine: BenchMachine,
  rounds: number,
  folder: string,
): string {
  const head = [
    "# Performance",
    "",
    `Medians of ${rounds} rounds on ${machine.cpus} × ${machine.cpu}, Node ${machine.node}, printed by \`tandem bench --page docs\`. Each`,
    "figure stands beside a floor that the same run measured: what the same work costs without Tandem's code. Compare the",
    "ratios, not the numbers of different machines. Upstream is sonic-swss-common in C++ on a machine of this kind.",
    "",
  ];
  return [...head, ...results.flatMap((result) => section(result, folder))].join("\n");
}

function section({ name, figures }: BenchResult, folder: string): readonly string[] {
  return [
    `## ${name}`,
    "",
    `![${name}: figures beside their floors](${folder}/${name}.svg)`,
    "",
    "| figure | median | least to greatest | floor | upstream | target | |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...figures.map(row),
    "",
    ...figures.flatMap(linesBelow),
    ...(figures.some((figure) => linesBelow(figure).length > 0) ? [""] : []),
  ];
}

function linesBelow(figure: Figure): readonly string[] {
  const missed = missedWhys(figure).map((why) => `${figure.what}: missed, ${why}`);
  return [...missed, ...(figure.notes ?? [])].map((note) => `- ${note}`);
}

function row(figure: Figure): string {
  const { what, unit, value, least, greatest, floors, upstream, targets } = figure;
  const shown = (of: number): string => formatValue(of, unit);
  const times = (of: number): string => `${(value / of).toFixed(2)} ×`;
  const cells = [
    what,
    `**${shown(value)}**`,
    `${shown(least)} to ${shown(greatest)}`,
    floors.map((floor) => `${times(floor.value)} ${floor.what} (${shown(floor.value)})`).join("; "),
    upstream === undefined ? "" : `${times(upstream)} (${shown(upstream)})`,
    targets.map((target) => targetText(figure, target)).join("; "),
    targets.map((target) => verdict(figure, target)).join("; "),
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function targetText(figure: Figure, target: Target): string {
  const wanted = targetValue(figure, target);
  const bound =
    wanted === undefined ? "unknown" : `${isRate(figure.unit) ? "≥" : "≤"} ${formatValue(wanted, figure.unit)}`;
  return "bound" in target ? bound : `${bound} (${target.timesFloor} × floor)`;
}

function verdict(figure: Figure, target: Target): string {
  const reached = isReached(figure, target);
  return reached === undefined ? "not measured" : reached ? "reached" : "missed";
}
