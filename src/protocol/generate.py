#!/usr/bin/env python3
"""Makes C++ structs and codecs from the message descriptions (docs/formats/messages.md tells the notation).

usage: generate.py OUT_DIR ERRORS.txt MESSAGE.msg...
Writes OUT_DIR/jackdaw/protocol/messages/NAME.hpp and OUT_DIR/NAME.cpp for each description, and apis.hpp,
apis.cpp, error_codes.hpp, error_codes.cpp, all_messages.hpp, all_arrays.hpp.
"""
import os
import sys

sys.dont_write_bytecode = True

from generator.descriptions import Description, DescriptionError  # noqa: E402
from generator.messages import Emitter  # noqa: E402
from generator.tables import api_table, error_table  # noqa: E402
from generator.visitors import all_arrays, all_messages  # noqa: E402


def write_if_changed(path, text):
    if os.path.exists(path) and open(path).read() == text:
        return
    with open(path, "w") as out:
        out.write(text)


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
    write_if_changed(os.path.join(include, "all_arrays.hpp"), all_arrays(descriptions))


if __name__ == "__main__":
    main()
