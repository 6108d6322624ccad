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


def end_of_block(code, opening):
    depth = 0
    for match in re.compile(r'[{}]').finditer(code, opening):
        depth += 1 if match.group(0) == '{' else -1
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
