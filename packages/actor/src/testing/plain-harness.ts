import { type Millis, seconds, seededRandom } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { type EdgeRuntime, parseServicePath, type ServicePath, startEdge } from "@tandem/swbus/edge";
import { type Store, untilConnected } from "@tandem/swss";
import { MemoryRedis, MemoryStores } from "@tandem/swss/testing";
import { PlainRuntime } from "../plain/plain-runtime.js";
import type { RuntimeEvent } from "../runtime-event.js";
import { FakeService } from "./fake-service.js";
import { NO_BUS } from "./no-bus.js";

/** Plain actors in virtual time, with one Redis in memory and no swbusd. */
export class PlainHarness implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly edge: EdgeRuntime;
  readonly redis: MemoryRedis;
  readonly stores: MemoryStores;
  readonly runtime: PlainRuntime;
  readonly events: RuntimeEvent[] = [];

  constructor() {
    const { clock } = this;
    const random = seededRandom(1);
    this.redis = new MemoryRedis({ clock, random });
    this.stores = new MemoryStores({ clock, random, servers: [{ redis: this.redis }] });
    const basePath = parseServicePath("region-a.cluster-a.host/test/0");
    this.edge = startEdge({ bus: NO_BUS, clock, random, endpoint: "127.0.0.1:1", basePath, type: "inNode" });
    this.runtime = new PlainRuntime({ edge: this.edge, clock, random, onEvent: (event) => this.events.push(event) });
  }

  path(type: string, id: string): ServicePath {
    return this.edge.basePath.withResource(type, id);
  }

  service(type: string, id: string): FakeService {
    return new FakeService(this.edge, this.clock, this.path(type, id));
  }

  /** Resolves when it is connected. */
  async store(db: string): Promise<Store> {
    const store = this.stores.open({ db });
    if (!store.ok) throw new Error(`no database ${db}`);
    await untilConnected(store.value);
    return store.value;
  }

  /** Lets time pass until `condition` holds. Throws after `limit`. */
  async until(condition: () => boolean, limit: Millis = seconds(5)): Promise<void> {
    if (!(await this.clock.advanceUntil(condition, limit))) throw new Error(`not within ${limit} ms`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.runtime[Symbol.dispose]();
    await this.clock.run(Promise.resolve(this.edge[Symbol.asyncDispose]()), seconds(5));
    await this.stores[Symbol.asyncDispose]();
  }
}
