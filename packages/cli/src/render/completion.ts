import type { CommandSpec } from "../command-list.js";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** What may follow the words typed so far, e.g. `show dash` → `ha`. */
interface Node {
  readonly path: string;
  readonly words: readonly { readonly word: string; readonly doc: string }[];
}

/** A script that the shell sources; it completes commands and long options, and files after options that take one. */
export function completionScript(shell: Shell, commands: readonly CommandSpec[]): string {
  const nodes = nodesOf(commands);
  switch (shell) {
    case "bash":
      return bash(nodes);
    case "zsh":
      return `#compdef tandem\nautoload -U +X bashcompinit && bashcompinit\n${bash(nodes)}`;
    case "fish":
      return fish(nodes);
  }
}

function nodesOf(commands: readonly CommandSpec[]): readonly Node[] {
  const nodes = new Map<string, Map<string, string>>();
  const add = (path: string, word: string, doc: string): void => {
    const words = nodes.get(path) ?? new Map<string, string>();
    nodes.set(path, words.set(word, words.get(word) ?? doc));
  };
  for (const { path, summary, options = [], args } of commands) {
    for (const [i, word] of path.entries()) {
      add(path.slice(0, i).join(" "), word, i === path.length - 1 ? summary : "");
    }
    const full = path.join(" ");
    for (const { flags, doc } of options) {
      const long = /--[\w-]+/.exec(flags)?.[0];
      if (long !== undefined) add(full, long, doc);
    }
    if (args === "<shell>") for (const shell of SHELLS) add(full, shell, "");
    add(full, "--help", "show help");
  }
  return [...nodes].map(([path, words]) => ({
    path,
    words: [...words].map(([word, doc]) => ({ word, doc })),
  }));
}

function bash(nodes: readonly Node[]): string {
  const cases = nodes.map(({ path, words }) => `    '${path}') words='${words.map(({ word }) => word).join(" ")}' ;;`);
  return `_tandem() {
  local path='' words='' word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    [[ $word == -* ]] || path=\${path:+$path }$word
  done
  case $path in
${cases.join("\n")}
  esac
  case \${COMP_WORDS[COMP_CWORD - 1]} in
    --config-file | --db-config) mapfile -t COMPREPLY < <(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}") ;;
  esac
}
complete -F _tandem tandem
`;
}

function fish(nodes: readonly Node[]): string {
  const lines = nodes.flatMap(({ path, words }) =>
    words.map(({ word, doc }) => {
      const option = word.startsWith("--") ? `-l ${word.slice(2)}` : `-a ${word}`;
      const text = doc === "" ? "" : ` -d '${doc.replaceAll("'", "\\'")}'`;
      return `complete -c tandem -n '__tandem_at "${path}"' ${option}${text}`;
    }),
  );
  return `function __tandem_at
  set -l words (string match -v -- '-*' (commandline -opc)[2..-1])
  test "$words" = "$argv[1]"
end
complete -c tandem -f
complete -c tandem -l config-file -r -F
complete -c tandem -l db-config -r -F
${lines.join("\n")}
`;
}
