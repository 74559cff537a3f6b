import { err, type Files, ok, type Result } from "@tandem/base";
import { type AsicContext, CONTEXT_DEFAULT, parseContextConfig } from "../context-config.js";

/** The contexts of a file, or upstream's default and why: one error discards the whole file. */
export async function loadContexts(
  files: Files,
  path: string | undefined,
): Promise<{ readonly contexts: readonly AsicContext[]; readonly warning?: string }> {
  if (path === undefined) return { contexts: [CONTEXT_DEFAULT] };
  const text = await files.read(path);
  const parsed = text.ok ? parseContextConfig(text.value) : undefined;
  if (parsed?.ok === true) return { contexts: parsed.value };
  const why = text.ok
    ? parsed?.ok === false
      ? parsed.error
      : ""
    : text.error.kind === "notFound"
      ? "no such file"
      : text.error.detail;
  return {
    contexts: [CONTEXT_DEFAULT],
    warning: `${path}: ${why}; the whole file is left aside, the default context is used`,
  };
}

/** One context of a file, and what was wrong with the file; the error names those that there are. */
export async function loadContext(
  files: Files,
  path: string | undefined,
  guid: number,
): Promise<Result<{ readonly context: AsicContext; readonly warning?: string }, string>> {
  const { contexts, warning } = await loadContexts(files, path);
  const context = contexts.find((each) => each.guid === guid);
  if (context === undefined)
    return err(`-g ${guid}: the contexts are ${contexts.map((each) => each.guid).join(", ") || "none"}`);
  return ok({ context, ...(warning !== undefined && { warning }) });
}

/** The number of a context, as `-g` takes it. */
export function parseGuid(text = "0"): Result<number, string> {
  if (/^\d{1,3}$/.test(text) && Number(text) <= 255) return ok(Number(text));
  return err(`-g ${text}: expected a number from 0 to 255`);
}
