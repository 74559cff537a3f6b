import { readFile } from "node:fs/promises";
import type { Files } from "./files.js";
import { err, ok } from "./result.js";

export const systemFiles: Files = {
  async read(path) {
    try {
      return ok(await readFile(path, "utf8"));
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      return err(code === "ENOENT" ? { kind: "notFound", path } : { kind: "unreadable", path, detail: message });
    }
  },
};
