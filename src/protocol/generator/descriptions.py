"""Reads message descriptions: what a file says, before anything is made of it."""
import re

NO_LIMIT = 1 << 30
# wire type -> (C++ type, fewest bytes, size when fixed)
FIXED = {
    "boolean": ("bool", 1), "int8": ("std::int8_t", 1), "int16": ("std::int16_t", 2), "uint16": ("std::uint16_t", 2),
    "int32": ("std::int32_t", 4), "int64": ("std::int64_t", 8), "float64": ("double", 8), "uuid": ("jackdaw::uuid", 16),
}
VARIABLE = {"string": "std::string_view", "bytes": "bytes_field", "records": "records_view"}


class DescriptionError(Exception):
    pass


class Range:
    """Versions first to last, both included."""

    def __init__(self, first, last):
        self.first, self.last = first, last

    @staticmethod
    def parse(text):
        first, _, last = text.partition("-")
        return Range(int(first), int(last or first))

    def condition(self, within):
        """C++ for `v is in this range`, given that it is in `within`; None when that says it all."""
        parts = []
        if self.first > within.first:
            parts.append(f"v >= {self.first}")
        if self.last < within.last:
            parts.append(f"v <= {self.last}")
        return " && ".join(parts) or None


class Field:
    def __init__(self, line, where, versions):
        match = re.match(r"(\w+): (\[?)(\w+)\]?((?: .*)?)$", line)
        if not match:
            raise DescriptionError(f"{where}: not a field: {line}")
        self.name, self.is_array, self.type = match[1], bool(match[2]), match[3]
        self.versions, self.nullable, self.tag = versions, None, None
        self.strong, self.default, self.json, self.ignorable, self.struct = None, None, camel(match[1]), False, None
        self.compact = "flexible_"
        words = match[4].split()
        while words:
            word = words.pop(0)
            if word.startswith("@"):
                self.versions = Range.parse(word[1:])
            elif word == "?":
                self.nullable = self.versions
            elif word.startswith("?"):
                self.nullable = Range.parse(word[1:])
            elif word == "=":
                self.default = words.pop(0)
            elif word == "as":
                self.strong = words.pop(0)
                self.strong = "jackdaw::" + ("protocol::" if self.strong == "error_code" else "") + self.strong
            elif word == "tag":
                self.tag = int(words.pop(0))
            elif word == "ignorable":
                self.ignorable = True
            elif word == "not_compact":
                self.compact = "false"
            elif word == "json":
                self.json = words.pop(0)
            else:
                raise DescriptionError(f"{where}: unknown word {word}")

    def is_error_code(self):
        return self.strong is not None and self.strong.endswith("error_code")

    def is_struct(self):
        return self.type not in FIXED and self.type not in VARIABLE

    def element_cpp(self):
        if self.strong:
            return self.strong
        if self.type in FIXED:
            return FIXED[self.type][0]
        return VARIABLE.get(self.type, self.type)

    def cpp(self):
        inner = f"std::vector<{self.element_cpp()}>" if self.is_array else self.element_cpp()
        return f"std::optional<{inner}>" if self.nullable else inner

    def initializer(self):
        if self.nullable:
            if self.default == "null" or self.default is None and self.is_struct() and not self.is_array:
                return ""
            return " = " + self.cpp().removeprefix("std::optional") [1:-1] + "{}"
        if self.is_array or self.is_struct() or self.type in VARIABLE or self.type == "uuid":
            return ""
        literal = self.literal()
        if self.is_error_code():
            return f" = static_cast<{self.strong}>({literal})"
        if self.strong:
            return f"{{{literal}}}"
        return f" = {literal}"

    def literal(self):
        default = self.default or ("false" if self.type == "boolean" else "0")
        if self.type == "int64" and abs(int(default)) > 1 << 31:
            return f"std::int64_t{{{default}LL}}"
        if self.type == "int32" and int(default) == -(1 << 31):
            return "INT32_MIN"
        return default

    def element_min(self):
        """The fewest bytes that an element of this array takes in any version."""
        return self.type_min(self)

    def type_min(self, _):
        if self.type in FIXED:
            return FIXED[self.type][1]
        if self.type in VARIABLE:
            return 1
        return max(1, self.struct.size_min())


class Struct:
    def __init__(self, name):
        self.name, self.fields = name, []

    def size_min(self):
        total = 0
        for f in self.fields:
            if f.tag is not None or f.versions.first > self.outer.first or f.versions.last < self.outer.last:
                continue
            total += 1 if f.is_array or f.nullable or f.type in VARIABLE else f.type_min(f)
        return total


class Message(Struct):
    pass


class Description:
    def __init__(self, path):
        self.path, self.messages, self.key = path, [], None
        lines = [l.rstrip("\n") for l in open(path) if l.strip() and not l.lstrip().startswith("#")]
        head = lines.pop(0).split()
        self.kind, self.name = head[0], head[1]
        self.json_name = upper_camel(self.name)
        if self.kind == "api":
            self.key = int(head[2])
        while lines and lines[0].split()[0] in ("versions", "flexible", "name"):
            word, value = lines.pop(0).split()
            if word == "versions":
                self.versions = Range.parse(value)
            elif word == "flexible":
                self.flexible = NO_LIMIT if value == "none" else int(value)
            else:
                self.json_name = value
        while lines:
            section = lines.pop(0)
            name = self.name if section == "fields" else f"{self.name}_{section}"
            message = Message(name)
            message.structs = {}
            message.outer = self.versions
            self.parse_fields(message, message, lines, 2)
            self.messages.append(message)

    def parse_fields(self, message, into, lines, indent):
        while lines:
            depth = len(lines[0]) - len(lines[0].lstrip())
            if depth < indent:
                return
            field = Field(lines.pop(0).strip(), self.path, self.versions)
            into.fields.append(field)
            if not field.is_struct():
                continue
            nested_depth = len(lines[0]) - len(lines[0].lstrip()) if lines else 0
            if nested_depth > depth:
                if field.type in message.structs:
                    raise DescriptionError(f"{self.path}: {field.type} is described twice")
                struct = Struct(field.type)
                struct.outer = self.versions
                self.parse_fields(message, struct, lines, nested_depth)
                message.structs[field.type] = struct
            elif field.type not in message.structs:
                raise DescriptionError(f"{self.path}: {field.type} has no fields")
            field.struct = message.structs[field.type]


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def upper_camel(name):
    text = camel(name)
    return text[:1].upper() + text[1:]
