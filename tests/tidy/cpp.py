"""Just enough of C++ to judge it: code without comments and strings, where functions begin and end, lambdas."""
import bisect
import re

TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'(?!\w)', re.S)
SCOPE = re.compile(r'(?:export\s+)?(?:typedef\s+)?(namespace|inline\s+namespace|class|struct|union|extern)\b')
LAMBDA = re.compile(r'(?<![\w\])\[])\[([^\[\]]*)\]\s*(?:<[^<>]*>\s*)?(?:\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\s*)?'
                    r'(?:mutable\b\s*|noexcept\b\s*|constexpr\b\s*)*(?:->\s*[^{};()]+)?\{')


def blank(match):
    """The same number of lines and columns, nothing in them; a string keeps its quotes."""
    text = match.group(0)
    inner = re.sub(r'[^\n]', ' ', text)
    return '"' + inner[1:-1] + '"' if text[0] in '"R' and len(text) > 1 else inner


def code_of(text):
    return TOKEN.sub(blank, text)


class Lines:
    def __init__(self, text):
        self.starts = [0] + [m.end() for m in re.finditer('\n', text)]

    def at(self, position):
        return bisect.bisect_right(self.starts, position)


def without_template(header):
    """The header of a declaration without preprocessor lines, template<...> and access labels before it."""
    header = re.sub(r'^\s*#.*?$', '', header, flags=re.M).lstrip()
    header = re.sub(r'^(?:(?:public|protected|private)\s*:\s*)+', '', header)
    while header.startswith('template'):
        depth, end = 0, len('template')
        for end in range(len('template'), len(header)):
            depth += {'<': 1, '>': -1}.get(header[end], 0)
            if header[end] == '>' and depth == 0:
                break
        header = header[end + 1:].lstrip()
        header = re.sub(r'^requires\b[^{;]*?\)\s*', '', header)
    return header


def functions(code):
    """Yields (first line, last line) of each function body with its signature. Lambdas count as part of theirs."""
    lines = Lines(code)
    stack = []          # [kind, parentheses open before it, where its header began]
    boundary, parens = 0, 0
    for match in re.finditer(r'[{}();]', code):
        sign, at = match.group(0), match.start()
        if sign == '(':
            parens += 1
        elif sign == ')':
            parens -= 1
        elif sign == ';':
            if parens == 0:
                boundary = at + 1
        elif sign == '{':
            kind = 'other'
            if parens == 0 and all(entry[0] == 'scope' for entry in stack):
                header = without_template(code[boundary:at])
                if SCOPE.match(header):
                    kind = 'scope'
                elif '(' in header and not header.startswith('enum'):
                    kind = 'function'
            began = re.compile(r'\S|$').search(code, boundary).start()
            stack.append((kind, parens, began))
            parens, boundary = 0, at + 1
        elif stack:
            kind, parens, began = stack.pop()
            boundary = at + 1
            if kind == 'function':
                yield lines.at(began), lines.at(at)


CLASS = re.compile(r'(?:class|struct|union)\b(?:\s+alignas\([^)]*\)|\s*\[\[[^\]]*\]\])*\s+([\w:]+)')
NO_MEMBER = re.compile(r'(?:using|typedef|friend|static_assert|enum|class|struct|union|namespace)\b')


def classes(code):
    """Yields (name, first line, last line, members) of each class, struct and union with a body."""
    lines = Lines(code)
    boundary = 0
    for match in re.finditer(r'[{};]', code):
        if match.group(0) == '{':
            header = without_template(code[boundary:match.start()])
            found = CLASS.match(header)
            if found and '(' not in re.sub(r'<[^{}]*>', '', header[found.end():]):
                began, end = code.rfind(found.group(0), boundary, match.start()), end_of_block(code, match.start())
                yield found.group(1), lines.at(began), lines.at(end), members(code[match.end():end])
        boundary = match.end()


def members(body):
    """How many functions and data members the body of a class declares; deleted functions and types don't count."""
    count, begin, at = 0, 0, 0
    while at < len(body):
        if body[at] == '(':
            at = end_of_block(body, at, '()')
        elif body[at] == '{':
            header = without_template(body[begin:at])
            at = end_of_block(body, at)
            if '(' in header and '=' not in header.split('(')[0].replace('operator=', '') and not NO_MEMBER.match(header):
                count, begin = count + 1, at + 1     # a function, which needs no semicolon
        elif body[at] == ';':
            statement = without_template(body[begin:at]).strip()
            is_deleted = re.search(r'\)[^()]*=\s*delete$', statement)
            count, begin = count + bool(statement and not NO_MEMBER.match(statement) and not is_deleted), at + 1
        at += 1
    return count


def end_of_block(code, opening, signs='{}'):
    """Where the block that opens there is closed."""
    depth = 0
    for match in re.compile(f'[{re.escape(signs)}]').finditer(code, opening):
        depth += 1 if match.group(0) == signs[0] else -1
        if depth == 0:
            return match.start()
    return len(code)


def capturing_coroutines(code):
    """Yields the line of each lambda that captures something and is itself a coroutine."""
    lines = Lines(code)
    lambdas = [(m.group(1).strip(), m.start(), m.end() - 1) for m in LAMBDA.finditer(code)]
    spans = [(captures, start, opening, end_of_block(code, opening)) for captures, start, opening in lambdas]
    for captures, start, opening, end in spans:
        body = list(code[opening:end])
        for _, inner_start, inner_opening, inner_end in spans:
            if opening < inner_start and inner_end < end:
                body[inner_opening - opening:inner_end - opening] = ' ' * (inner_end - inner_opening)
        if captures and re.search(r'\bco_(await|return|yield)\b', ''.join(body)):
            yield lines.at(start)
