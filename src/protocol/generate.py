#!/usr/bin/env python3
"""Makes C++ structs and codecs from the message descriptions (docs/formats/messages.md tells the notation).

usage: generate.py OUT_DIR ERRORS.txt MESSAGE.msg...
Writes OUT_DIR/jackdaw/protocol/messages/NAME.hpp and OUT_DIR/NAME.cpp for each description, and apis.hpp,
apis.cpp, error_codes.hpp, error_codes.cpp, all_messages.hpp.
"""
import os
import re
import sys

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


class Emitter:
    def __init__(self, description):
        self.d = description
        d = description
        if d.flexible == NO_LIMIT or d.flexible > d.versions.last:
            self.flexible = "false"
        elif d.flexible <= d.versions.first:
            self.flexible = "true"
        else:
            self.flexible = f"v >= {d.flexible}"
        self.has_tags = self.flexible != "false"

    # ---- header
    def header(self):
        c = Code()
        c.add(f"// Made from {os.path.basename(self.d.path)} by generate.py.")
        c.add("#pragma once")
        c.add("")
        c.add("#include <cstdint>\n#include <optional>\n#include <string_view>\n#include <vector>\n")
        c.add('#include "jackdaw/base/ids.hpp"\n#include "jackdaw/protocol/error_codes.hpp"\n#include "jackdaw/protocol/wire.hpp"\n')
        c.add("namespace jackdaw::protocol {\n\nclass json_printer;\n")
        for message in self.d.messages:
            self.declare(c, message, message)
        c.add("}  // namespace jackdaw::protocol")
        return c.text()

    def declare(self, c, struct, message):
        c.open(f"struct {struct.name}")
        if struct is message:
            if self.d.key is not None:
                c.add(f"static constexpr std::int16_t api_key = {self.d.key};")
            c.add(f"static constexpr std::int16_t version_min = {self.d.versions.first};")
            c.add(f"static constexpr std::int16_t version_max = {self.d.versions.last};")
            c.add(f'static constexpr const char* message_name = "{upper_camel(message.name)}";')
            flexible = self.d.flexible if self.has_tags else "INT16_MAX"
            c.add(f"static constexpr std::int16_t flexible_from = {flexible};")
            c.add("")
            for inner in message.structs.values():
                self.declare(c, inner, message)
        for f in struct.fields:
            c.add(f"{f.cpp()} {f.name}{f.initializer()};")
        if self.has_tags:
            c.add("tagged_fields unknown_tags;")
        c.add("")
        c.add("void decode(reader& in, std::int16_t v);")
        c.add("std::size_t encoded_size(std::int16_t v) const;")
        c.add("void encode(writer& out, std::int16_t v) const;")
        c.add("void print(json_printer& out, std::int16_t v) const;")
        if struct is message or self.has_checks(struct):
            c.add("const char* unsupported_field(std::int16_t v) const;")
        c.add(f"bool operator==(const {struct.name}&) const = default;")
        c.close(";")
        c.add("")

    # ---- source
    def source(self):
        c = Code()
        c.add(f"// Made from {os.path.basename(self.d.path)} by generate.py.")
        c.add(f'#include "jackdaw/protocol/messages/{self.d.name}.hpp"\n\n#include "jackdaw/protocol/json_printer.hpp"\n')
        c.add("namespace jackdaw::protocol {\n")
        for message in self.d.messages:
            for struct in list(message.structs.values()) + [message]:
                scope = struct.name if struct is message else f"{message.name}::{struct.name}"
                self.decode(c, struct, scope)
                self.size(c, struct, scope)
                self.encode(c, struct, scope)
                self.print(c, struct, scope)
                if struct is message or self.has_checks(struct):
                    self.unsupported(c, struct, scope)
        c.add("}  // namespace jackdaw::protocol")
        return c.text()

    def plain_fields(self, struct):
        return [f for f in struct.fields if f.tag is None]

    def tagged(self, struct):
        return sorted((f for f in struct.fields if f.tag is not None), key=lambda f: f.tag)

    def open_function(self, c, signature):
        c.open(signature)
        c.add("[[maybe_unused]] const bool flexible_ = " + self.flexible + ";")
        c.add("static_cast<void>(v);")

    def decode(self, c, struct, scope):
        self.open_function(c, f"void {scope}::decode(reader& in, std::int16_t v)")
        for f in self.plain_fields(struct):
            c.guarded(f.versions.condition(self.d.versions), lambda f=f: self.decode_field(c, f))
        if self.has_tags:
            c.open("if (flexible_)")
            c.add("std::int64_t previous_ = -1;")
            c.add("const std::uint32_t tag_count_ = in.uvarint();")
            c.open("for (std::uint32_t tag_index_ = 0; tag_index_ < tag_count_ && in.ok(); ++tag_index_)")
            c.add("const auto header_ = in.next_tag(previous_);")
            c.add("if (!in.ok()) break;")
            for f in self.tagged(struct):
                condition = f.versions.condition(self.d.versions)
                c.open(f"if (header_.tag == {f.tag}{' && ' + condition if condition else ''})")
                c.add("const std::size_t start_ = in.position();")
                self.decode_field(c, f)
                c.add("in.expect_consumed(start_, header_.size);")
                c.add("continue;")
                c.close()
            c.add("in.keep_tag(unknown_tags, header_.tag, header_.size);")
            c.close()
            c.close()
        c.close()
        c.add("")

    def read_call(self, f, nullable):
        prefix = "nullable_" if nullable else ""
        if f.type in ("string", "bytes", "records"):
            return f"in.{prefix}{f.type}({f.compact})"
        if f.type == "boolean":
            return "in.boolean()"
        if f.type == "float64":
            return "in.float64()"
        if f.type == "uuid":
            return "in.uuid()"
        raw = f"in.fixed<{FIXED[f.type][0]}>()"
        if f.is_error_code():
            return f"static_cast<{f.strong}>({raw})"
        return f"{f.strong}{{{raw}}}" if f.strong else raw

    def decode_field(self, c, f):
        nullable = f.nullable.condition(f.versions) if f.nullable else "false"
        if f.is_array:
            c.open("")
            if f.nullable:
                count = f"in.nullable_array_count(flexible_, {f.element_min()})"
                if nullable is not None:
                    count = f"({nullable}) ? {count} : std::optional<std::size_t>(in.array_count(flexible_, {f.element_min()}))"
                c.add(f"const std::optional<std::size_t> count_ = {count};")
                c.add(f"{f.name}.reset();")
                c.open("if (count_ && in.ok())")
                c.add(f"auto& list_ = {f.name}.emplace();")
                self.decode_elements(c, f, "*count_")
                c.close()
            else:
                c.add(f"const std::size_t count_ = in.array_count(flexible_, {f.element_min()});")
                c.add(f"auto& list_ = {f.name};")
                self.decode_elements(c, f, "count_")
            c.close()
        elif f.is_struct():
            if f.nullable:
                c.guarded(nullable, lambda: self.decode_nullable_struct(c, f),
                          lambda: c.add(f"{f.name}.emplace().decode(in, v);"))
            else:
                c.add(f"{f.name}.decode(in, v);")
        elif f.nullable and nullable is not None:
            c.guarded(nullable, lambda: c.add(f"{f.name} = {self.read_call(f, True)};"),
                      lambda: c.add(f"{f.name} = {self.read_call(f, False)};"))
        else:
            c.add(f"{f.name} = {self.read_call(f, bool(f.nullable))};")

    def decode_nullable_struct(self, c, f):
        c.add(f"{f.name}.reset();")
        c.add(f"if (in.fixed<std::int8_t>() >= 0) {f.name}.emplace().decode(in, v);")

    def decode_elements(self, c, f, count):
        c.open(f"if (in.reserve(list_, {count}))")
        c.open(f"for (std::size_t i = 0; i < {count} && in.ok(); ++i)")
        if f.is_struct():
            c.add("list_.emplace_back().decode(in, v);")
        else:
            c.add(f"list_.push_back({self.read_call(f, False)});")
        c.close()
        c.close()

    def default_test(self, f):
        """C++ that is true when the field has its default, so that a tagged field is left out."""
        if f.nullable:
            return f"!{f.name}" if f.default == "null" else f"{f.name} == {f.cpp()}({f.cpp().removeprefix('std::optional<')[:-1]}{{}})"
        if f.type == "records" and not f.is_array:
            return f"{f.name}.size == 0"
        if f.is_array or f.type in VARIABLE:
            return f"{f.name}.empty()"
        if f.is_struct():
            return f"{f.name} == {f.type}{{}}"
        if f.type == "uuid":
            return f"{f.name}.is_zero()"
        if f.is_error_code():
            return f"{f.name} == static_cast<{f.strong}>({f.literal()})"
        return f"{f.name} == {f.strong}{{{f.literal()}}}" if f.strong else f"{f.name} == {f.literal()}"

    def size(self, c, struct, scope):
        self.open_function(c, f"std::size_t {scope}::encoded_size(std::int16_t v) const")
        c.add("std::size_t size_ = 0;")
        for f in self.plain_fields(struct):
            c.guarded(f.versions.condition(self.d.versions), lambda f=f: self.size_field(c, f))
        if self.has_tags:
            c.open("if (flexible_)")
            c.add("[[maybe_unused]] std::size_t count_ = unknown_tags.all().size();")
            for f in self.tagged(struct):
                condition = f.versions.condition(self.d.versions)
                c.open(f"if ({condition + ' && ' if condition else ''}!({self.default_test(f)}))")
                c.add("++count_;")
                c.add("const std::size_t before_ = size_;")
                self.size_field(c, f)
                c.add(f"size_ = before_ + tag_size({f.tag}, size_ - before_);")
                c.close()
            c.add("size_ += uvarint_size(count_) + kept_tags_size(unknown_tags);")
            c.close()
        c.add("return size_;")
        c.close()
        c.add("")

    def size_field(self, c, f):
        if f.is_array:
            def present(list_name):
                c.add(f"size_ += array_count_size({list_name}.size(), flexible_);")
                if f.type in FIXED:
                    c.add(f"size_ += {list_name}.size() * {FIXED[f.type][1]};")
                elif f.is_struct():
                    c.add(f"for (const auto& item_ : {list_name}) size_ += item_.encoded_size(v);")
                else:
                    c.add(f"for (const auto& item_ : {list_name}) size_ += {f.type}_size(item_, flexible_);")
            if f.nullable:
                c.open(f"if ({f.name})")
                present(f"(*{f.name})")
                c.depth -= 1
                c.add("} else {")
                c.depth += 1
                c.add("size_ += null_array_size(flexible_);")
                c.close()
            else:
                present(f.name)
        elif f.is_struct():
            if f.nullable:
                c.add(f"size_ += 1 + ({f.name} ? {f.name}->encoded_size(v) : 0);" if f.nullable.condition(f.versions) is None
                      else f"size_ += (({f.nullable.condition(f.versions)}) ? 1 : 0) + ({f.name} ? {f.name}->encoded_size(v) : 0);")
            else:
                c.add(f"size_ += {f.name}.encoded_size(v);")
        elif f.type in FIXED:
            c.add(f"size_ += {FIXED[f.type][1]};")
        else:
            c.add(f"size_ += {f.type}_size({f.name}, {f.compact});")

    def write_call(self, f, value, nullable=False):
        if f.type in VARIABLE:
            return f"out.{'nullable_' if nullable else ''}{f.type}({value}, {f.compact});"
        if f.type in ("boolean", "float64", "uuid"):
            return f"out.{f.type}({value});"
        if f.is_error_code():
            value = f"static_cast<std::int16_t>({value})"
        elif f.strong:
            value += ".value()"
        return f"out.fixed<{FIXED[f.type][0]}>({value});"

    def encode(self, c, struct, scope):
        self.open_function(c, f"void {scope}::encode(writer& out, std::int16_t v) const")
        for f in self.plain_fields(struct):
            c.guarded(f.versions.condition(self.d.versions), lambda f=f: self.encode_field(c, f))
        if self.has_tags:
            c.open("if (flexible_)")
            c.add("[[maybe_unused]] std::size_t count_ = unknown_tags.all().size();")
            for f in self.tagged(struct):
                condition = f.versions.condition(self.d.versions)
                c.add(f"const bool has_{f.name} = {condition + ' && ' if condition else ''}!({self.default_test(f)});")
                c.add(f"if (has_{f.name}) ++count_;")
            c.add("out.uvarint(count_);")
            c.add("[[maybe_unused]] std::uint64_t from_ = 0;")
            for f in self.tagged(struct):
                c.open(f"if (has_{f.name})")
                c.add(f"out.kept_tags(unknown_tags, from_, {f.tag});")
                c.add(f"from_ = {f.tag + 1};")
                c.add(f"out.uvarint({f.tag});")
                c.add("std::size_t size_ = 0;")
                self.size_field(c, f)
                c.add("out.uvarint(size_);")
                self.encode_field(c, f)
                c.close()
            c.add("out.kept_tags(unknown_tags, from_, UINT64_MAX);")
            c.close()
        c.close()
        c.add("")

    def encode_field(self, c, f):
        if f.is_array:
            def present(list_name):
                c.add(f"out.array_count({list_name}.size(), flexible_);")
                call = "item_.encode(out, v);" if f.is_struct() else self.write_call(f, "item_")
                c.add(f"for (const auto& item_ : {list_name}) {call}")
            if f.nullable:
                c.open(f"if ({f.name})")
                present(f"(*{f.name})")
                c.depth -= 1
                c.add("} else {")
                c.depth += 1
                c.add("out.null_array(flexible_);")
                c.close()
            else:
                present(f.name)
        elif f.is_struct():
            if f.nullable:
                c.guarded(f.nullable.condition(f.versions),
                          lambda: c.add(f"out.fixed<std::int8_t>({f.name} ? 1 : -1);"))
                c.add(f"if ({f.name}) {f.name}->encode(out, v);")
            else:
                c.add(f"{f.name}.encode(out, v);")
        else:
            c.add(self.write_call(f, f.name, bool(f.nullable)))

    # ---- what a version can't say
    def can_be_lost(self, f):
        """Whether some version leaves this field out, and leaving out another value than the default is an error."""
        return not f.ignorable and f.versions.condition(self.d.versions) is not None

    def can_be_wrongly_null(self, f):
        return f.nullable is not None and f.nullable.condition(f.versions) is not None

    def has_checks(self, struct):
        return any(self.can_be_lost(f) or self.can_be_wrongly_null(f) or f.is_struct() and self.has_checks(f.struct)
                   for f in struct.fields)

    def unsupported(self, c, struct, scope):
        c.open(f"const char* {scope}::unsupported_field(std::int16_t v) const")
        c.add("static_cast<void>(v);")
        for f in struct.fields:
            present = f.versions.condition(self.d.versions)
            if self.can_be_lost(f):
                c.add(f'if (!({present}) && !({self.default_test(f)})) return "{f.json}";')
            if self.can_be_wrongly_null(f):
                nullable = f.nullable.condition(f.versions)
                c.add(f"if ({present + ' && ' if present else ''}!({nullable}) && !{f.name}) return \"{f.json}\";")
            if f.is_struct() and self.has_checks(f.struct):
                c.guarded(present, lambda f=f: self.unsupported_in(c, f))
        c.add("return nullptr;")
        c.close()
        c.add("")

    def unsupported_in(self, c, f):
        value = f"(*{f.name})" if f.nullable else f.name

        def check(item):
            c.add(f"if (const char* name_ = {item}.unsupported_field(v)) return name_;")

        def body():
            if f.is_array:
                c.open(f"for (const auto& item_ : {value})")
                check("item_")
                c.close()
            else:
                check(value)
        c.guarded(f.name if f.nullable else None, body)

    def print(self, c, struct, scope):
        c.open(f"void {scope}::print(json_printer& out, std::int16_t v) const")
        c.add("static_cast<void>(v);")
        c.add("out.begin_object();")
        for f in struct.fields:
            condition = f.versions.condition(self.d.versions)
            if f.tag is not None:
                condition = (f"{condition} && " if condition else "") + f"!({self.default_test(f)})"
            c.guarded(condition, lambda f=f: self.print_field(c, f))
        c.add("out.end_object();")
        c.close()
        c.add("")

    def print_field(self, c, f):
        c.add(f'out.key("{f.json}");')
        if f.is_array:
            def body(list_name):
                c.add("out.begin_array();")
                c.add(f"for (const auto& item : {list_name}) " + ("item.print(out, v);" if f.is_struct() else "out.value(item);"))
                c.add("out.end_array();")
            self.print_nullable(c, f, body)
        elif f.is_struct():
            self.print_nullable(c, f, lambda name: c.add(f"{name}.print(out, v);"))
        else:
            self.print_nullable(c, f, lambda name: c.add(f"out.value({name});"))

    def print_nullable(self, c, f, body):
        if not f.nullable:
            body(f.name)
            return
        c.open(f"if ({f.name})")
        body(f"(*{f.name})")
        c.depth -= 1
        c.add("} else {")
        c.depth += 1
        c.add("out.null();")
        c.close()


def write_if_changed(path, text):
    if os.path.exists(path) and open(path).read() == text:
        return
    with open(path, "w") as out:
        out.write(text)


def api_table(apis):
    rows = []
    for d in sorted(apis, key=lambda d: d.key):
        flexible = d.flexible if d.flexible <= d.versions.last else "INT16_MAX"
        rows.append(f'    {{api_key::{d.name}, "{d.json_name}", {d.versions.first}, {d.versions.last}, {flexible}}},')
    enum = "\n".join(f"  {d.name} = {d.key}," for d in sorted(apis, key=lambda d: d.key))
    header = f"""// Made by generate.py from all api descriptions.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace jackdaw::protocol {{

enum class api_key : std::int16_t {{
{enum}
}};

// What the codecs can read and write. Which of it a broker answers is the broker's own table.
struct api_description {{
  api_key key;
  std::string_view name;
  std::int16_t version_min;
  std::int16_t version_max;
  std::int16_t flexible_from;  // INT16_MAX when no version is flexible
}};

std::span<const api_description> all_apis() noexcept;
// Null for a key that no description has.
const api_description* find_api(std::int16_t key) noexcept;

}}  // namespace jackdaw::protocol
"""
    source = f"""// Made by generate.py from all api descriptions.
#include "jackdaw/protocol/apis.hpp"

#include <algorithm>

namespace jackdaw::protocol {{
namespace {{
constexpr api_description table[] = {{
{chr(10).join(rows)}
}};
}}  // namespace

std::span<const api_description> all_apis() noexcept {{ return table; }}

const api_description* find_api(std::int16_t key) noexcept {{
  const auto* at = std::lower_bound(std::begin(table), std::end(table), key, [](const api_description& d, std::int16_t k) {{
    return static_cast<std::int16_t>(d.key) < k;
  }});
  return at != std::end(table) && static_cast<std::int16_t>(at->key) == key ? at : nullptr;
}}

}}  // namespace jackdaw::protocol
"""
    return header, source


def error_table(path):
    rows = [line.split() for line in open(path) if line.strip() and not line.startswith("#")]
    enum = "\n".join(f"  {name} = {code}," for code, name, *_ in rows)
    header = f"""// Made by generate.py from errors.txt.
#pragma once

#include <cstdint>
#include <string_view>

namespace jackdaw::protocol {{

enum class error_code : std::int16_t {{
{enum}
}};

// Kafka's own name in capitals, "UNKNOWN_ERROR_CODE" for a code that isn't in the table.
std::string_view name_of(error_code code) noexcept;
// Whether a client may try the same request again.
bool is_retriable(error_code code) noexcept;
// Whether a client should fetch metadata before it does.
bool wants_metadata_refresh(error_code code) noexcept;

}}  // namespace jackdaw::protocol
"""
    cases = "\n".join(f'    case error_code::{name}: return "{name.upper()}";' for _, name, *_ in rows)

    def predicate(word):
        found = [name for _, name, *flags in rows if word in flags]
        return "".join(f"    case error_code::{name}:\n" for name in found) + "      return true;"

    source = f"""// Made by generate.py from errors.txt.
#include "jackdaw/protocol/error_codes.hpp"

namespace jackdaw::protocol {{

std::string_view name_of(error_code code) noexcept {{
  switch (code) {{
{cases}
  }}
  return "UNKNOWN_ERROR_CODE";
}}

bool is_retriable(error_code code) noexcept {{
  switch (code) {{
{predicate("retriable")}
    default:
      return false;
  }}
}}

bool wants_metadata_refresh(error_code code) noexcept {{
  switch (code) {{
{predicate("refresh_metadata")}
    default:
      return false;
  }}
}}

}}  // namespace jackdaw::protocol
"""
    return header, source


def all_messages(descriptions):
    """One include and a visitor over every message type, for tests, fuzzing and logs."""
    includes = "\n".join(f'#include "jackdaw/protocol/messages/{d.name}.hpp"' for d in descriptions)
    calls = []
    for d in sorted((d for d in descriptions if d.kind == "api"), key=lambda d: d.key):
        request, response = (m.name for m in d.messages)
        calls.append(f"    case {d.key}: return is_request ? f.template operator()<{request}>() : f.template operator()<{response}>();")
    data = []
    for d in descriptions:
        if d.kind == "data":
            data.append(f'  if (name == "{d.json_name}") return f.template operator()<{d.name}>();')
    return f"""// Made by generate.py from all descriptions.
#pragma once

#include <string_view>

{includes}

namespace jackdaw::protocol {{

// Kafka's names of the messages that aren't an api.
inline constexpr std::string_view data_names[] = {{
{chr(10).join(f'    "{d.json_name}",' for d in descriptions if d.kind == "data")}
}};

// Calls f.operator()<T>() with the message type of an api; f.unknown() for a key that no description has.
template <class F>
auto with_message_type(std::int16_t key, bool is_request, F&& f) {{
  switch (key) {{
{chr(10).join(calls)}
    default: return f.unknown();
  }}
}}

// The same by Kafka's name of a message that isn't an api.
template <class F>
auto with_data_type(std::string_view name, F&& f) {{
{chr(10).join(data)}
  return f.unknown();
}}

}}  // namespace jackdaw::protocol
"""


def main():
    out_dir, errors, *paths = sys.argv[1:]
    include = os.path.join(out_dir, "jackdaw/protocol")
    os.makedirs(os.path.join(include, "messages"), exist_ok=True)
    descriptions = [Description(path) for path in sorted(paths)]
    for d in descriptions:
        emitter = Emitter(d)
        write_if_changed(os.path.join(include, "messages", d.name + ".hpp"), emitter.header())
        write_if_changed(os.path.join(out_dir, d.name + ".cpp"), emitter.source())
    header, source = api_table([d for d in descriptions if d.kind == "api"])
    write_if_changed(os.path.join(include, "apis.hpp"), header)
    write_if_changed(os.path.join(out_dir, "apis.cpp"), source)
    header, source = error_table(errors)
    write_if_changed(os.path.join(include, "error_codes.hpp"), header)
    write_if_changed(os.path.join(out_dir, "error_codes.cpp"), source)
    write_if_changed(os.path.join(include, "all_messages.hpp"), all_messages(descriptions))


if __name__ == "__main__":
    main()
