import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

export interface CertificateRequest {
  /** Common name. */
  readonly name: string;
  /** Subject alternative names of type URI. */
  readonly uris?: readonly string[];
  /** The same of type DNS: clients that are none of ours check a host name. */
  readonly hosts?: readonly string[];
  /** And of type IP: IPv4 in dots. */
  readonly ips?: readonly string[];
  /** Days from now, may be negative. Default: since yesterday, for a year. */
  readonly from?: number;
  readonly to?: number;
}

/** PEM. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority for tests: P-256 keys, X.509 v3, made here and now. RFC 5280. */
export class TestCa {
  readonly cert: string;
  readonly #key: KeyObject;

  readonly #now: number;

  /** `now`: that of a virtual clock, where the certificates are for one. */
  constructor(
    readonly name = "Test CA",
    now: number = Date.now(),
  ) {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.#key = privateKey;
    this.#now = now;
    this.cert = certificate({ request: { name }, issuer: name, publicKey, signWith: privateKey, isCa: true, now });
  }

  issue(request: CertificateRequest): Issued {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    return {
      cert: certificate({ request, issuer: this.name, publicKey, signWith: this.#key, isCa: false, now: this.#now }),
      key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    };
  }

  /** What a node needs to take part: `swbus:/<path>` for each path that it may claim. */
  material(...paths: readonly string[]): Issued & { readonly ca: string } {
    const uris = paths.map((path) => `swbus:/${path}`);
    return { ...this.issue({ name: paths[0] ?? "nobody", uris }), ca: this.cert };
  }
}

interface Parts {
  readonly request: CertificateRequest;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly signWith: KeyObject;
  readonly isCa: boolean;
  readonly now: number;
}

const DAY = 24 * 60 * 60 * 1000;

function certificate({ request, issuer, publicKey, signWith, isCa, now }: Parts): string {
  const { name, uris = [], hosts = [], ips = [], from = -1, to = 365 } = request;
  const algorithm = der(0x30, oid("2a8648ce3d040302"));
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(15)]);
  const names = [
    ...uris.map((uri) => der(0x86, Buffer.from(uri))),
    ...hosts.map((host) => der(0x82, Buffer.from(host))),
    ...ips.map((ip) => der(0x87, Buffer.from(ip.split(".").map(Number)))),
  ];
  const extensions = [
    extension("551d13", true, isCa ? der(0x30, der(0x01, Buffer.from([0xff]))) : der(0x30)),
    ...(isCa ? [] : [extension("551d25", false, der(0x30, oid("2b06010505070301"), oid("2b06010505070302")))]),
    ...(names.length === 0 ? [] : [extension("551d11", false, der(0x30, ...names))]),
  ];
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    algorithm,
    commonName(issuer),
    der(0x30, time(now, from), time(now, to)),
    commonName(name),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, der(0x30, ...extensions)),
  );
  const signature = sign("sha256", body, signWith);
  const bytes = der(0x30, body, algorithm, der(0x03, Buffer.from([0]), signature));
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

/** A tag, a length, a value. X.690. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const value = Buffer.concat(parts);
  const length =
    value.length < 0x80
      ? [value.length]
      : value.length < 0x100
        ? [0x81, value.length]
        : [0x82, value.length >> 8, value.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), value]);
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, "hex"));
}

function commonName(name: string): Buffer {
  return der(0x30, der(0x31, der(0x30, oid("550403"), der(0x0c, Buffer.from(name)))));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return der(0x30, oid(id), ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value));
}

/** GeneralizedTime, `days` from `now`. */
function time(now: number, days: number): Buffer {
  const text = new Date(now + days * DAY).toISOString().replace(/[-:T]|\.\d+/g, "");
  return der(0x18, Buffer.from(text));
}
