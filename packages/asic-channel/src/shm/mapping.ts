import koffi from "koffi";

/** What the kernel refused, by its number. */
export type SystemError = { readonly call: string; readonly errno: number };

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const LOCK_EX_NB = 2 | 4;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

/** Node has no mmap, no flock and no mkfifo. The program itself is linked with a C library that does, whichever it is. */
const libc = koffi.load(null);
const mmap = libc.func("void *mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset)");
const munmap = libc.func("int munmap(void *addr, size_t length)");
const flock = libc.func("int flock(int fd, int operation)");
const mkfifo = libc.func("int mkfifo(const char *path, uint32_t mode)");

/** A file as memory. Nothing may touch `bytes` after `unmap`: the process would die of it. */
export interface Mapping {
  readonly bytes: Uint8Array;
  unmap(): void;
}

/** Maps `length` bytes of an open file; every one of them must be in the file. */
export function mapFile(fd: number, length: number): Mapping | SystemError {
  const address = mmap(null, length, PROT_READ_WRITE, MAP_SHARED, fd, 0);
  if (BigInt.asUintN(64, koffi.address(address)) === MAP_FAILED) return { call: "mmap", errno: koffi.errno() };
  return { bytes: new Uint8Array(koffi.view(address, length)), unmap: () => void munmap(address, length) };
}

/** Locks an open file until its descriptor is closed, or its process is gone in whatever way; false if another has it. */
export function tryLock(fd: number): boolean {
  return flock(fd, LOCK_EX_NB) === 0;
}

/** Makes a FIFO; false if that fails, also because something is there. */
export function makeFifo(path: string, mode: number): boolean {
  return mkfifo(path, mode) === 0;
}
