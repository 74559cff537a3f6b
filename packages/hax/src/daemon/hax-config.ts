import { isIP } from "node:net";
import { hostname } from "node:os";
import { parseArgs } from "node:util";
import { err, ok, type Result } from "@tandem/base";
import type { Expansion, NotPassing } from "../bridge/core/service-watch.js";
import { type LinkAddress, parseLinkAddress } from "../link/address.js";

/** What a hax is told, by file and by flags. */
export interface HaxConfig {
  readonly node: string;
  readonly consul: readonly URL[];
  readonly consulTokenFile: string | undefined;
  /** CA that Consul's certificate is checked with, and what is shown to Consul. */
  readonly consulCa: string | undefined;
  readonly consulCert: readonly [cert: string, key: string] | undefined;
  readonly consulNamespace: string | undefined;
  readonly consulPartition: string | undefined;
  readonly listen: readonly LinkAddress[];
  /** Certificate, key and CA of the TCP links. */
  readonly linkTls: readonly [cert: string, key: string, ca: string] | undefined;
  readonly httpHost: string;
  readonly httpPort: number;
  /** With a CA, callers must show a certificate of it. */
  readonly httpTls: readonly [cert: string, key: string, ca?: string] | undefined;
  readonly bodyMax: number;
  readonly tokenFile: string | undefined;
  readonly journal: string | undefined;
  readonly elect: boolean;
  readonly strictSeed: boolean;
  readonly notPassing: NotPassing;
  readonly expand: Expansion;
  readonly stobIoq: "ignore" | "queue";
  readonly services: readonly string[];
  readonly viewMaxSeconds: number;
}

/** Every setting: a flag, and the same word in the file. `flag` ones take no value. */
const SETTINGS = {
  node: "text",
  consul: "list",
  "consul-token-file": "text",
  "consul-ca": "text",
  "consul-cert": "text",
  "consul-namespace": "text",
  "consul-partition": "text",
  listen: "list",
  "link-tls": "text",
  http: "text",
  "http-tls": "text",
  "body-max": "text",
  "token-file": "text",
  journal: "text",
  elect: "flag",
  "strict-seed": "flag",
  "not-passing": "text",
  "no-expand": "flag",
  "expand-tree": "flag",
  "stob-ioq": "text",
  services: "text",
  "view-max": "text",
} as const;
type Name = keyof typeof SETTINGS;
type Raw = { readonly [N in Name]?: string | readonly string[] | boolean };

export const HAX_HELP = `Usage: tandem hax [options]

The bridge of one node between Consul and its Motr processes, until SIGTERM or SIGINT.
Beside it: tandem hax show, why FID, check FID, m0d.

  -c, --config FILE       a JSON object with the words below as members; flags win over it
      --node NAME         this node's name in Consul; default: the host's name
      --consul URL        an address of Consul's agent, may be repeated; default http://127.0.0.1:8500
      --consul-token-file FILE   its first line is the ACL token; default: CONSUL_HTTP_TOKEN; read again at SIGHUP
      --consul-ca FILE    CA of an https:// address of Consul; read again at SIGHUP
      --consul-cert CERT,KEY     shown to Consul; read again at SIGHUP
      --consul-namespace NAME, --consul-partition NAME   of Consul Enterprise
      --listen ADDRESS    where links are served, unix:PATH or IP:PORT, may be repeated; default unix:/run/tandem/hax-link.sock
      --link-tls CERT,KEY,CA     mutual TLS on every IP:PORT; read again at SIGHUP
      --http IP:PORT      watches and questions; default 127.0.0.1:8008; other than loopback needs --token-file
      --http-tls CERT,KEY[,CA]   HTTPS instead of HTTP; with a CA callers show a certificate of it; read again at SIGHUP
      --body-max BYTES    longest body of a watch; default 16777216
      --token-file FILE   callers must send its first line: Authorization: Bearer TOKEN; read again at SIGHUP
      --journal FILE      keeps events of processes while Consul is away for more than 5 s
      --not-passing HOW   graded, failed or transient: what a check that does not pass makes of a process; default graded
      --no-expand         tell of processes only, not of their services
      --expand-tree       tell of their drives, controllers, nodes and enclosures too
      --stob-ioq HOW      ignore, or queue: failed I/O goes to eq/; default ignore
      --services NAMES    services whose health is followed; default hax,confd,ios,s3service
      --view-max SECONDS  oldest view that answers NVEC GET while Consul is away; default 60
      --elect             stands for election to the node with the principal RM, where this node has a confd
      --strict-seed       to the letter of RFC 5/HAX: one thing at a time, I/O errors end hax with code 70
  -h, --help              this text

docs/hax.md.
`;

/** The flags, and the file that they name. */
export function parseHaxFlags(
  argv: readonly string[],
): Result<"help" | { readonly file?: string; readonly raw: Raw }, string> {
  try {
    const options = Object.fromEntries(
      Object.entries(SETTINGS).map(([name, kind]) => [
        name,
        kind === "flag" ? { type: "boolean" as const } : { type: "string" as const, multiple: kind === "list" },
      ]),
    );
    const { values } = parseArgs({
      args: [...argv],
      options: { ...options, config: { type: "string", short: "c" }, help: { type: "boolean", short: "h" } },
    });
    if (values.help === true) return ok("help");
    const { config, help: _, ...raw } = values as Readonly<Record<string, unknown>>;
    return ok({ raw: raw as Raw, ...(typeof config === "string" && { file: config }) });
  } catch (error) {
    return err(`${(error as Error).message.split("\n")[0]}; try --help`);
  }
}

/** A config file's members, each of a known name and kind. */
export function parseHaxFile(path: string, text: string): Result<Raw, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return err(`${path}: is not JSON (${(error as Error).message})`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return err(`${path}: expected a JSON object`);
  for (const [name, member] of Object.entries(value)) {
    const kind = SETTINGS[name as Name] as (typeof SETTINGS)[Name] | undefined;
    if (kind === undefined) return err(`${path}: ${name}: no such setting; tandem hax --help names them`);
    const fits =
      kind === "flag"
        ? typeof member === "boolean"
        : kind === "list"
          ? Array.isArray(member) && member.every((each) => typeof each === "string")
          : typeof member === "string";
    const expected = kind === "flag" ? "true or false" : kind === "list" ? "an array of texts" : "a text";
    if (!fits) return err(`${path}: ${name}: expected ${expected}`);
  }
  return ok(value as Raw);
}

/** The settings, or the first that is wrong. */
export function haxConfig(raw: Raw): Result<HaxConfig, string> {
  const text = (name: Name): string | undefined => (typeof raw[name] === "string" ? (raw[name] as string) : undefined);
  const list = (name: Name, otherwise: string): readonly string[] =>
    Array.isArray(raw[name]) ? (raw[name] as readonly string[]) : [otherwise];
  const consul: URL[] = [];
  for (const each of list("consul", "http://127.0.0.1:8500")) {
    if (!URL.canParse(each) || !/^https?:$/.test(new URL(each).protocol))
      return err(`--consul ${each}: expected http://HOST:PORT or https://HOST:PORT`);
    consul.push(new URL(each));
  }
  const listen: LinkAddress[] = [];
  for (const each of list("listen", "unix:/run/tandem/hax-link.sock")) {
    const address = parseLinkAddress(each);
    if (!address.ok) return err(`--listen ${address.error}`);
    listen.push(address.value);
  }
  const http = text("http") ?? "127.0.0.1:8008";
  const [, host = "", port = ""] = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(http) ?? [];
  if (isIP(host) === 0 || Number(port) > 65_535) return err(`--http ${http}: expected IP:PORT, IPv6 in brackets`);
  const tokenFile = text("token-file");
  if (!/^127\.|^::1$/.test(host) && tokenFile === undefined)
    return err(`--http ${http}: an address that others reach needs --token-file`);
  const bodyMax = whole(text("body-max") ?? String(16 * 1024 * 1024), 1024, 1024 ** 3);
  if (bodyMax === undefined) return err(`--body-max ${text("body-max")}: expected bytes, from 1024 to 1 GiB`);
  const viewMaxSeconds = whole(text("view-max") ?? "60", 0, 86_400);
  if (viewMaxSeconds === undefined) return err(`--view-max ${text("view-max")}: expected seconds, at most a day`);
  const notPassing = text("not-passing") ?? "graded";
  if (notPassing !== "graded" && notPassing !== "failed" && notPassing !== "transient")
    return err(`--not-passing ${notPassing}: expected graded, failed or transient`);
  const stobIoq = text("stob-ioq") ?? "ignore";
  if (stobIoq !== "ignore" && stobIoq !== "queue") return err(`--stob-ioq ${stobIoq}: expected ignore or queue`);
  const consulCa = text("consul-ca");
  const consulCert = text("consul-cert")?.split(",");
  if (consulCert !== undefined && consulCert.length !== 2) return err("--consul-cert: expected CERT,KEY");
  if ((consulCa ?? consulCert) !== undefined && !consul.some(({ protocol }) => protocol === "https:"))
    return err("--consul-ca and --consul-cert: expected an https:// address at --consul");
  if (raw["no-expand"] === true && raw["expand-tree"] === true)
    return err("--no-expand and --expand-tree: expected one");
  const expand = raw["no-expand"] === true ? "processes" : raw["expand-tree"] === true ? "tree" : "services";
  const linkTls = text("link-tls")?.split(",");
  if (linkTls !== undefined && linkTls.length !== 3) return err("--link-tls: expected CERT,KEY,CA");
  const httpTls = text("http-tls")?.split(",");
  if (httpTls !== undefined && httpTls.length !== 2 && httpTls.length !== 3)
    return err("--http-tls: expected CERT,KEY or CERT,KEY,CA");
  return ok({
    ...{ node: text("node") ?? hostname(), consul, consulTokenFile: text("consul-token-file"), listen, bodyMax },
    ...{ consulCa, consulCert: consulCert as HaxConfig["consulCert"] },
    ...{ consulNamespace: text("consul-namespace"), consulPartition: text("consul-partition") },
    ...{ linkTls: linkTls as HaxConfig["linkTls"], httpTls: httpTls as HaxConfig["httpTls"] },
    ...{ httpHost: host, httpPort: Number(port), tokenFile, journal: text("journal"), notPassing, stobIoq },
    elect: raw.elect === true,
    ...{ strictSeed: raw["strict-seed"] === true, expand, viewMaxSeconds },
    services: (text("services") ?? "hax,confd,ios,s3service").split(",").filter((name) => name !== ""),
  });
}

function whole(text: string, min: number, max: number): number | undefined {
  const number = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  return number >= min && number <= max ? number : undefined;
}
