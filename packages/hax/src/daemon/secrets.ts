import { createSecureContext } from "node:tls";
import { err, type Files, ok, type Result } from "@tandem/base";
import type { Environment } from "@tandem/daemon";
import type { HaxConfig } from "./hax-config.js";

/** PEM: what is shown to the other end, and the CAs whose certificates are taken. */
export interface TlsTexts {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
}

const TOKEN = /^\S{16,}$/;

/** Tokens and certificates, as their files hold them. */
export class Secrets {
  token: string | undefined;
  consulToken: string | undefined;
  consulTls: Partial<TlsTexts> = {};
  linkTls: (TlsTexts & { readonly ca: string }) | undefined;
  httpTls: TlsTexts | undefined;

  /** All of them, or the first that cannot be used, in one line. */
  static async load(config: HaxConfig, env: Environment, files: Files): Promise<Result<Secrets, string>> {
    const { tokenFile, consulTokenFile, consulCa, consulCert, linkTls, httpTls } = config;
    const secrets = new Secrets();
    const wrong: string[] = [];
    const read = async (path: string): Promise<string> => {
      const text = await files.read(path);
      if (!text.ok) wrong.push(`${path}: ${text.error.kind === "notFound" ? "no such file" : text.error.detail}`);
      return text.ok ? text.value : "";
    };
    const line = async (path: string): Promise<string> => (await read(path)).split("\n", 1)[0]?.trim() ?? "";
    const texts = async ([cert, key, ca]: readonly [string, string, string?]): Promise<TlsTexts> => ({
      ...{ cert: await read(cert), key: await read(key) },
      ...(ca !== undefined && { ca: await read(ca) }),
    });
    const checked = <T extends Partial<TlsTexts>>(flag: string, material: T): T => {
      const fault = wrong.length === 0 ? faultOf(material) : undefined;
      if (fault !== undefined) wrong.push(`${flag}: cannot be used together (${fault})`);
      return material;
    };
    if (tokenFile !== undefined) {
      secrets.token = await line(tokenFile);
      if (!TOKEN.test(secrets.token))
        wrong.push(`${tokenFile}: expected a token of 16 characters or more in its first line`);
    }
    secrets.consulToken = consulTokenFile === undefined ? env.CONSUL_HTTP_TOKEN : await line(consulTokenFile);
    secrets.consulTls = checked(`--consul-cert ${consulCert?.join(",") ?? ""}`, {
      ...(consulCert !== undefined && (await texts(consulCert))),
      ...(consulCa !== undefined && { ca: await read(consulCa) }),
    });
    if (linkTls !== undefined) {
      const ca = await read(linkTls[2]);
      secrets.linkTls = checked(`--link-tls ${linkTls.join(",")}`, { ...(await texts(linkTls)), ca });
    }
    if (httpTls !== undefined) secrets.httpTls = checked(`--http-tls ${httpTls.join(",")}`, await texts(httpTls));
    return wrong[0] === undefined ? ok(secrets) : err(wrong[0]);
  }

  take(newer: Secrets): void {
    Object.assign(this, newer);
  }
}

/** Why OpenSSL does not take them: damaged, or a key of another certificate. */
function faultOf({ cert, key, ca }: Partial<TlsTexts>): string | undefined {
  try {
    createSecureContext({ cert, key, ca });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
