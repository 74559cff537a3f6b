import { readdir, readFile } from "node:fs/promises";
import { type Fid, parseFid, sameFid } from "../fid.js";

/** Pids of this machine's processes that were started for `fid`: one word of their command line is it. As `pgrep -f`. */
export async function livingProcesses(fid: Fid, self: number): Promise<readonly number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(async (pid) => (await isOf(pid, fid)) && !(await isAsking(pid, self))));
  return pids.filter((_, i) => found[i]);
}

async function wordsOf(pid: number): Promise<readonly string[]> {
  const text = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""); // gone meanwhile: no words
  return text.split("\0");
}

async function isOf(pid: number, fid: Fid): Promise<boolean> {
  return (await wordsOf(pid)).some((word) => {
    const read = word.includes(":") && word.length < 80 ? parseFid(word) : undefined;
    return read?.ok === true && sameFid(read.value, fid);
  });
}

/** Whoever asks carries the fid in its own command line; so does the shell that Consul starts it with. */
async function isAsking(pid: number, self: number): Promise<boolean> {
  if (pid === self) return true;
  const words = await wordsOf(pid);
  return words.includes("check") && words.includes("hax");
}
