import { attempt } from "../sim/find-cause.js";
import type { HuntReport, HuntTask } from "./hunt-messages.js";

// One process of a hunt, in a patched build: a seed comes, what it showed goes. It ends with whoever forked it.
process.on("message", (task: HuntTask) => {
  void attempt(task).then(({ violations }) => {
    const [first] = violations;
    const report: HuntReport = { seed: task.seed, seen: first && `${first.id}: ${first.text}` };
    process.send?.(report);
  });
});
process.on("disconnect", () => process.exit());
