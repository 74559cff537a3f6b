import { parseScenario } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { planTopology } from "../topology.js";
import { checkStory, parseStory, stageTitle } from "./load-story.js";
import { readCommand, STORY_COMMANDS } from "./story-commands.js";
import { StoryError } from "./story-error.js";

const topology = planTopology({ switches: 2, dpusPerSwitch: 1 });
const read = (line: string) => {
  const [step] = parseScenario(line).steps;
  if (step === undefined) throw new Error("no command");
  return readCommand(topology, step);
};

const wrong: readonly (readonly [line: string, says: string])[] = [
  ["launch haset9", "haset9: expected an HA set, e.g. haset0-0; usage: launch [HA-SET…]"],
  ["remove", "the end of the line: expected an HA set, e.g. haset0-0"],
  ["enable", "the end of the line: expected a DPU or vDPU, e.g. sw0_dpu0"],
  ["enable sw0_dpu0 vdpu7-0", "vdpu7-0: expected a DPU or vDPU"],
  ["desire sw0_dpu0 standby", "standby: expected unspecified or dead or active or standalone"],
  ["pin haset0-0 sw0_dpu0 left", "left: expected none or up or down"],
  ["approve maybe", "maybe: expected auto or manual"],
  ["grant sw0_dpu0 everything", "everything: expected activate_role or"],
  ["replay twice", "twice: expected nothing more"],
  ["help me", "me: expected on or off"],
  ["power x off", "x: expected a DPU or vDPU, e.g. sw0_dpu0; usage: power DPU off"],
  ["power sw0_dpu0 maybe", "maybe: expected off or on"],
  ["power sw0_dpu0 on wipe=all", "wipe=all: expected keys or flush or none"],
  ["power sw0_dpu0 off wipe=keys", "wipe=keys: expected no such option"],
  ["planes sw0_dpu0", "nothing is given: expected e.g. control_plane=down"],
  ["planes sw0_dpu0 control=down", "control: expected midplane_link or control_plane or data_plane"],
  ["planes sw0_dpu0 control_plane=off", "control_plane=off: expected up or down"],
  ["bfd sw0_dpu0 found", "found: expected lost or back"],
  ["link sw0 sw9 cut", "sw9: expected a switch, e.g. sw0"],
  ["link sw0 sw1", "the end of the line: expected cut or heal"],
  ["link sw0 sw0 cut", "sw0: expected another switch than sw0"],
  ["kill orchagent sw0_dpu0", "orchagent: expected redis or swbusd or hamgrd"],
  ["kill hamgrd sw0", "sw0: expected a DPU or vDPU"],
  ["start redis moon", "moon: expected a DPU or vDPU"],
  ["stop redis sw0_dpu0", "redis: expected swbusd or hamgrd"],
  ["redis sw0 ill", "ill: expected slow or stalled or full or unsaved or well"],
  ["switch sw0_dpu0 off", "sw0_dpu0: expected a switch"],
  ["switch sw0", "the end of the line: expected off or on"],
  ["configure sw0_dpu0 away", "away: expected out or in"],
  ["upstream sw0", "sw0: expected a DPU or vDPU"],
  ["channel sw0_dpu0 sw0_dpu0 cut", "sw0_dpu0: expected another DPU than sw0_dpu0"],
  ["pair haset0-0 sw0_dpu0 sw0_dpu0", "sw0_dpu0: expected another DPU than sw0_dpu0"],
  ["told hamgrd sw0_dpu0", "the end of the line: expected words of a line"],
  ["traffic on haset7-0", "haset7-0: expected an HA set"],
  ["flush sw0", "sw0: expected a DPU or vDPU"],
  ["delete sw0 PORT Ethernet0", "PORT: expected DASH_HA_SET_CONFIG_TABLE or"],
  ["await sw0_dpu0", "nothing is given: expected e.g. sw0_dpu0=active"],
  ["await sw0_dpu0=happy", "happy: expected dead or connecting or"],
  ["traffic off max=few", "max=few: expected a whole number"],
  ["traffic on packets=3", "packets=3: expected no such option"],
  ["rows sw0 BFD_SESSION_TABLE", "BFD_SESSION_TABLE: expected DASH_HA_SCOPE_STATE or"],
  ["rows sw0_dpu0", "the end of the line: expected BFD_SESSION_TABLE or"],
  ["check everything", "everything: expected nothing more"],
  ["dance", "dance: no such command; there are approve, await,"],
];
for (const [line, says] of wrong)
  test(`"${line}" says what was expected`, () => {
    expect(() => read(line)).toThrow(StoryError);
    expect(() => read(line)).toThrow(says);
  });

test("every command is documented, and names differ", () => {
  const commands = [...STORY_COMMANDS.values()].flat();
  expect(new Set(commands.map(({ name }) => name)).size).toBe(commands.length);
  for (const { does } of commands) expect(does).not.toBe("");
});

test("a reachability question needs a pair", () => {
  const alone = planTopology({ switches: 1, dpusPerSwitch: 1 });
  const story = parseStory("mine", "mine.txt", "reaches sw0_dpu0\n\nfly\n");
  expect(checkStory(story, alone)).toEqual([
    expect.stringMatching(/^mine\.txt:1: sw0_dpu0 is in no HA set; usage: reaches DPU$/),
    expect.stringMatching(/^mine\.txt:3: fly: no such command/),
  ]);
});

test("title, size and stages come from comments", () => {
  const text = [
    "# It ends well. HLD §1.",
    "# switches=4 dpus=2",
    "",
    "# 1. First",
    "launch",
    "",
    "# aside",
    "",
    "# 2. Then",
    "check",
  ];
  const story = parseStory("mine", "mine.txt", text.join("\n"));
  expect(story.title).toBe("It ends well.");
  expect(story.size).toEqual({ switches: 4, dpus: 2 });
  expect(story.steps.map((step, i) => stageTitle(step, i === 0))).toEqual(["1. First", "2. Then"]);
  expect(stageTitle({ before: "# Only a title.\n\n" }, true)).toBeUndefined();
});
