import type { Json, Result } from "@tandem/base";
import { type Answer, answerTo, type EdgeMessage, type EdgeRuntime, SwbusErrorCode } from "@tandem/swbus/edge";

/** Answers one question, or says in one line why not. */
export type Answerer = (args: Readonly<Record<string, string>>) => Result<Json, string> | Promise<Result<Json, string>>;

/** Resource type of questions: `<hamgrd>/tandem/<name>`. Upstream's hamgrd has none, and the bus says so. */
export const QUESTION_TYPE = "tandem";

/** Questions that may be in work at a time; beyond it askers are told that the queue is full. */
const IN_WORK_MAX = 16;

/**
 * Serves questions of operators at `<base>/tandem/<name>`. They come as management requests, whose type has no meaning
 * here; the answer is JSON text.
 */
export function serveQuestions(edge: EdgeRuntime, questions: Readonly<Record<string, Answerer>>): Disposable {
  let inWork = 0;
  const serve = async (message: EdgeMessage, args: Readonly<Record<string, string>>, answerer: Answerer) => {
    inWork += 1;
    const answer = await answerOf(answerer, args).finally(() => {
      inWork -= 1;
    });
    const sent = edge.send(answerTo(message, edge.newId(), answer));
    if (sent.ok || sent.error.kind !== "tooLarge") return;
    const text = `the answer has ${sent.error.size} bytes, more than a message may have`;
    edge.send(answerTo(message, edge.newId(), { code: SwbusErrorCode.FAIL, text }));
  };
  const stops = Object.entries(questions).map(([name, answerer]) =>
    edge.register(edge.basePath.withResource(QUESTION_TYPE, name), "public", (message) => {
      if (message.body.kind !== "management") return true;
      if (inWork >= IN_WORK_MAX) return false;
      void serve(message, message.body.args, answerer);
      return true;
    }),
  );
  return {
    [Symbol.dispose]: () => {
      for (const stop of stops) stop();
    },
  };
}

async function answerOf(answerer: Answerer, args: Readonly<Record<string, string>>): Promise<Answer> {
  const answered = await answerer(args);
  return answered.ok
    ? { content: { kind: "value", value: JSON.stringify(answered.value) } }
    : { code: SwbusErrorCode.FAIL, text: answered.error };
}
