import type { SeedTask } from "./crew.js";
import { runTask } from "./run-task.js";

// One process of a crew: a seed comes, its report goes. It ends with whoever forked it.
process.on("message", (task: SeedTask) => {
  void runTask(task).then((report) => process.send?.(report));
});
process.on("disconnect", () => process.exit());
