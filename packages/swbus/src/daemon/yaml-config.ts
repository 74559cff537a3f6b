import type { Files } from "@tandem/base";
import { parseEndpoint } from "@tandem/wire";
import { isPeerType, type OwnRoute } from "../connection-info.js";
import { SCOPE } from "../service-path.js";
import { YamlFile, type YamlPath } from "../yaml-file.js";
import type { ConfigFault, ConfigReading, ConfigSource, PeerConfig } from "./config.js";
import { isIpv4, isIpv6, readOwnPath, readScopeWord, SCOPE_WORD_LIST } from "./read-fields.js";

/** Configuration from a YAML file, with upstream's members: endpoint, routes, peers, npu_ipv4, npu_ipv6. */
export function yamlConfig(files: Files, path: string): ConfigSource {
  return {
    async read() {
      const text = await files.read(path);
      if (text.ok) return parseYamlConfig(text.value, path);
      const why = text.error.kind === "notFound" ? "no such file" : text.error.detail;
      return { kind: "waiting", reason: `${path}: ${why}`, faults: [] };
    },
    // A file is read again when somebody says so (SIGHUP).
    watch: () => () => {},
  };
}

/** A bad route or peer is skipped; a file without endpoint or own node is not usable. Unknown members are ignored. */
export function parseYamlConfig(text: string, file: string): ConfigReading {
  const yaml = YamlFile.parse(text, file);
  return yaml.ok ? new YamlReader(yaml.value).read() : { kind: "waiting", reason: yaml.error, faults: [] };
}

class YamlReader {
  readonly #faults: ConfigFault[] = [];

  constructor(private readonly yaml: YamlFile) {}

  read(): ConfigReading {
    if (!this.yaml.isMap()) return this.#unusable([], "expected a map with endpoint, routes and peers");
    const endpoint = this.yaml.text(["endpoint"]);
    const parsed = endpoint === undefined ? undefined : parseEndpoint(endpoint);
    if (endpoint === undefined || parsed === undefined)
      return this.#unusable(["endpoint"], "endpoint is missing: expected ip:port, IPv6 in brackets");
    if (!parsed.ok) return this.#unusable(["endpoint"], parsed.error);
    const routes = this.#list("routes").flatMap((at) => this.#route(at));
    if (!routes.some(({ scope }) => scope === SCOPE.inCluster))
      return this.#unusable(["routes"], "no route of scope InCluster: expected one, with this node's path as key");
    const seen = new Set([endpoint]);
    const peers = this.#list("peers").flatMap((at) => this.#peer(at, seen));
    const { host } = parsed.value;
    const npuIpv4 = isIpv4(host) ? host : this.#address(["npu_ipv4"], isIpv4);
    const npuIpv6 = isIpv6(host) ? host : this.#address(["npu_ipv6"], isIpv6);
    const config = {
      endpoint,
      routes,
      peers,
      ...(npuIpv4 !== undefined && { npuIpv4 }),
      ...(npuIpv6 !== undefined && { npuIpv6 }),
    };
    return { kind: "config", config, faults: this.#faults };
  }

  #route(at: YamlPath): OwnRoute[] {
    const name = readScopeWord(this.yaml.value([...at, "scope"]));
    if (name === undefined) return this.#skip([...at, "scope"], `expected a scope of ${SCOPE_WORD_LIST}`);
    const key = this.yaml.text([...at, "key"]);
    if (key === undefined) return this.#skip([...at, "key"], "key is missing: expected a service path");
    const path = readOwnPath(key, SCOPE[name]);
    return path.ok ? [{ path: path.value, scope: SCOPE[name] }] : this.#skip([...at, "key"], path.error);
  }

  #peer(at: YamlPath, seen: Set<string>): PeerConfig[] {
    const type = readScopeWord(this.yaml.value([...at, "conn_type"]));
    if (type === undefined || !isPeerType(type))
      return this.#skip([...at, "conn_type"], "expected a conn_type of InCluster, InRegion, Global");
    const endpoint = this.yaml.text([...at, "endpoint"]);
    if (endpoint === undefined) return this.#skip([...at, "endpoint"], "endpoint is missing: expected ip:port");
    const parsed = parseEndpoint(endpoint);
    if (!parsed.ok) return this.#skip([...at, "endpoint"], parsed.error);
    if (seen.has(endpoint)) return this.#skip([...at, "endpoint"], `${endpoint} is there twice, or our own`);
    seen.add(endpoint);
    return [{ endpoint, type }];
  }

  #address(at: YamlPath, is: (text: string) => boolean): string | undefined {
    const value = this.yaml.value(at);
    if (value === undefined || value === null) return undefined;
    if (typeof value === "string" && is(value)) return value;
    this.#skip(at, `${JSON.stringify(value)} is not an address of that family`);
    return undefined;
  }

  /** Where the elements of a list are; nothing at all counts as an empty list. */
  #list(member: string): YamlPath[] {
    const value = this.yaml.value([member]);
    if (Array.isArray(value)) return value.map((_, i) => [member, i]);
    if (value === undefined) this.#skip([member], `${member} is missing: expected a list, [] for none`);
    else if (value !== null) this.#skip([member], "expected a list");
    return [];
  }

  #skip(at: YamlPath, detail: string): [] {
    this.#faults.push({ where: this.yaml.where(at), detail, effect: "it is skipped" });
    return [];
  }

  #unusable(at: YamlPath, detail: string): ConfigReading {
    return { kind: "waiting", reason: `${this.yaml.where(at)}: ${detail}`, faults: this.#faults };
  }
}
