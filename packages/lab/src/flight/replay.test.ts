import { flightClosing, flightOf, flightOpening, sealFlight } from "@tandem/actor";
import { millis, randomBelow, seededRandom } from "@tandem/base";
import { runScenario } from "@tandem/base/testing";
import { type Hamgrd, hamgrdActors, replayFlight, startHamgrd } from "@tandem/hamgrd";
import { expect, test, vi } from "vitest";
import { Cluster } from "../cluster/cluster.js";
import { SimulatedCluster } from "../cluster/simulated-cluster.js";
import { SIMULATED_DAEMONS } from "../cluster/simulated-daemons.js";
import { loadStory } from "../story/load-story.js";
import { Narrator } from "../story/narrator.js";

/** Stories in which daemons are killed, databases lose rows, operations wait, and several slots share a process. */
const STORIES = ["4-dpu-restart", "7-pending-operations", "8-everything-killed-once", "11-stale-and-flushed-rows"];

/** Every hamgrd of a story, those included that were killed in it. */
async function hamgrdsOf(name: string): Promise<readonly Hamgrd[]> {
  const story = loadStory(name);
  const hamgrds: Hamgrd[] = [];
  const { switches, dpus: dpusPerSwitch } = story.size;
  const host = new SimulatedCluster({
    ...{ switches, dpusPerSwitch, seed: 1, isolation: "switch" as const },
    daemons: {
      ...SIMULATED_DAEMONS,
      hamgrd: async ({ dpus }, ports) => {
        const hamgrd = startHamgrd({ slots: dpus.map(({ slot }) => slot), ...ports });
        hamgrds.push(hamgrd);
        await hamgrd.ready;
        return hamgrd;
      },
    },
  });
  await using cluster = await Cluster.start(host);
  await runScenario(story.path, new Narrator(cluster, name).run);
  return hamgrds;
}

/** One flight of all of them, not sealed yet. */
function flightLines(hamgrds: readonly Hamgrd[]): readonly string[] {
  let steps = 0;
  const lines = hamgrds.flatMap(({ slots, records }) =>
    [...slots.values()].flatMap(({ settings, path }) => {
      const slot = `dpu${settings.slot}`;
      const process = {
        process: path ?? slot,
        slot,
        boot: records.boot ?? null,
        about: { ...settings },
        first: records.first,
      };
      const part = flightOf(records, hamgrdActors(settings), process);
      steps += part.steps;
      return part.lines;
    }),
  );
  return [flightOpening(millis(0)), ...lines, flightClosing(steps)];
}

for (const name of STORIES) {
  test(`every step of story ${name} comes out the same when it is taken again`, { timeout: 120_000 }, async () => {
    vi.stubEnv("UPDATE", undefined);
    const report = replayFlight(sealFlight(flightLines(await hamgrdsOf(name))));
    expect(report).toMatchObject({ ok: true });
    if (!report.ok) return;
    expect(report.value.first).toBeUndefined();
    expect(report.value.steps).toBeGreaterThan(50);
  });
}

/** The first line that `find` takes, changed by `change`. */
function tampered(
  lines: readonly string[],
  find: (line: string) => boolean,
  change: (line: string) => string,
): { readonly lines: readonly string[]; readonly line: number } {
  const at = lines.findIndex(find);
  expect(at).toBeGreaterThan(0);
  const changed = change(lines[at] as string);
  expect(changed).not.toBe(lines[at]);
  return { lines: lines.map((line, i) => (i === at ? changed : line)), line: at + 1 };
}

test("a flight that was tampered with is noticed at its line, and a cut one is one clear error", async () => {
  vi.stubEnv("UPDATE", undefined);
  const lines = flightLines(await hamgrdsOf("1-clean-launch"));
  const sealed = sealFlight(lines);
  const first = (text: readonly string[]) => {
    const report = replayFlight(text);
    return report.ok ? report.value.first : report.error;
  };
  expect(first(sealed)).toBeUndefined();

  const reason = tampered(
    lines,
    (line) => line.includes('"type":"dpu"') && line.includes('"reason":"up"'),
    (line) => line.replaceAll('"reason":"up"', '"reason":"not up"'),
  );
  expect(first(sealFlight(reason.lines))).toMatchObject({
    line: reason.line,
    actor: expect.stringMatching(/^dpu\//),
    differences: [{ what: "reason" }],
  });

  const row = tampered(
    lines,
    (line) => line.includes('"set DPU_APPL_DB|DASH_HA_SCOPE_TABLE|'),
    (line) => line.replaceAll('"set DPU_APPL_DB|DASH', '"del DPU_APPL_DB|DASH'),
  );
  expect(first(sealFlight(row.lines))).toMatchObject({ line: row.line, differences: [{ what: "difference" }] });

  // What decides nothing in its step is noticed by the sums.
  const input = tampered(
    sealed,
    (line) => line.startsWith('{"value":') && line.includes('"dpu_vnet":"'),
    (line) => line.replace('"dpu_vnet":"', '"dpu_vnet":"x'),
  );
  expect(first(input.lines)).toMatch(new RegExp(`^line ${input.line}: its sum is \\w{8}, expected \\w{8}; `));
  expect(first(sealed.toSpliced(5, 1))).toMatch(/^line 6: its sum is /);

  const cut = sealed.slice(0, 20);
  expect(first(cut)).toBe(`line 20: expected the closing line; the file is cut after ${stepsIn(cut)} steps`);
  const torn = [...cut, sealed[20]?.slice(0, 30) ?? ""];
  expect(first(torn)).toBe("line 21: expected a JSON object; the file is cut or is no flight");
  expect(first(sealFlight(lines.filter((line) => !line.startsWith('{"value":[1,'))))).toMatch(
    /^line \d+: value 1 is missing$/,
  );
  expect(first(sealFlight([...lines.slice(0, -1), '{"end":{"steps":7}}']))).toMatch(
    /: 7 steps were written, \d+ are there$/,
  );
  expect(first([])).toBe("line 1: expected a flight, the file is empty");
  expect(first(["{}"])).toBe('line 1: expected "schema":"tandem.flight.v1" at its beginning');
});

test("whatever is changed in a file, replaying it ends in an answer or in one line", { timeout: 120_000 }, async () => {
  vi.stubEnv("UPDATE", undefined);
  const whole = flightLines(await hamgrdsOf("1-clean-launch")).slice(0, 90);
  const lines = [...whole, flightClosing(stepsIn(whole))];
  expect(replayFlight(sealFlight(lines))).toMatchObject({ ok: true });
  const random = seededRandom(7);
  const pick = (below: number): number => randomBelow(random, below);
  let noticed = 0;
  for (let i = 0; i < 150; i++) {
    const at = 1 + pick(lines.length - 1);
    const line = lines[at] as string;
    const [from, what] = [pick(line.length - 1), ['"', "0", "null", "{}", "[]", "x", ""][pick(7)] as string];
    const changed = `${line.slice(0, from)}${what}${line.slice(from + 1 + pick(3))}`;
    const report = replayFlight(sealFlight(lines.with(at, changed)));
    if (!report.ok) expect(report.error).toMatch(/^[^\n]+$/);
    if (!report.ok || report.value.first !== undefined) noticed += 1;
  }
  expect(noticed).toBeGreaterThan(75);
});

function stepsIn(lines: readonly string[]): number {
  return lines.filter((line) => line.startsWith('{"step":')).length;
}
