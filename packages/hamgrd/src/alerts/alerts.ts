import type { Expression } from "./expression.js";

/** Something that somebody should look at. The only place that names it. */
export interface Alert {
  readonly name: string;
  readonly expression: Expression;
  /** How long it must hold (s). */
  readonly forSeconds: number;
  readonly severity: "critical" | "warning";
  /** One line; `{{ $labels.x }}` as Prometheus fills it in. */
  readonly summary: string;
  /** What to do first. */
  readonly runbook: string;
}

const metric = (name: string, where?: Readonly<Record<string, readonly string[]>>): Expression => ({
  kind: "metric",
  name,
  ...(where !== undefined && { where }),
});
const above = (left: Expression, right: number): Expression => ({ kind: "compare", left, op: ">", right });
const equals = (left: Expression, right: number): Expression => ({ kind: "compare", left, op: "==", right });
const increase = (of: string, seconds: number): Expression => ({ kind: "increase", of, seconds });

const SCOPE = ["instance", "slot", "vdpu", "scope"] as const;
const SLOT = ["instance", "slot"] as const;

export const ALERTS: readonly Alert[] = [
  {
    name: "TandemHaSetNotReady",
    expression: above(metric("tandem_hamgrd_ha_set_missing_seconds"), 60),
    forSeconds: 0,
    severity: "warning",
    summary: "HA set {{ $labels.set }} has waited over a minute for {{ $labels.missing }}",
    runbook:
      "`tandem why ha-set/<set>` names what is missing and since when; write that row, or bring up who writes it.",
  },
  {
    name: "TandemPendingOperationUnanswered",
    expression: {
      kind: "compare",
      left: metric("tandem_hamgrd_pending_operation_age_seconds"),
      op: ">",
      right: { of: metric("tandem_hamgrd_pending_operation_limit_seconds"), on: SLOT },
    },
    forSeconds: 0,
    severity: "warning",
    summary: "An operation {{ $labels.type }} of slot {{ $labels.slot }} waits for its approval",
    runbook:
      "`tandem pending` lists it; approve it by the SDN controller or `tandem api`. The limit is hamgrd's `--pending-alarm`.",
  },
  {
    name: "TandemRowRejected",
    expression: above(metric("tandem_hamgrd_bad_rows"), 0),
    forSeconds: 0,
    severity: "warning",
    summary: "A row of {{ $labels.table }} is refused; the last good one stays in force",
    runbook: "hamgrd's log names key, field and what was expected; mend the row.",
  },
  {
    name: "TandemBothStandalone",
    expression: {
      kind: "compare",
      left: {
        kind: "aggregate",
        by: ["scope"],
        how: "count",
        of: metric("tandem_hamgrd_ha_state", { state: ["standalone"] }),
      },
      op: ">=",
      right: 2,
    },
    forSeconds: 10,
    severity: "critical",
    summary: "Both sides of HA scope {{ $labels.scope }} are standalone: each decides alone",
    runbook: "Look for a cut link (`tandem ping`), mend it, then restart HA of one side (disable, enable).",
  },
  {
    name: "TandemNoBfdSessions",
    expression: {
      kind: "and",
      on: SLOT,
      left: {
        kind: "and",
        on: SCOPE,
        left: {
          kind: "and",
          on: SCOPE,
          left: equals(metric("tandem_hamgrd_bfd_sessions_up"), 0),
          right: metric("tandem_hamgrd_ha_state", { state: ["active", "standby", "standalone"] }),
        },
        right: above(metric("tandem_hamgrd_ha_state_seconds"), 10),
      },
      right: equals({ kind: "aggregate", by: SLOT, how: "min", of: metric("tandem_hamgrd_dpu_plane_up") }, 1),
    },
    forSeconds: 0,
    severity: "critical",
    summary: "The DPU of {{ $labels.vdpu }} is up and serves, and no BFD session to it is up",
    runbook: "`tandem show ha` and `tandem drift`: are the BFD rows written? Then the DPU's bfdd, and the way to it.",
  },
  {
    name: "TandemStuckWait",
    expression: above(metric("tandem_hamgrd_stuck_waits"), 0),
    forSeconds: 0,
    severity: "warning",
    summary: "An actor {{ $labels.type }} of slot {{ $labels.slot }} waits longer than it should",
    runbook: "`tandem why` says for what, since when, and what happens now.",
  },
  {
    name: "TandemActorCrashes",
    expression: above(increase("tandem_hamgrd_actor_crashes_total", 600), 2),
    forSeconds: 0,
    severity: "critical",
    summary: "An actor {{ $labels.type }} of slot {{ $labels.slot }} crashes again and again",
    runbook:
      "A bug: keep the flight file beside the records (`tandem flight export`) and report it. Its rows stay as they are.",
  },
  {
    name: "TandemRedisLost",
    expression: equals(metric("tandem_hamgrd_redis_lost"), 1),
    forSeconds: 10,
    severity: "critical",
    summary: "A Redis of slot {{ $labels.slot }} does not answer",
    runbook:
      "Is it running, and is its disk full? What stands stays; everything is read and compared again when it is back.",
  },
  {
    name: "TandemBusPeerDown",
    expression: above(metric("tandem_swbusd_peers_down"), 0),
    forSeconds: 30,
    severity: "warning",
    summary: "{{ $value }} peers of a swbusd cannot be reached",
    runbook:
      "`tandem show swbusd route` shows which are left; then the network between the switches, and the peer's swbusd.",
  },
  {
    name: "TandemCertificateExpires",
    expression: {
      kind: "compare",
      left: { kind: "remaining", of: "tandem_tls_certificates_expire_timestamp_seconds" },
      op: "<",
      right: 7 * 24 * 3600,
    },
    forSeconds: 0,
    severity: "warning",
    summary: "A certificate of the bus expires within a week",
    runbook:
      "Put new certificates where the security file points, then SIGHUP swbusd and hamgrd: nothing needs a restart.",
  },
  {
    name: "TandemMessagesNotUnderstood",
    expression: above(increase("tandem_hamgrd_messages_not_understood_total", 600), 0),
    forSeconds: 0,
    severity: "warning",
    summary: "hamgrd of slot {{ $labels.slot }} got messages that it does not understand",
    runbook: "hamgrd's log names sender and key: a peer of another version, or of another program.",
  },
  {
    name: "TandemRecordLinesLost",
    expression: above(increase("tandem_hamgrd_record_lines_lost_total", 600), 0),
    forSeconds: 0,
    severity: "warning",
    summary: "Lines of the record of slot {{ $labels.slot }} are missing",
    runbook:
      "The disk under `--record-dir` is full or slow; make room. A line in the file says where how many are missing.",
  },
  {
    name: "TandemHaxConsulAway",
    expression: above(metric("tandem_hax_consul_outage_seconds"), 10),
    forSeconds: 0,
    severity: "critical",
    summary: "Consul has not answered the hax of {{ $labels.instance }} for {{ $value }} s",
    runbook:
      "Events of processes wait in hax, entrypoints are told EAGAIN. Look for a leader (`consul operator raft list-peers`) and at the local agent.",
  },
  {
    name: "TandemHaxEventsWait",
    expression: above(metric("tandem_hax_oldest_event_seconds"), 30),
    forSeconds: 0,
    severity: "warning",
    summary: "An event of a Motr process has waited for over 30 s on {{ $labels.instance }}",
    runbook:
      "`tandem hax show` names Consul's state; with Consul up, hax's log names the key that is refused (ACL token?).",
  },
  {
    name: "TandemHaxIoError",
    expression: above(increase("tandem_hax_alarms_total", 300), 0),
    forSeconds: 0,
    severity: "critical",
    summary: "A Motr process of {{ $labels.instance }} reports {{ $labels.type }}",
    runbook: "hax's log holds the whole message with its process; look at the devices of that node.",
  },
];
