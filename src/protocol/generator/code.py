"""Lines of C++."""


class Code:
    """Lines of C++ with indentation."""

    def __init__(self):
        self.lines, self.depth = [], 0

    def add(self, text):
        self.lines.append("  " * self.depth + text if text else "")

    def open(self, text):
        self.add((text + " {").lstrip())
        self.depth += 1

    def close(self, tail=""):
        self.depth -= 1
        self.add("}" + tail)

    def guarded(self, condition, body, otherwise=None):
        if condition is None:
            body()
            return
        self.open(f"if ({condition})")
        body()
        if otherwise:
            self.depth -= 1
            self.add("} else {")
            self.depth += 1
            otherwise()
        self.close()

    def text(self):
        return "\n".join(self.lines) + "\n"
