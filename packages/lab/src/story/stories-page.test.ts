import { fileURLToPath } from "node:url";
import { golden } from "@tandem/base/testing";
import { test } from "vitest";
import { loadStory, storyNames } from "./load-story.js";
import { STORY_COMMANDS } from "./story-commands.js";

const INTRODUCTION = `# Stories

A story is a text file: commands, and what each printed. \`tandem lab --scenario NAME\` walks one through a cluster of real
processes; the tests walk each of them there and in the simulator, where the same code runs under virtual time, and both
must print what the file says. This page is printed from the commands themselves (\`UPDATE=1\` prints it again).

| you want to | type |
| --- | --- |
| see what there is | \`tandem lab --list\` |
| watch one, and keep the cluster to look around | \`tandem lab --scenario 3-planned-shutdown-of-active\` |
| run one and get its receipt | \`tandem lab --scenario 10-link-cut --once\` |
| run your own | \`tandem lab --scenario mine.txt\` |
| break something yourself, after the story | \`tandem lab --fault "power sw1_dpu0 off"\` |
| run it on another cluster | \`tandem lab --switches 4 --dpus 2\`: answers are shown and not compared |

## How to write one

\`\`\`text
# The active side's hamgrd is killed and comes back: nobody notices.

# 1. Launch
launch
----
sw0_dpu0 is active
sw1_dpu0 is standby

# 2. Kill it
traffic on

kill hamgrd sw0_dpu0

start hamgrd sw0_dpu0

traffic off packets=200
----
no packet lost

check
----
all invariants hold
\`\`\`

- The first comment is the title; the comment right before a command is the title of the stage that begins there.
- A command, \`----\`, what it prints, a blank line. Without \`----\` it is expected to print nothing.
- A command that looks at databases waits up to ten seconds for the expected answer, then shows what is there. \`await\`,
  \`grant\` and others wait up to a minute, \`launch\` 5 s for each DPU if that is longer; on real processes that is real
  time, in the simulator virtual.
- What differs from run to run is masked: \`npu(sw0)\`, \`midplane(sw0_dpu0)\`, \`<id>\`, \`<ms>\`, \`<s>\`, \`<time>\`; versions are
  \`<n>\`. Times are never asserted; the receipt lists them.
- \`# switches=2 dpus=2\` before the first command says which cluster the answers are from; default 2 switches of 1 DPU.
- Every command is read before anything starts: a mistake is one line with file and line number, and exit code 2.
- A built-in story lives in \`packages/lab/stories/\`. \`UPDATE=1 npx vitest run packages/lab/src/story/stories.test.ts\` records
  its answers in the simulator; then \`npx vitest run packages/lab/src/story/real-stories.test.ts\` must agree.

A DPU is named by itself or by its vDPU: \`sw0_dpu1\` or \`vdpu0-1\`. HA sets are \`haset0-0\` (switches 0 and 1, DPU 0),
\`haset1-0\` (switches 2 and 3), and so on.

Invariants are checked at every change of a row, and all of them by \`check\`: [invariants.md](invariants.md). What the
simulated DPU does: [simulated-dpu.md](simulated-dpu.md).
`;

const cell = (text: string): string => text.replaceAll("|", "\\|");

test("docs/stories.md is what the commands and the stories say", () => {
  const commands = [...STORY_COMMANDS].map(([theme, list]) => {
    const rows = list.map(({ name, takes, does }) => `| \`${cell(`${name} ${takes}`.trimEnd())}\` | ${cell(does)} |`);
    return [`### ${theme}`, "", "| command | does |", "| --- | --- |", ...rows].join("\n");
  });
  const stories = storyNames().map((name) => {
    const { title, size } = loadStory(name);
    const cluster = size.dpus === 1 ? "" : ` (${size.switches} switches of ${size.dpus} DPUs)`;
    return `| [\`${name}\`](../packages/lab/stories/${name}.txt) | ${cell(title)}${cluster} |`;
  });
  const page = [
    INTRODUCTION,
    `## Commands\n\n${commands.join("\n\n")}\n`,
    `## The stories\n\n${["| name | what happens |", "| --- | --- |", ...stories].join("\n")}\n`,
  ];
  golden(fileURLToPath(new URL("../../../../docs/stories.md", import.meta.url)), page.join("\n"));
});
