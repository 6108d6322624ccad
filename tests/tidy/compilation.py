"""What a configured build directory compiles, one entry for each source file."""
import json
import os
import pathlib
import re
import shlex

UNITY = re.compile(r'/unity_\d+_cxx\.cxx$')
INCLUDED = re.compile(r'^#include "(.+)"$', re.MULTILINE)


def entries(build):
    """CMake's compilation database; a file that includes several sources, to compile them as one, stands for each."""
    for entry in json.loads((pathlib.Path(build) / 'compile_commands.json').read_text()):
        words = shlex.split(entry['command'])
        together = UNITY.search(entry['file'])
        for source in INCLUDED.findall(pathlib.Path(entry['file']).read_text()) if together else [entry['file']]:
            arguments = [source if os.path.join(entry['directory'], word) == entry['file'] else word for word in words]
            yield {'directory': entry['directory'], 'file': source, 'arguments': arguments}
