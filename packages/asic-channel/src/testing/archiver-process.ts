import { crashPointFrom, millis, systemClock, systemRandom, unwrap } from "@tandem/base";
import { RedisStores } from "@tandem/swss";
import { databasesAt } from "@tandem/swss/testing";
import { Archiver } from "../archive/archiver.js";

/** An archiver as a process of its own, for tests that kill it: `archiver-process.js SOCKET FILE`. Ends at SIGTERM. */
const [socket = "", path = ""] = process.argv.slice(2);
const ending = new AbortController();
process.once("SIGTERM", () => ending.abort());
const stores = new RedisStores({ databases: databasesAt({ socket }), clock: systemClock, random: systemRandom });
const archiver = unwrap(
  await Archiver.open(
    {
      stores,
      clock: systemClock,
      path,
      limits: { fileBytesMax: 4000, compress: false, fileAgeMax: millis(86_400_000) },
      crash: unwrap(crashPointFrom(process.env)),
    },
    ending.signal,
  ),
);
await archiver.run(ending.signal);
await archiver[Symbol.asyncDispose]();
await stores[Symbol.asyncDispose]();
