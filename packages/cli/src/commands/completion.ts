import { err, ok } from "@tandem/base";
import { COMMANDS } from "../command-list.js";
import { type CommandRun, printJson, wantsJson } from "../io.js";
import { completionScript, SHELLS } from "../render/completion.js";

/** `tandem completion <shell>`. */
export const runCompletion: CommandRun = async (invocation, io) => {
  const shell = SHELLS.find((name) => name === invocation.args[0]);
  if (shell === undefined) {
    const message = `no completion for ${invocation.args[0]}; one of ${SHELLS.join(", ")}`;
    return err({ kind: "usage", message });
  }
  const script = completionScript(shell, COMMANDS);
  if (wantsJson(invocation)) printJson(io, "completion", { shell, script });
  else io.print(script);
  return ok();
};
