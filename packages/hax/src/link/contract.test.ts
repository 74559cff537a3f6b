import { mkdtemp, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom, unwrap } from "@tandem/base";
import { type ContractPeer, linkContract, type OpenWorld } from "../testing/link-contract.js";
import { MemoryLink } from "../testing/memory-link.js";
import type { LinkAddress } from "./address.js";
import { decodeFrame, encodeFrame, type Frame, FrameCutter } from "./frame.js";
import { openLinkServer } from "./server.js";

linkContract("memory", (clock, limits) => {
  const link = new MemoryLink({ clock, limits });
  const connectOne = (): Promise<ContractPeer> => {
    const peer = link.connect();
    return Promise.resolve({
      write: (frame) => peer.write(frame),
      raw: (bytes) => peer.raw(bytes),
      close: () => peer.close(),
      onFrame: (listener) => {
        peer.onFrame = listener;
      },
      onClose: (listener) => {
        peer.onClose = listener;
      },
    });
  };
  return Promise.resolve({ link, connect: connectOne, [Symbol.asyncDispose]: () => link[Symbol.asyncDispose]() });
});

const overSockets =
  (where: (folder: string) => LinkAddress): OpenWorld =>
  async (clock, limits) => {
    const folder = await mkdtemp(join(tmpdir(), "tandem-hax-"));
    const server = unwrap(await openLinkServer({ clock, random: seededRandom(1), addresses: [where(folder)], limits }));
    const [address] = server.addresses;
    return {
      link: server,
      connect: () => dial(address as LinkAddress),
      [Symbol.asyncDispose]: async () => {
        await server[Symbol.asyncDispose]();
        await rm(folder, { recursive: true });
      },
    };
  };

linkContract(
  "Unix socket",
  overSockets((folder) => ({ kind: "unix", path: join(folder, "link.sock") })),
);
linkContract(
  "TCP",
  overSockets(() => ({ kind: "tcp", host: "127.0.0.1", port: 0 })),
);

function dial(address: LinkAddress): Promise<ContractPeer> {
  const socket = address.kind === "unix" ? connect(address.path) : connect(address);
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("connect", () => resolve(peerOver(socket)));
  });
}

function peerOver(socket: Socket): ContractPeer {
  const cutter = new FrameCutter(1 << 20);
  let onFrame = (_: Frame): void => {};
  let onClose = (): void => {};
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    for (const bytes of unwrap(cutter.push(chunk))) onFrame(unwrap(decodeFrame(bytes)));
  });
  socket.once("close", () => onClose());
  return {
    write: (frame) => socket.write(encodeFrame(frame)),
    raw: (bytes) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      socket.write(Buffer.concat([length, bytes]));
    },
    close: () => socket.end(),
    onFrame: (listener) => {
      onFrame = listener;
    },
    onClose: (listener) => {
      onClose = listener;
    },
  };
}
