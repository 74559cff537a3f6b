import { err, ok, type Result } from "@tandem/base";
import { type Document, isMap, isNode, LineCounter, parseDocument } from "yaml";

/** Where something is in a YAML document: names of members and places in lists. */
export type YamlPath = readonly (string | number)[];

/** A YAML file that can say where its parts are. */
export class YamlFile {
  private constructor(
    private readonly document: Document,
    private readonly lines: LineCounter,
    readonly name: string,
  ) {}

  /** The error is one line with file, line and column. */
  static parse(text: string, name: string): Result<YamlFile, string> {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    const [broken] = document.errors;
    if (broken === undefined) return ok(new YamlFile(document, lines, name));
    const { line, col } = lines.linePos(broken.pos[0]);
    return err(`${name}:${line}:${col}: not YAML: ${broken.message}`);
  }

  isMap(at: YamlPath = []): boolean {
    return isMap(at.length === 0 ? this.document.contents : this.document.getIn(at, true));
  }

  /** Names of the members of a map; none when there is no map. */
  members(at: YamlPath = []): readonly string[] {
    const value = this.value(at);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  }

  value(at: YamlPath): unknown {
    const node = at.length === 0 ? this.document.contents : this.document.getIn(at, true);
    return isNode(node) ? node.toJS(this.document) : node;
  }

  text(at: YamlPath): string | undefined {
    const value = this.value(at);
    return typeof value === "string" ? value : undefined;
  }

  /** File and line of a member, or of the nearest thing around it that is there. */
  where(at: YamlPath): string {
    for (let depth = at.length; depth > 0; depth--) {
      const node = this.document.getIn(at.slice(0, depth), true);
      if (isNode(node) && node.range) return `${this.name}:${this.lines.linePos(node.range[0]).line} ${at.join(".")}`;
    }
    return at.length === 0 ? this.name : `${this.name} ${at.join(".")}`;
  }
}
