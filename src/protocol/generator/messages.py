"""C++ of one description: the structs, and their decode, encoded_size, encode, print and unsupported_field."""
import os

from .code import Code
from .descriptions import FIXED, NO_LIMIT, VARIABLE, upper_camel


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
        for name in ("base/ids", "protocol/error_codes", "protocol/wire"):
            c.add(f'#include "jackdaw/{name}.hpp"')
        c.add("")
        c.add("namespace jackdaw::protocol {\n\nclass json_printer;\n")
        for message in self.d.messages:
            self.declare(c, message, message)
        c.add("}  // namespace jackdaw::protocol")
        return c.text()

    def declare(self, c, struct, message):
        c.open(f"struct {struct.name}")
        if struct is message:
            c.add(f"static constexpr bool is_api = {'true' if self.d.key is not None else 'false'};")
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
        c.add(f'#include "jackdaw/protocol/messages/{self.d.name}.hpp"')
        c.add('\n#include "jackdaw/protocol/json_printer.hpp"\n')
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
                    never_null = f"in.array_count(flexible_, {f.element_min()})"
                    count = f"({nullable}) ? {count} : std::optional<std::size_t>({never_null})"
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
                          lambda: c.add(f"{f.name}.emplace({f.type}{{}}).decode(in, v);"))
            else:
                c.add(f"{f.name}.decode(in, v);")
        elif f.nullable and nullable is not None:
            c.guarded(nullable, lambda: c.add(f"{f.name} = {self.read_call(f, True)};"),
                      lambda: c.add(f"{f.name} = {self.read_call(f, False)};"))
        else:
            c.add(f"{f.name} = {self.read_call(f, bool(f.nullable))};")

    def decode_nullable_struct(self, c, f):
        c.add(f"{f.name}.reset();")
        # emplace() alone doesn't compile with clang: inside the outer struct it can't tell that the inner one has a
        # default.
        c.add(f"if (in.fixed<std::int8_t>() >= 0) {f.name}.emplace({f.type}{{}}).decode(in, v);")

    def decode_elements(self, c, f, count):
        c.open(f"if (in.reserve(list_, {count}))")
        c.open(f"for (std::size_t i = 0; i < {count} && in.ok(); ++i)")
        if f.is_struct():
            c.add("list_.emplace_back().decode(in, v);")
        else:
            c.add(f"list_.push_back({self.read_call(f, False)});")
        c.close()
        c.close()

    def default_test(self, f, owner=""):
        """C++ that is true when the field of `owner` (a prefix such as "outer.") has its default: a tagged field is
        then left out."""
        name = owner + f.name
        if f.nullable:
            inner = f.cpp().removeprefix("std::optional<")[:-1]
            return f"!{name}" if f.default == "null" else f"{name} == {f.cpp()}({inner}{{}})"
        if f.type == "records" and not f.is_array:
            return f"{name}.size == 0"
        if f.is_array or f.type in VARIABLE:
            return f"{name}.empty()"
        if f.is_struct():
            # Member by member: faster than a comparison with another struct.
            tests = [self.default_test(inner, name + ".") for inner in f.struct.fields]
            return " && ".join(tests + ([f"{name}.unknown_tags.empty()"] if self.has_tags else []))
        if f.type == "uuid":
            return f"{name}.is_zero()"
        if f.is_error_code():
            return f"{name} == static_cast<{f.strong}>({f.literal()})"
        return f"{name} == {f.strong}{{{f.literal()}}}" if f.strong else f"{name} == {f.literal()}"

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
                condition = f.nullable.condition(f.versions)
                mark = "1" if condition is None else f"(({condition}) ? 1 : 0)"
                c.add(f"size_ += {mark} + ({f.name} ? {f.name}->encoded_size(v) : 0);")
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
                call = "item.print(out, v);" if f.is_struct() else "out.value(item);"
                c.add(f"for (const auto& item : {list_name}) {call}")
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
