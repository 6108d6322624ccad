// jackdaw completion bash|zsh|fish
#include "completion.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "groups.hpp"

namespace jackdaw::cli {

namespace {

constexpr const char* patience = "400ms";  // who presses tab waits no longer for a cluster

constexpr std::string_view bash_script = R"(# bash: source <(jackdaw completion bash)
_jackdaw() {
  local line=${COMP_LINE:0:COMP_POINT} words candidates candidate cur
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  cur=${words[-1]}
  mapfile -t candidates < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
  COMPREPLY=()
  if [[ ${candidates[0]-} == :files ]]; then
    compopt -o default
    return
  fi
  # bash cuts words at colons and equals signs: what is in front of the cut isn't its to replace.
  local kept=${cur%"${COMP_WORDS[COMP_CWORD]}"}
  for candidate in "${candidates[@]}"; do
    candidate=${candidate%%$'\t'*}
    COMPREPLY+=("${candidate#"$kept"}")
  done
}
complete -F _jackdaw jackdaw
)";

constexpr std::string_view zsh_script = R"(#compdef jackdaw
# zsh: source <(jackdaw completion zsh), or as _jackdaw in a directory of $fpath
_jackdaw() {
  local -a lines candidates
  local line
  lines=("${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ ${lines[1]} == :files ]]; then
    _files
    return
  fi
  for line in "${lines[@]}"; do
    [[ -n $line ]] && candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done
  (( ${#candidates} )) && _describe jackdaw candidates
}
compdef _jackdaw jackdaw
)";

constexpr std::string_view fish_script = R"(# fish: jackdaw completion fish | source
function __jackdaw_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l candidates ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
  if test "$candidates[1]" = :files
    __fish_complete_path "$current"
  else
    printf '%s\n' $candidates
  end
end
complete -c jackdaw -f -a '(__jackdaw_complete)'
)";

enum class value_kind { nothing, topics, groups, files, words };

struct value_rule {
  std::string_view verb;   // "group delete"; "group" for all its verbs; empty for every one
  std::string_view value;  // the option's or argument's name
  value_kind kind;
  std::string_view words = {};  // with spaces between
};

// The first that fits counts.
constexpr value_rule value_rules[] = {
    {"topic create", "names", value_kind::nothing},
    {"topic", "names", value_kind::topics},
    {"topic", "name", value_kind::topics},
    {"produce", "topic", value_kind::topics},
    {"produce", "files", value_kind::files},
    {"consume", "topics", value_kind::topics},
    {"", "group", value_kind::groups},
    {"consume", "from", value_kind::words, "beginning end"},
    {"consume", "until", value_kind::words, "end"},
    {"group", "names", value_kind::groups},
    {"group", "name", value_kind::groups},
    {"group list", "state", value_kind::words, "stable empty preparingrebalance completingrebalance dead"},
    {"group list", "type", value_kind::words, "classic consumer share streams"},
    {"group reset", "from-file", value_kind::files},
    {"config", "type", value_kind::words, "topic broker broker-logger group client-metrics"},
    {"log dump", "paths", value_kind::files},
    {"completion", "shell", value_kind::words, "bash zsh fish"},
    {"", "topic", value_kind::topics},
    {"", "topics", value_kind::topics},
    {"", "codec", value_kind::words, "none gzip snappy lz4 zstd"},
    {"", "acks", value_kind::words, "all 0 1"},
    {"", "output", value_kind::words, "table json"},
};

bool is_flag(const CLI::Option& o) { return o.get_items_expected_max() == 0; }

std::string path_of(const CLI::App& verb) {
  std::string path = verb.get_parent() == nullptr ? "" : verb.get_name();
  for (const CLI::App* up = verb.get_parent(); up != nullptr && up->get_parent() != nullptr; up = up->get_parent()) {
    path = up->get_name() + ' ' + path;
  }
  return path;
}

value_rule rule_for(const CLI::App& verb, const CLI::Option& value) {
  const std::string path = path_of(verb);
  const std::string name = value.get_single_name();
  for (const auto& rule : value_rules) {
    const bool fits = rule.verb.empty() || path == rule.verb || path.starts_with(std::string(rule.verb) + ' ');
    if (fits && name == rule.value) return rule;
  }
  return {path, name, value_kind::nothing};
}

// What the words before the cursor say: the verb, what was given, and the option that waits for its value.
struct position {
  const CLI::App* verb;
  const CLI::Option* waiting = nullptr;
  std::vector<std::string> arguments;
  std::string bootstrap;
};

const CLI::Option* find_option(const CLI::App& verb, const std::string& word) {
  for (const CLI::App* app = &verb; app != nullptr; app = app->get_parent()) {
    if (const auto* found = app->get_option_no_throw(word.substr(0, word.find('=')))) return found;
  }
  return nullptr;
}

position walk(const CLI::App& app, const std::vector<std::string>& words) {
  position at{&app, nullptr, {}, {}};
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (at.waiting != nullptr) {
      if (at.waiting->get_single_name() == "bootstrap") at.bootstrap = word;
      at.waiting = nullptr;
    } else if (word.size() > 1 && word.starts_with('-')) {
      const CLI::Option* option = find_option(*at.verb, word);
      if (option != nullptr && !is_flag(*option) && word.find('=') == std::string::npos) at.waiting = option;
    } else {
      const auto verbs = at.verb->get_subcommands([&](const CLI::App* a) { return a->get_name() == word; });
      if (verbs.empty()) {
        at.arguments.push_back(word);
      } else {
        at.verb = verbs.front();
      }
    }
  }
  return at;
}

// The argument that the next word would be.
const CLI::Option* next_argument(const position& at) {
  std::size_t left = at.arguments.size();
  for (const CLI::Option* o :
       at.verb->get_options([](const CLI::Option* option) { return option->get_positional(); })) {
    const auto takes = static_cast<std::size_t>(std::max(o->get_items_expected_max(), 1));
    if (left < takes) return o;
    left -= takes;
  }
  return nullptr;
}

class printer {
 public:
  explicit printer(std::string_view prefix) : prefix_(prefix) {}
  void add(std::string_view word, std::string_view meaning) {
    if (!word.starts_with(prefix_)) return;
    text_ += word;
    text_ += '\t';
    text_ += meaning.substr(0, meaning.find('\n'));
    text_ += '\n';
  }
  void files() { text_ = ":files\n"; }
  const std::string& text() const { return text_; }

 private:
  std::string_view prefix_;
  std::string text_;
};

void add_topics(context& ctx, printer& out) {
  auto client = ctx.client();
  if (!client || !(*client)->refresh_metadata(std::nullopt)) return;
  for (const auto& [name, topic] : (*client)->metadata().topics()) {
    if (!topic.is_internal) out.add(name, "topic, partitions " + std::to_string(topic.partitions.size()));
  }
}

void add_groups(context& ctx, printer& out) {
  auto client = ctx.client();
  if (!client) return;
  auto groups = list_groups(**client, {}, {});
  if (!groups) return;
  for (const auto& g : *groups) out.add(g.name, "group " + g.state);
}

void add_words(std::string_view words, printer& out) {
  while (!words.empty()) {
    const auto space = std::min(words.find(' '), words.size());
    out.add(words.substr(0, space), "");
    words.remove_prefix(std::min(space + 1, words.size()));
  }
}

void add_values(context& ctx, const position& at, const CLI::Option& value, printer& out) {
  value_rule rule = rule_for(*at.verb, value);
  const bool is_resource = rule.kind == value_kind::nothing && path_of(*at.verb).starts_with("config ") &&
                           rule.value == "name" && !at.arguments.empty();
  if (is_resource && at.arguments.front() == "topic") rule.kind = value_kind::topics;
  if (is_resource && at.arguments.front() == "group") rule.kind = value_kind::groups;
  switch (rule.kind) {
    case value_kind::nothing: break;
    case value_kind::topics: return add_topics(ctx, out);
    case value_kind::groups: return add_groups(ctx, out);
    case value_kind::files: return out.files();
    case value_kind::words: return add_words(rule.words, out);
  }
}

void add_options(const CLI::App& verb, printer& out) {
  for (const CLI::App* app = &verb; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* o : app->get_options([](const CLI::Option* option) { return option->nonpositional(); })) {
      // --help of the verb itself is enough.
      if (app != &verb && o == app->get_help_ptr()) continue;
      for (const auto& name : o->get_lnames()) out.add("--" + name, o->get_description());
      if (o->get_lnames().empty()) {
        for (const auto& name : o->get_snames()) out.add("-" + name, o->get_description());
      }
    }
  }
}

struct completion_options {
  std::string shell;
};

outcome<void> print_script(context&, const completion_options& o) {
  context::print(o.shell == "bash" ? bash_script : o.shell == "zsh" ? zsh_script : fish_script);
  return boost::system::in_place_value;
}

}  // namespace

void print_candidates(const CLI::App& app, context& ctx, const std::vector<std::string>& words) {
  if (words.empty()) return;
  const position at = walk(app, words);
  if (!at.bootstrap.empty()) ctx.bootstrap = at.bootstrap;
  ctx.timeout = patience;
  printer out(words.back());
  const auto verbs = at.verb->get_subcommands([](const CLI::App* a) { return !a->get_name().empty(); });
  if (at.waiting != nullptr) {
    add_values(ctx, at, *at.waiting, out);
  } else if (words.back().starts_with('-')) {
    add_options(*at.verb, out);
  } else if (!verbs.empty()) {
    for (const CLI::App* verb : verbs) out.add(verb->get_name(), verb->get_description());
  } else if (const CLI::Option* argument = next_argument(at)) {
    add_values(ctx, at, *argument, out);
  }
  context::print(out.text());
}

void add_completion(command app, context& ctx) {
  add_verb<completion_options>(
      app, ctx, "completion", "Prints a script that lets bash, zsh or fish complete jackdaw's words",
      [](command verb, completion_options& o) {
        verb.add_option("shell", o.shell, "bash, zsh or fish").required().one_of({"bash", "zsh", "fish"});
        verb.footer(
            "bash: source <(jackdaw completion bash)    zsh: source <(jackdaw completion zsh)\n"
            "fish: jackdaw completion fish | source");
      },
      print_script);
}

}  // namespace jackdaw::cli
