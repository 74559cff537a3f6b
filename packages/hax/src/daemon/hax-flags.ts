import { isIP } from "node:net";
import { hostname } from "node:os";
import { parseArgs } from "node:util";
import { allOk, err, ok, type Result } from "@tandem/base";
import { parsePort } from "@tandem/daemon";
import type { NotPassing } from "../bridge/core/service-watch.js";
import { type LinkAddress, parseLinkAddress } from "../link/address.js";

const PORT_DEFAULT = 8008;
const BODY_MAX_DEFAULT = 64 * 1024 * 1024;
const SERVICES_DEFAULT = "confd,ios,hax";
const NOT_PASSING: readonly NotPassing[] = ["graded", "failed", "transient"];

/** What `tandem hax` was asked for. */
export interface HaxFlags {
  readonly node: string;
  readonly host: string;
  readonly port: number;
  readonly bodyMax: number;
  readonly links: readonly LinkAddress[];
  readonly linkTls: { readonly cert: string; readonly key: string; readonly ca: string } | undefined;
  readonly consul: readonly URL[];
  readonly consulTokenFile: string | undefined;
  readonly tokenFile: string | undefined;
  readonly journal: string | undefined;
  readonly services: readonly string[];
  readonly notPassing: NotPassing;
  readonly expand: boolean;
  readonly stobIoq: "ignore" | "queue";
  readonly strictSeed: boolean;
}

export const HAX_HELP = `Usage: tandem hax [options]

The bridge between Consul and the Motr processes of this node: serves their HA links, tells them what Consul's watches
post, and stores in Consul what they tell.

      --node NAME          this node's name in Consul; default: the host name
      --link ADDRESS       unix:PATH or IP:PORT for HA links, may be repeated; default unix:/run/tandem/hax-link.sock
      --link-cert FILE     with --link-key and --link-ca: mutual TLS on the TCP addresses
      --link-key FILE
      --link-ca FILE
      --consul URL         default CONSUL_HTTP_ADDR, or http://127.0.0.1:8500; may be repeated, the next when one is away
      --consul-token-file FILE  ACL token in its first line; default: CONSUL_HTTP_TOKEN
      --host ADDRESS       where watches post; default 127.0.0.1; any other needs --token-file
      --port N             default ${PORT_DEFAULT}; 0 takes any free one
      --token-file FILE    callers must send its first line: Authorization: Bearer TOKEN; read again at SIGHUP
      --body-max BYTES     longest body of a POST; default ${BODY_MAX_DEFAULT}
      --journal FILE       events that Consul does not take within 5 s are kept here, and acknowledged
      --services A,B       services whose health is followed; default ${SERVICES_DEFAULT}
      --not-passing HOW    what a failing check makes of a process: ${NOT_PASSING.join(", ")}; default graded
      --no-expand          tell of processes only, not of their services
      --stob-ioq           publish STOB_IOQ in the event queue eq/; default: count it
      --strict-seed        RFC 5/HAX to the letter: one request at a time; keepalive and I/O errors end hax with 70
  -h, --help               this text

GET /openapi.json says what can be posted; /health, /ready and /metrics need no token. docs/hax.md.
`;

export function parseHaxFlags(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Result<HaxFlags | "help", string> {
  try {
    const text = { type: "string" } as const;
    const flag = { type: "boolean" } as const;
    const { values } = parseArgs({
      args: [...argv],
      options: {
        ...{ node: text, "link-cert": text, "link-key": text, "link-ca": text, "consul-token-file": text, host: text },
        ...{ port: text, "token-file": text, "body-max": text, journal: text, services: text, "not-passing": text },
        ...{ "no-expand": flag, "stob-ioq": flag, "strict-seed": flag, help: { type: "boolean", short: "h" } },
        link: { type: "string", multiple: true },
        consul: { type: "string", multiple: true },
      },
    });
    if (values.help === true) return ok("help");
    const port = parsePort("--port", values.port);
    if (!port.ok) return port;
    const host = values.host ?? "127.0.0.1";
    if (isIP(host) === 0) return err(`--host ${host}: expected an IP address`);
    if (!(host === "::1" || host.startsWith("127.")) && values["token-file"] === undefined)
      return err(`--host ${host}: an address that others reach needs --token-file`);
    const bodyMax = Number(values["body-max"] ?? BODY_MAX_DEFAULT);
    if (!Number.isInteger(bodyMax) || bodyMax < 1024)
      return err(`--body-max ${values["body-max"]}: expected 1024 or more bytes`);
    const links = allOk((values.link ?? ["unix:/run/tandem/hax-link.sock"]).map(parseLinkAddress));
    if (!links.ok) return err(`--link ${links.error}`);
    const tls = [values["link-cert"], values["link-key"], values["link-ca"]];
    const given = tls.filter((path) => path !== undefined);
    if (given.length !== 0 && given.length !== 3)
      return err("--link-cert, --link-key and --link-ca: expected all three or none");
    const [cert = "", key = "", ca = ""] = given;
    const consul = allOk((values.consul ?? [env["CONSUL_HTTP_ADDR"] ?? "http://127.0.0.1:8500"]).map(parseConsul));
    if (!consul.ok) return consul;
    const notPassing = NOT_PASSING.find((how) => how === (values["not-passing"] ?? "graded"));
    if (notPassing === undefined)
      return err(`--not-passing ${values["not-passing"]}: expected ${NOT_PASSING.join(" or ")}`);
    const services = (values.services ?? SERVICES_DEFAULT).split(",").filter((name) => name !== "");
    return ok({
      ...{
        host,
        port: port.value ?? PORT_DEFAULT,
        bodyMax,
        links: links.value,
        consul: consul.value,
        notPassing,
        services,
      },
      node: values.node ?? hostname(),
      linkTls: given.length === 3 ? { cert, key, ca } : undefined,
      consulTokenFile: values["consul-token-file"],
      tokenFile: values["token-file"],
      journal: values.journal,
      expand: values["no-expand"] !== true,
      stobIoq: values["stob-ioq"] === true ? "queue" : "ignore",
      strictSeed: values["strict-seed"] === true,
    });
  } catch (error) {
    return err(`${(error as Error).message.split("\n")[0]}; try --help`);
  }
}

/** `127.0.0.1:8500`, as CONSUL_HTTP_ADDR may be, counts as http. */
function parseConsul(text: string): Result<URL, string> {
  const full = /^https?:\/\//.test(text) ? text : `http://${text}`;
  return URL.canParse(full) ? ok(new URL(full)) : err(`--consul ${text}: expected a URL, e.g. http://127.0.0.1:8500`);
}
