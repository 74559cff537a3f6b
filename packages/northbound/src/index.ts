export { type Answer, describeRefusal, type Refusal, refusalAnswer, type Trouble } from "./core/answer.js";
export { type Policies, type Policy, parsePolicies } from "./core/auto-approve.js";
export { type ApiEvent, EventLog, type LoggedEvent, type Reading, type Resume } from "./core/events.js";
export type { Expected, Mutation, ScopeInput, SetInput } from "./core/mutation.js";
export { type ApiServer, type ApiServerOptions, serveApi } from "./http/server.js";
export { countRequests, type ServerTally } from "./http/server-metrics.js";
export { Northbound, type NorthboundEvent, type NorthboundOptions, type ResetInput } from "./northbound.js";
export type { Answered } from "./request-store.js";
