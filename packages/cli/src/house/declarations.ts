import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { invariant } from "@tandem/base";
import { ROOT, textOf } from "./repository.js";

/** One exported name as a user of the package sees it. */
export interface Declaration {
  /** Its doc comment as Markdown; empty when it has none. */
  readonly doc: string;
  /**
   * Types and interfaces as they are written; classes, functions and constants as the compiler declares them, without
   * private and protected members; overloads one after the other.
   */
  readonly code: string;
}

/** The declarations of one package, by its sources and the compiler. */
export interface Declarations extends Disposable {
  /** Exported names of an entry such as `src/index.ts`, in the order of its lines. */
  of(entry: string): ReadonlyMap<string, Declaration>;
}

/** Compiles `packages/<name>`; nothing needs to be built. */
export function declarationsOf(name: string): Declarations {
  const out = mkdtempSync(join(tmpdir(), "tandem-declarations-"));
  const settings = {
    outDir: out,
    rootDir: "packages",
    customConditions: "source",
    tsBuildInfoFile: "null",
    composite: "false",
    incremental: "false",
    declarationMap: "false",
  };
  const words = Object.entries(settings).flatMap(([option, value]) => [`--${option}`, value]);
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  // Its exit code says whether the types are sound, which is the matter of others: it prints either way.
  spawnSync(process.execPath, [tsc, "-p", `packages/${name}`, "--emitDeclarationOnly", ...words], { cwd: ROOT });
  const declared = (path: string): string => readFileSync(join(out, name, path.replace(/\.ts$/, ".d.ts")), "utf8");
  return {
    of: (entry) => exportedBy(join("packages", name), entry, declared),
    [Symbol.dispose]: () => rmSync(out, { recursive: true, force: true }),
  };
}

function exportedBy(
  folder: string,
  entry: string,
  declared: (path: string) => string,
): ReadonlyMap<string, Declaration> {
  const found = new Map<string, Declaration>();
  const find = (path: string, name: string): Declaration => {
    const written = parseDeclarations(textOf(join(folder, path))).get(name);
    const found = /^(?:type|interface) /.test(written?.code ?? "")
      ? written
      : parseDeclarations(narrower(declared(path))).get(name);
    invariant(found !== undefined, `${folder}/${path} declares ${name}`);
    return found;
  };
  const places = namesFrom(textOf(join(folder, entry)), entry, "export");
  for (const [name, path] of places) {
    const { doc, code } = find(path, name);
    const imported = namesFrom(textOf(join(folder, path)), path, "import");
    // What a name inherits is part of it, and a base that is not exported has no place of its own.
    const bases = [...code.matchAll(/(?<!^function .*)(?:\bextends |\bOmit<)(\w+)/g)].flatMap(([, base = ""]) => {
      const basePath = places.has(base) ? undefined : imported.get(base);
      return basePath === undefined ? [] : [find(basePath, base).code];
    });
    found.set(name, { doc, code: [code, ...bases].join("\n\n") });
  }
  return found;
}

/** Names that a source takes from its package's files, each with the file's path. */
function namesFrom(source: string, path: string, how: "export" | "import"): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const lists = new RegExp(`^${how} (?:type )?\\{([^}]*)\\} from "(\\.[^"]+)\\.js";$`, "gm");
  for (const [, names = "", module = ""] of source.matchAll(lists)) {
    for (const item of names.split(",").filter((text) => text.trim() !== ""))
      found.set(item.trim().replace(/^type /, ""), join(dirname(path), `${module}.ts`));
  }
  return found;
}

const STATEMENT =
  /^((?:\/\*\*(?:[^*]|\*(?!\/))*\*\/\n)?)(?:\/\/.*\n)*(?:export )?(?:declare )?((?:abstract )?(?:class|interface|type|function|const) (\w+)(?:.*\n)(?:(?![/\w]).*\n)*)/gm;

/** Statements of a source file, or of what the compiler declares for it: each begins in the first column. */
export function parseDeclarations(text: string): ReadonlyMap<string, Declaration> {
  const found = new Map<string, Declaration>();
  for (const [, comment = "", statement = "", name = ""] of text.matchAll(STATEMENT)) {
    const earlier = found.get(name);
    const code = publicMembers(statement.trimEnd());
    found.set(name, {
      doc: earlier?.doc || proseOf(comment),
      code: earlier === undefined ? code : `${earlier.code}\n${code}`,
    });
  }
  return found;
}

/** The compiler indents by four. */
function narrower(text: string): string {
  return text.replace(/^(?: {4})+/gm, (indent) => " ".repeat(indent.length / 2));
}

/** Members that a user cannot reach go, with their comments. */
function publicMembers(statement: string): string {
  const hidden = /^(?: +\/\*\*(?:[^*]|\*(?!\/))*\*\/\n)? +(?:#private|(?:private|protected) .*);\n/gm;
  return statement.replace(hidden, "");
}

function proseOf(comment: string): string {
  return comment
    .replace(/^\/\*\*|\*\/\s*$/g, "")
    .replace(/^ ?\* ?/gm, "")
    .trim();
}
