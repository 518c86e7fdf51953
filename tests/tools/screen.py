"""A small terminal: runs a program in a pseudo-terminal, and keeps what a person would see.

screen.py COLUMNSxROWS ACTION... -- PROGRAM ARGUMENT...

Actions, in order: wait:TEXT until the screen or what scrolled off it has the text; now:TEXT until the screen has it;
sleep:SECONDS; resize:COLUMNSxROWS; key:TEXT types it (\\x03 is Ctrl-C); shows:FILE writes the screen as it is now;
bytes:NAME prints how many have come since the last time; state:NAME prints the state of the terminal; continue: wakes
the program after Ctrl-Z.
Then the program must end. Prints all lines, from the first that scrolled off to the last of the screen, then
"bytes N" and "exit CODE". Where a line is wider than the window, it is folded, and marked with \\ at its end.

With --reflow before the size the terminal folds its lines again when it is resized, as most do; otherwise it cuts them,
as xterm does.
"""
import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

LIMIT = 60  # seconds until an action, or the program, has taken too long


class Screen:
    def __init__(self, columns, rows, reflow):
        self.columns, self.rows, self.reflow = columns, rows, reflow
        self.lines = [[]]  # of cells; those above the last `rows` have scrolled off
        self.folded = [False]  # whether the line continues on the next one
        self.row = self.column = 0
        self.pending = ""
        self.cursor_visible = True
        self.kept = None  # the main screen, while the alternate one is shown
        self.unknown = set()

    def top(self):
        return max(0, len(self.lines) - self.rows)

    def need(self, row):
        while len(self.lines) <= row:
            self.lines.append([])
            self.folded.append(False)

    def put(self, character):
        if self.column >= self.columns:
            self.folded[self.row] = True
            self.row += 1
            self.need(self.row)
            self.column = 0
        line = self.lines[self.row]
        while len(line) <= self.column:
            line.append(" ")
        line[self.column] = character
        self.column += 1

    def clear_line(self, mode):
        if mode == "2":
            self.lines[self.row] = []
        else:
            self.lines[self.row] = self.lines[self.row][: self.column]
        self.folded[self.row] = False

    def clear_below(self):
        self.clear_line("")
        for row in range(self.row + 1, len(self.lines)):
            self.lines[row], self.folded[row] = [], False
        # Rows that were added below are not scrolled off by being empty: they stay.

    def sequence(self, parameters, letter):
        numbers = [int(n) if n.isdigit() else 0 for n in parameters.lstrip("?").split(";")]
        if letter == "K":
            self.clear_line(parameters)
        elif letter == "J" and parameters in ("", "0"):
            self.clear_below()
        elif letter == "J":
            top = self.top()
            for row in range(top, len(self.lines)):
                self.lines[row], self.folded[row] = [], False
        elif letter == "H":
            self.row = self.top() + max(numbers[0], 1) - 1
            self.column = max(numbers[1], 1) - 1 if len(numbers) > 1 else 0
            self.need(self.row)
        elif letter == "A":
            self.row = max(self.top(), self.row - max(numbers[0], 1))
        elif letter in "hl" and parameters == "?25":
            self.cursor_visible = letter == "h"
        elif letter in "hl" and parameters == "?1049":
            if letter == "h":
                self.kept = (self.lines, self.folded, self.row, self.column)
                self.lines, self.folded = [[] for _ in range(self.rows)], [False] * self.rows
                self.row = self.column = 0
            elif self.kept:
                self.lines, self.folded, self.row, self.column = self.kept
                self.kept = None
        elif letter in "hl" and parameters == "?7":
            pass
        elif letter != "m":
            self.unknown.add("ESC[%s%s" % (parameters, letter))

    def feed(self, text):
        self.pending += text
        while self.pending:
            match = re.match(r"\x1b\[([0-9;?]*)([@-~])", self.pending)
            if match:
                self.sequence(*match.groups())
                self.pending = self.pending[match.end():]
                continue
            if self.pending[0] == "\x1b":
                if len(self.pending) < 12:
                    return
                self.unknown.add(repr(self.pending[:4]))
            character, self.pending = self.pending[0], self.pending[1:]
            if character == "\r":
                self.column = 0
            elif character == "\n":
                self.row += 1
                self.need(self.row)
            elif character == "\b":
                self.column = max(0, self.column - 1)
            elif character >= " ":
                self.put(character)

    def resize(self, columns, rows):
        if not self.reflow or self.kept:
            for i in range(self.top(), len(self.lines)):
                del self.lines[i][columns:]
        else:
            lines, folded, place = [], [], None
            i = 0
            while i < len(self.lines):
                whole, at = [], None
                while True:
                    if i == self.row:
                        at = len(whole) + self.column
                    whole += self.lines[i]
                    i += 1
                    if not self.folded[i - 1] or i == len(self.lines):
                        break
                for begin in range(0, max(len(whole), 1), columns):
                    if at is not None and begin <= at < begin + columns:
                        place = (len(lines), at - begin)
                    lines.append(whole[begin:begin + columns])
                    folded.append(begin + columns < len(whole))
                if at is not None and place is None:
                    place = (len(lines) - 1, min(at, columns))
            self.lines, self.folded = lines, folded
            self.row, self.column = place
        self.columns, self.rows = columns, rows
        self.column = min(self.column, columns)

    def text(self, whole=True):
        rows = range(0 if whole else self.top(), len(self.lines))
        return ["".join(self.lines[r]).rstrip() + ("\\" if self.folded[r] else "") for r in rows]


class Session:
    def __init__(self, size, reflow, command):
        columns, rows = map(int, size.split("x"))
        self.screen, self.bytes, self.counted = Screen(columns, rows, reflow), 0, 0
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            time.sleep(0.05)  # until the window has its size
            os.environ.setdefault("TERM", "xterm")
            os.execvp(command[0], command)
        self.set_size(columns, rows)
        self.before = termios.tcgetattr(self.terminal)
        self.ended = False

    def set_size(self, columns, rows):
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds):
        ready = select.select([self.terminal], [], [], seconds)[0]
        if not ready:
            return False
        try:
            data = os.read(self.terminal, 65536)
        except OSError:
            data = b""
        self.ended = not data
        self.bytes += len(data)
        self.screen.feed(self.decoder.decode(data))
        return not self.ended

    def until(self, condition, what):
        end = time.time() + LIMIT
        while not condition():
            if self.ended or time.time() > end:
                print("\n".join(self.screen.text()))
                os.kill(self.process, signal.SIGKILL)
                sys.exit("the program ended, or took too long, before: " + what)
            self.read(0.1)

    def act(self, action):
        kind, _, value = action.partition(":")
        if kind == "wait":
            self.until(lambda: any(re.search(value, line) for line in self.screen.text()), action)
        elif kind == "now":
            self.until(lambda: any(re.search(value, line) for line in self.screen.text(whole=False)), action)
        elif kind == "sleep":
            end = time.time() + float(value)
            while time.time() < end and not self.ended:
                self.read(max(0, end - time.time()))
        elif kind == "resize":
            while self.read(0):
                pass
            columns, rows = map(int, value.split("x"))
            self.screen.resize(columns, rows)
            self.set_size(columns, rows)
        elif kind == "key":
            os.write(self.terminal, codecs.decode(value, "unicode_escape").encode())
        elif kind == "bytes":
            self.read(0)
            print("%s bytes %d" % (value, self.bytes - self.counted))
            self.counted = self.bytes
        elif kind == "continue":
            os.kill(self.process, signal.SIGCONT)
        elif kind == "state":
            print("%s: %s" % (value, self.state()))
        elif kind == "shows":
            with open(value, "w", encoding="utf-8") as file:
                file.write("\n".join(self.screen.text(whole=False)).rstrip("\n") + "\n")
        else:
            sys.exit("unknown action " + action)

    def state(self):
        return "cursor %s%s%s" % ("shown" if self.screen.cursor_visible else "hidden",
                                  ", alternate screen" if self.screen.kept else "",
                                  ", settings changed" if termios.tcgetattr(self.terminal) != self.before else "")

    def finish(self):
        self.until(lambda: self.ended, "its end")
        status = os.waitpid(self.process, 0)[1]
        print("\n".join(self.screen.text()))
        print("bytes %d" % self.bytes)
        if self.screen.unknown:
            print("unknown %s" % self.screen.unknown)
        print(self.state())
        print("exit %d" % os.waitstatus_to_exitcode(status))


def main():
    words = sys.argv[1:]
    reflow = words[0] == "--reflow"
    if reflow:
        words = words[1:]
    split = words.index("--")
    session = Session(words[0], reflow, words[split + 1:])
    for action in words[1:split]:
        session.act(action)
    session.finish()


if __name__ == "__main__":
    main()
