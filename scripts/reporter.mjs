// A vitest reporter: writes counts and skipped tests to the file that TANDEM_TEST_RESULT names, for test.mjs to print.
import { writeFileSync } from "node:fs";

/** Failures outside of single tests: a file that does not load, a hook that throws. */
function errorsAround(module) {
  let count = module.errors().length;
  for (const suite of module.children.allSuites()) count += suite.errors().length;
  return count;
}

export default class TandemReporter {
  onTestRunEnd(modules, unhandledErrors, reason) {
    const path = process.env["TANDEM_TEST_RESULT"];
    if (path === undefined) return;
    const result = { passed: 0, failed: unhandledErrors.length, skipped: [] };
    for (const module of modules) {
      result.failed += errorsAround(module);
      for (const test of module.children.allTests()) {
        const { state, note } = test.result();
        if (state === "passed") result.passed += 1;
        else if (state === "skipped")
          result.skipped.push({
            file: module.relativeModuleId,
            test: test.fullName,
            reason: note,
          });
        else result.failed += 1;
      }
    }
    if (reason !== "passed" && result.failed === 0) result.failed = 1;
    writeFileSync(path, JSON.stringify(result));
  }
}
