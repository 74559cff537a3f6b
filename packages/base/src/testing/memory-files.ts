import type { Files } from "../files.js";
import { err, ok } from "../result.js";

/** Files from a map of path to text; later changes of the map are seen. */
export function memoryFiles(files: ReadonlyMap<string, string>): Files {
  return {
    read: (path) => {
      const text = files.get(path);
      return Promise.resolve(text === undefined ? err({ kind: "notFound", path }) : ok(text));
    },
  };
}
