export { type Acknowledgement, FakeService, type Received } from "./fake-service.js";
export { aStep, aTrace } from "./records.js";
export { type HarnessOptions, TestHarness, type World } from "./test-harness.js";
export { readUpstreamDump, type UpstreamDump } from "./upstream-dump.js";
