"""Runs a command on a terminal of its own and passes on what it shows.

usage: on_terminal.py ROWS COLUMNS PATTERN COMMAND...

Types Ctrl-C once PATTERN has been shown, unless it is empty. Ends with the command's exit code.
"""

import fcntl
import os
import pty
import struct
import sys
import termios

rows, columns, pattern, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].encode(), sys.argv[4:]
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.execvp(command[0], command)
shown = b""
while True:
    try:
        data = os.read(terminal, 65536)
    except OSError:
        break
    if not data:
        break
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    shown = (shown + data)[-100000:]
    if pattern and pattern in shown:
        os.write(terminal, b"\x03")
        pattern = b""
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
