#!/usr/bin/env python3
"""Each rule is fed examples that it must report, and good ones that it must leave alone."""
import json
import pathlib
import tempfile
import unittest

import built
import calls
import clang_tidy
import compilation
import cpp
import layers
import sizes
import text
from tree import Tree


class RuleTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def tree(self, **files):
        """A work tree of the files given: `__` in a name stands for a slash."""
        for name, content in files.items():
            path = pathlib.Path(self.folder.name, name.replace('__', '/') + '.cpp')
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return Tree(self.folder.name)

    def put(self, name, content=''):
        path = pathlib.Path(self.folder.name, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return Tree(self.folder.name)

    def assert_reports(self, found, *wanted):
        found = [f'{path}:{line}: {what}' for path, line, what in found]
        for part in wanted:
            self.assertTrue(any(part in line for line in found), f'{part!r} is not in {found}')
        if not wanted:
            self.assertEqual(found, [])


class Layers(RuleTest):
    def test_an_arrow_that_points_up_is_reported(self):
        tree = self.tree(src__log__a='#include "jackdaw/broker/handler.hpp"\n')
        self.assert_reports(layers.check(tree), 'src/log/a.cpp:1: may not include jackdaw/broker/handler.hpp')

    def test_modules_of_one_row_do_not_know_each_other(self):
        tree = self.tree(src__raft__a='\n#include "jackdaw/replica/leader.hpp"\n')
        self.assert_reports(layers.check(tree), 'src/raft/a.cpp:2: may not include')

    def test_an_arrow_that_points_down_is_fine(self):
        tree = self.tree(src__log__a='#include <vector>\n#include "jackdaw/protocol/wire.hpp"\n')
        self.assert_reports(layers.check(tree))

    def test_a_unit_test_may_include_what_its_module_may(self):
        self.assert_reports(layers.check(self.tree(tests__unit__raft__a_test='#include "jackdaw/log/log.hpp"\n')), 'this test')

    def test_the_simulator_includes_no_shell(self):
        self.assert_reports(layers.check(self.tree(tests__sim__a='#include "jackdaw/net/server.hpp"\n')), 'may not include')

    def test_asio_stays_in_the_shells(self):
        tree = self.tree(src__broker__a='#include <boost/asio/post.hpp>\n', src__disk__b='#include <boost/asio.hpp>\n')
        self.assert_reports(layers.check(tree), 'src/broker/a.cpp:1', 'src/disk/b.cpp:1')
        self.assert_reports(layers.check(self.tree(src__broker__a='', src__disk__b='', src__net__c='#include <boost/asio.hpp>\n')))

    def test_a_core_includes_no_header_of_the_operating_system(self):
        tree = self.tree(src__log__a='#include <unistd.h>\n#include <sys/mman.h>\n#include <thread>\n')
        self.assert_reports(layers.check(tree), 'a.cpp:1', 'a.cpp:2', 'a.cpp:3')

    def test_protobuf_and_json_stay_out_of_public_headers(self):
        tree = self.put('include/jackdaw/raft/a.hpp', '#include "raft.pb.h"\n#include <google/protobuf/message.h>\n')
        self.assert_reports(layers.check(tree), 'Protobuf headers', 'does not belong into a public header')

    def test_a_private_header_of_another_module_is_out_of_reach(self):
        self.put('src/log/inner.hpp')
        tree = self.tree(src__broker__a='#include "inner.hpp"\n#include "../log/inner.hpp"\n')
        self.assert_reports(layers.check(tree), 'a.cpp:1: inner.hpp is no file', 'a.cpp:2: ../log/inner.hpp is no file')

    def test_a_folder_of_a_module_reaches_the_headers_above_it(self):
        self.put('src/broker/inner.hpp')
        self.assert_reports(layers.check(self.tree(src__broker__handlers__a='#include "../inner.hpp"\n')))

    def test_a_public_header_does_not_need_private_ones(self):
        self.assert_reports(layers.check(self.put('include/jackdaw/log/a.hpp', '#include "b.hpp"\n')), 'the private b.hpp')

    def test_an_unknown_module_is_reported(self):
        self.assert_reports(layers.check(self.tree(src__newcomer__a='')), "'newcomer' is not in")

    def test_a_library_links_no_more_than_it_may_include(self):
        tree = self.put('CMakeLists.txt', 'jackdaw_module(raft LINKS jackdaw_base jackdaw_log)\n')
        self.assert_reports(layers.check(tree), "'raft' links jackdaw_log")

    def test_a_folders_library_links_no_more_than_the_folder_may_include(self):
        tree = self.put('CMakeLists.txt', 'jackdaw_folder(broker clients LINKS jackdaw_broker_context jackdaw_log jackdaw_broker_quorum)\n'
                                          'jackdaw_folder(broker newcomer LINKS jackdaw_base)\n')
        self.assert_reports(layers.check(tree), "'broker/clients' links jackdaw_broker_quorum", "folder 'broker/newcomer' is not in")


class Folders(RuleTest):
    """Arrows inside a module."""
    RULES = ('module broker:\nmodule log:\nfolder broker/context:\nfolder broker/partitions: broker/context\n'
             'folder broker/handlers: broker/context broker/partitions\n')

    def found(self, today='', **sources):
        for header in ('context/clock', 'partitions/table', 'handlers/request', 'handlers/inner/part'):
            self.put(f'src/broker/{header}.hpp')
        return list(layers.check_folders(self.tree(**sources), layers.Table(self.RULES + today)))

    def test_arrows_that_the_table_has_are_fine(self):
        self.assert_reports(self.found(
            src__broker__handlers__a='#include "context/clock.hpp"\n#include "partitions/table.hpp"\n#include "request.hpp"\n',
            src__broker__handlers__inner__b='#include "part.hpp"\n#include "../request.hpp"\n#include "../../partitions/table.hpp"\n',
            src__broker__partitions__c='#include "table.hpp"\n#include "partitions/table.hpp"\n#include <context/clock.hpp>\n'))

    def test_an_arrow_that_the_table_does_not_have_is_reported_however_it_is_spelled(self):
        found = self.found(src__broker__partitions__a='\n#include "handlers/request.hpp"\n',
                           src__broker__partitions__b='#include "../handlers/inner/part.hpp"\n',
                           src__broker__context__c='#include "partitions/table.hpp"\n')
        self.assert_reports(found, 'partitions/a.cpp:2: may not include handlers/request.hpp', 'partitions/b.cpp:1: may not',
                            "context/c.cpp:1: may not include partitions/table.hpp: 'broker/context' knows only broker/context")
        self.assertEqual(len(found), 3)

    def test_a_folder_that_the_table_does_not_name_is_reported(self):
        self.assert_reports(self.found(src__broker__newcomer__a=''), "newcomer/a.cpp:1: folder 'broker/newcomer' is not in")
        self.assert_reports(self.found(src__broker__a=''), "src/broker/a.cpp:1: folder 'src/broker' is not in")

    def test_an_exception_allows_one_header_to_one_folder(self):
        today = 'today broker/partitions: handlers/request.hpp\n'
        both = '#include "handlers/request.hpp"\n#include "handlers/inner/part.hpp"\n'
        found = self.found(today, src__broker__partitions__a=both, src__broker__context__b=both)
        self.assert_reports(found, 'partitions/a.cpp:2', 'context/b.cpp:1', 'context/b.cpp:2')
        self.assertEqual(len(found), 3)

    def test_an_exception_that_nobody_needs_any_more_is_reported(self):
        today = '# why\ntoday broker/partitions: handlers/request.hpp context/clock.hpp\n'
        found = self.found(today, src__broker__partitions__a='#include "context/clock.hpp"\n')
        self.assert_reports(found, f"layers.txt:{self.RULES.count(chr(10)) + 2}: today 'broker/partitions' doesn't include "
                                   'handlers/request.hpp', "doesn't include context/clock.hpp")

    def test_modules_that_are_not_cut_into_folders_are_left_alone(self):
        self.put('src/log/index/table.hpp')
        self.assert_reports(self.found(src__log__a='#include "index/table.hpp"\n'))


class Calls(RuleTest):
    BAD = ['auto t = std::chrono::steady_clock::now();', 'auto t = time(nullptr);', 'std::random_device d;', 'int r = rand();',
           'std::this_thread::sleep_for(1s);', 'std::thread t(run);', 'std::mutex m;', 'task f() { co_return; }',
           'spdlog::info("x");', 'getenv("HOME");', 'asio::co_spawn(ex, f(), asio::detached);', 't.detach();']

    def test_each_banned_call_in_a_core_is_reported(self):
        for bad in self.BAD:
            with self.subTest(bad):
                self.assert_reports(calls.check(self.tree(src__raft__a=f'void f() {{\n  {bad}\n}}\n')), 'src/raft/a.cpp:2')

    def test_comments_strings_and_longer_names_are_left_alone(self):
        self.assert_reports(calls.check(self.tree(src__raft__a=(
            '// steady_clock, sleep_for and rand() are banned\n/* std::thread */\nconst char* s = "std::thread co_await";\n'
            'int operand(int x);\nauto y = operand(1) + lifetime(0) + start_time(nullptr) + shard.random();\n'))))

    def test_shells_may_read_the_clock_but_not_detach(self):
        tree = self.tree(src__net__a='auto t = std::chrono::steady_clock::now();\nco_spawn(ex, f(), detached);\n')
        self.assert_reports(calls.check(tree), 'a.cpp:2: detached)')
        self.assertEqual(len(list(calls.check(tree))), 1)

    def test_a_coroutine_lambda_with_captures_is_reported(self):
        tree = self.tree(src__net__a='void f() {\n  g([this, x](int a) mutable -> awaitable<void> {\n    co_await a;\n  });\n}\n')
        self.assert_reports(calls.check(tree), 'a.cpp:2: a lambda with captures')

    def test_a_capture_free_coroutine_lambda_inside_a_capturing_one_is_fine(self):
        self.assert_reports(calls.check(self.tree(
            src__net__a='void f() {\n  g([this] {\n    h([](int a) -> awaitable<void> { co_await a; });\n  });\n}\n')))

    def test_a_test_does_not_sleep(self):
        tree = self.tree(tests__unit__net__a_test='void f() { std::this_thread::sleep_for(1ms); }\n')
        self.assert_reports(calls.check(tree), 'a test waits')


class Sizes(RuleTest):
    LIMITS = {'source_file': 12, 'source_function': 4, 'source_class': 5, 'source_members': 3, 'test_file': 12,
              'test_function': 4, 'script_file': 12}

    CLASSES = ('template <class T, int N>\nclass store final : public base<T(int)> {\n public:\n'
               '  explicit store(int a) : a_(a), b_{a} {}\n'
               '  store(const store&) = delete;\n  bool operator==(const store&) const = default;\n'
               '  void f(std::function<int(int)> g = {});\n'
               '  int size() const { return a_; }\n\n private:\n  struct entry {\n    int key = 0;\n  };\n  enum class kind { one, two };\n'
               '  using key = int;\n  friend class other;\n  int a_ = 0;\n  std::vector<int> b_{1, 2};\n};\n'
               'class forward;\nstruct empty {};\nenum class color { red };\nstruct point make() { return {}; }\n')

    def test_a_file_and_a_function_that_outgrow_the_largest_are_reported(self):
        tree = self.tree(src__log__a='int f(int x) {\n  x++;\n  x++;\n  x++;\n  return x;\n}\n' + '\n' * 9)
        self.assert_reports(sizes.check(tree, self.LIMITS), 'a.cpp:1: source file of 15', 'a.cpp:1: source function of 6')

    def test_a_class_and_a_namespace_are_no_functions(self):
        self.assert_reports(sizes.check(self.tree(
            src__log__a='namespace a {\nclass alignas(8) b {\n  int c() {\n    return 1;\n  }\n};\n}  // namespace a\n'), self.LIMITS))

    def test_where_functions_begin_and_end(self):
        code = cpp.code_of('template <class T>\nstruct s {\n  s(int a)\n      : a_(a) {\n    if (a) {\n    }\n  }\n'
                           '  int a_ = 0;\n};\nauto f() -> int {\n  return [] { return 1; }();\n}\n')
        self.assertEqual(list(cpp.functions(code)), [(3, 7), (10, 12)])

    def test_where_classes_begin_and_end_and_what_their_members_are(self):
        self.assertEqual(list(cpp.classes(cpp.code_of(self.CLASSES))),
                         [('store', 2, 19, 6), ('entry', 11, 13, 1), ('empty', 21, 21, 0)])

    def test_a_class_that_outgrows_the_largest_is_reported_in_headers(self):
        tree = self.put('src/log/a.hpp', self.CLASSES.replace('\n\n', '\n'))
        limits = {**self.LIMITS, 'source_file': 99}
        self.assert_reports(sizes.check(tree, limits), 'a.hpp:2: source class of 17 lines: 5',
                            'a.hpp:2: source class of 6 members: 3')
        self.assert_reports(sizes.check(self.put('src/log/a.hpp', 'struct a {\n  int b;\n  int c();\n};\n'), limits))

    def test_shrinking_lowers_and_never_raises(self):
        found = {kind: [(4, 'a:1')] for kind in self.LIMITS}
        self.assertEqual(sizes.shrunk(self.LIMITS, found), {kind: min(4, most) for kind, most in self.LIMITS.items()})


class Text(RuleTest):
    def test_marks_machine_paths_and_loose_ends_are_reported(self):
        tree = self.put('docs/a.md', 'one \n\ttwo\nTO' 'DO three\nsee /wo' 'rk/shared\nend')
        self.assert_reports(text.check(tree), 'a.md:1: spaces', 'a.md:2: a tab', 'a.md:3: TO', 'a.md:4: /wo', 'a.md:5: the last line')

    def test_long_lines_are_reported_in_code_only(self):
        self.put('docs/a.md', 'x' * 200 + '\n')
        self.assert_reports(text.check(self.put('tools/a.sh', '# ' + 'x' * 200 + '\n')), 'a.sh:1: 202 columns')

    def test_a_link_that_leads_nowhere_is_reported(self):
        self.put('docs/b.md')
        tree = self.put('docs/a.md', 'see [b](b.md), [web](https://example.org), [c](#part)\nand [d](missing.md#part)\n')
        self.assert_reports(text.check(tree), 'a.md:2: the link to missing.md leads nowhere')
        self.assertEqual(len(list(text.check(tree))), 1)

    def test_a_source_that_is_not_there_is_reported(self):
        self.put('src/log/log_read.cpp')
        self.put('src/log/unlog_open.cpp')
        tree = self.put('docs/a.md', 'see `log/log_read.cpp`, `log_read.cpp`, `read`\nand `log_open.cpp`\n')
        self.assert_reports(text.check(tree), 'a.md:2: there is no log_open.cpp')
        self.assertEqual(len(list(text.check(tree))), 1)


class Built(RuleTest):
    def test_a_test_file_that_no_target_builds_is_reported(self):
        self.put('tests/system/b_test.py')
        tree = self.tree(tests__unit__log__a_test='', tests__unit__log__c_test='')
        found = built.check(tree, None, {'tests/unit/log/a_test.cpp'}, '[["python3", "tests/system/other_test.py"]]')
        self.assert_reports(found, 'c_test.cpp:1: no target', 'b_test.py:1: no test runs')


class Compilation(RuleTest):
    def test_sources_that_are_compiled_as_one_have_an_entry_each(self):
        together = pathlib.Path(self.folder.name, 'Unity/unity_0_cxx.cxx')
        self.put('Unity/unity_0_cxx.cxx', '#include "/w/a.cpp"\n\n#include "/w/b.cpp"\n')
        rows = [{'directory': self.folder.name, 'file': str(together), 'command': f'g++ -o a.o -c {together}'},
                {'directory': self.folder.name, 'file': '/w/c.cpp', 'command': 'g++ -o c.o -c /w/c.cpp'}]
        self.put('compile_commands.json', json.dumps(rows))
        found = {entry['file']: entry['arguments'][-1] for entry in compilation.entries(self.folder.name)}
        self.assertEqual(found, {'/w/a.cpp': '/w/a.cpp', '/w/b.cpp': '/w/b.cpp', '/w/c.cpp': '/w/c.cpp'})


class ClangTidy(unittest.TestCase):
    def test_a_changed_header_brings_the_sources_that_include_it(self):
        uses = {'src/log/a.cpp': {'include/jackdaw/log/a.hpp'}, 'src/log/b.cpp': set()}
        self.assertEqual(clang_tidy.affected({'include/jackdaw/log/a.hpp'}, uses), ['src/log/a.cpp'])
        self.assertEqual(clang_tidy.affected({'src/log/b.cpp', 'README.md'}, uses), ['src/log/b.cpp'])

    def test_flags_that_only_gcc_knows_are_dropped(self):
        command = 'ccache g++ -O2 -Winvalid-pch -include /b/cmake_pch.hxx -Wno-maybe-uninitialized -o a.o -c a.cpp'
        self.assertEqual(clang_tidy.for_clang(command.split()), ['g++', '-O2', '-o', 'a.o', '-c', 'a.cpp'])


if __name__ == '__main__':
    unittest.main()
