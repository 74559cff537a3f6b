import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { err, ok, type Result } from "@tandem/base";
import { applyEdit, type Mutation } from "./mutation.js";

/** The repository that this file belongs to. */
export const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

/** What no process reads while it runs. */
const NOT_RUN = /\.(ts|map)$|\/(node_modules|testdata)$/;

/** A copy of the built packages, with one guard switched off, in a temporary folder that goes with it. */
export class PatchedBuild implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Fails when the anchor does not stand exactly once, or the packages are not built. */
  static async create(mutation: Mutation): Promise<Result<PatchedBuild, string>> {
    const patched: (readonly [file: string, text: string])[] = [];
    for (const edit of mutation.edits) {
      const text = await builtText(edit.file);
      if (!text.ok) return text;
      const without = applyEdit(text.value, mutation.id, edit);
      if (!without.ok) return without;
      patched.push([edit.file, without.value]);
    }
    const build = new PatchedBuild(await mkdtemp(join(tmpdir(), "tandem-mutation-")));
    try {
      await build.#copy();
      for (const [file, text] of patched) await writeFile(join(build.folder, file), text);
    } catch (error) {
      await build[Symbol.asyncDispose]();
      throw error;
    }
    return ok(build);
  }

  /** A file of the copy, by its path from the repository's root. */
  path(file: string): string {
    return join(this.folder, file);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  async #copy(): Promise<void> {
    const names = await readdir(join(ROOT, "packages"));
    const scope = join(this.folder, "node_modules", "@tandem");
    await mkdir(scope, { recursive: true });
    for (const name of names) {
      const [from, to] = [join(ROOT, "packages", name), join(this.folder, "packages", name)];
      await cp(from, to, { recursive: true, filter: (path) => !NOT_RUN.test(path) });
      await symlink(to, join(scope, name));
    }
    // Everything but our own packages is the same for both.
    for (const name of await readdir(join(ROOT, "node_modules"))) {
      if (name === "@tandem" || name.startsWith(".")) continue;
      await symlink(join(ROOT, "node_modules", name), join(this.folder, "node_modules", name));
    }
  }
}

/** Text of a built file. */
export async function builtText(file: string): Promise<Result<string, string>> {
  try {
    return ok(await readFile(join(ROOT, file), "utf8"));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return err(`${file}: ${code ?? String(error)}; build the packages first (${dirname(file)})`);
  }
}
