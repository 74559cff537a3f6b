import type { SeedTask } from "./crew.js";
import { runTask } from "./run-task.js";

// Announcements of 64 nodes, of 4 kB each, share pools instead of being allocated one by one.
Buffer.poolSize = 128 * 1024;

// One process of a crew: a seed comes, its report goes. It ends with whoever forked it.
process.on("message", (task: SeedTask) => {
  void runTask(task).then((report) => process.send?.(report));
});
// Ctrl-C reaches every process of a terminal; whoever forked this one decides what it means.
process.on("SIGINT", () => {});
process.on("disconnect", () => process.exit());
