// One log and one script per failed pip; one block of text at the end.
#include "console/failures.h"

#include <unistd.h>

#include <algorithm>

#include "base/shell_text.h"
#include "console/line_filter.h"
#include "fingerprint/evidence.h"
#include "fingerprint/fingerprint.h"
#include "os/file.h"

namespace bxl::console {
namespace {

constexpr std::size_t kLinesShown = 40;
constexpr std::size_t kBytesShown = 64 << 10;  // a line may be a whole file
constexpr std::size_t kFailuresShown = 20;
constexpr std::size_t kNameBytes = 100;  // of an id in a file name

// A name for a file: "12-src_main.o".
std::string file_name(std::size_t number, const std::string& id) {
  std::string name = id.size() > kNameBytes ? id.substr(id.size() - kNameBytes) : id;
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-' || c == '_' || c == '+';
    if (!plain) c = '_';
  }
  return std::to_string(number) + "-" + name;
}

std::size_t count_lines(std::string_view text) {
  const auto ends = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  return ends + (!text.empty() && text.back() != '\n');
}

// The end of `text`, at most so many whole lines; of a line that is too long, its end.
std::string_view last_lines(std::string_view text) {
  std::size_t at = text.size(), lines = 0;
  if (at > 0 && text[at - 1] == '\n') --at;
  while (at > 0 && lines < kLinesShown) {
    const std::size_t newline = text.rfind('\n', at - 1);
    ++lines;
    at = newline == std::string_view::npos ? 0 : newline;
  }
  std::string_view tail = text.substr(at == 0 ? 0 : at + 1);
  return tail.size() > kBytesShown ? tail.substr(tail.size() - kBytesShown) : tail;
}

std::string with_newline(std::string text) {
  if (!text.empty() && text.back() != '\n') text += '\n';
  return text;
}

}  // namespace

Failures::Failures(const graph::PipGraph& graph, PathTable& paths, Keeping keeping)
    : graph_(graph), paths_(paths), keeping_(std::move(keeping)) {}

// Only what we made: files named by a number.
void Failures::clear() {
  if (std::exchange(cleared_, true)) return;
  auto names = list_directory(keeping_.directory);
  if (!names) return;
  for (const std::string& name : *names)
    if (name[0] >= '0' && name[0] <= '9' &&
        (name.ends_with(".log") || name.ends_with(".sh") || name.ends_with(".stdin")))
      ::unlink((keeping_.directory + "/" + name).c_str());
}

// As sandbox_runner and Build::prepare do it; the pip's old outputs stay, for some may be the
// user's.
std::string Failures::script_for(const wire::Pip& pip, const std::string& input) const {
  const std::string directory = paths_.str(pip.working_directory);
  std::string text =
      "#!/bin/sh\n"
      "# Runs a failed command again, observed as in the build. Arguments are options of "
      "bxl-sandbox "
      "(--trace).\n"
      "umask 022\n"
      "temp=$(mktemp -d) || exit 125\n"
      "trap 'rm -rf \"$temp\"' EXIT\n"
      "cd " +
      shell_quoted(directory) + " || exit 125\nenv -i \\\n";
  auto variable = [&](const std::string& name, const std::string& value) {
    if (auto place = fingerprint::place_in_temp(name, value))
      text += "  " + name + "=\"$temp" + std::string(*place) + "\" \\\n";
    else if (fingerprint::speaks_of_secrets(name))  // yours
      text += "  " + name + "=\"$" + name + "\" \\\n";
    else
      text += "  " + shell_quoted(name + "=" + value) + " \\\n";
  };
  const fingerprint::Salts salts{keeping_.environment};
  for (const auto& [name, value] : fingerprint::environment_of(pip, salts)) variable(name, value);
  variable("BXL_INSIDE", keeping_.workspace);
  variable("PWD", directory);
  variable("TMPDIR", "");
  if (const std::string& name = pip.more().retry_attempt_variable; !name.empty())
    variable(name, "0");
  const wire::PipOptions& more = pip.more();
  text += "  " + shell_quoted(keeping_.sandbox) + " \"$@\" --";
  if (more.argv.empty()) text += " /bin/sh -c " + shell_quoted(pip.command);
  for (const std::string& word : more.argv) text += " " + shell_quoted(word);
  auto file = [&](PathId path) { return shell_quoted(paths_.str(path)); };
  if (more.stdin_file != kNoPath)
    text += " <" + file(more.stdin_file);
  else if (!more.stdin_text.empty())
    text += " <" + shell_quoted(input);
  else if (!(pip.flags & wire::kPipConsole))
    text += " </dev/null";
  return text + "\n";
}

std::string Failures::headline(const wire::PipResult& result, const Terminal& terminal) const {
  if (result.outcome == wire::Outcome::Violated) return {};
  const std::string word = terminal.colour ? "\033[1;31mFAILED\033[0m" : "FAILED";
  return word + ": " + graph_.pip(result.pip).stable_id + ": " + result.why_not + "\n";
}

void Failures::add(const wire::PipResult& result, std::string violations) {
  clear();
  const wire::Pip& pip = graph_.pip(result.pip);
  Failed failed;
  failed.pip = result.pip;
  failed.violations = std::move(violations);
  if (result.outcome != wire::Outcome::Violated)
    failed.headline = pip.stable_id + ": " + result.why_not + "\n";
  Selected errors;
  if (!pip.more().error_regex.empty())
    errors = select_lines(result.console, pip.more().error_regex);
  failed.selected = errors.lines != 0 && errors.complete;
  const std::string_view all = failed.selected ? errors.text : result.console;
  const std::string_view tail = last_lines(all);
  failed.lines = count_lines(result.console);
  failed.shown = tail.size() == result.console.size() ? failed.lines : count_lines(tail);
  failed.tail = tail;
  if (result.lane != 0 && make_directories(keeping_.directory)) {
    const std::string base =
        keeping_.directory + "/" + file_name(failed_.size() + 1, pip.stable_id);
    if (!result.console.empty() && replace_file(base + ".log", result.console))
      failed.log = base + ".log";
    const std::string input = base + ".stdin";
    if (!pip.more().stdin_text.empty()) (void)replace_file(input, pip.more().stdin_text);
    if (pip.kind == wire::PipKind::Process &&
        replace_file(base + ".sh", script_for(pip, input), Durable::No, 0700))
      failed.script = base + ".sh";
  }
  failed_.push_back(std::move(failed));
}

std::string Failures::report(const Terminal& terminal, bool all, PipId skip_headline) {
  clear();
  std::vector<const Failed*> order;
  for (const Failed& failed : failed_) order.push_back(&failed);
  std::stable_sort(order.begin(), order.end(), [&](const Failed* a, const Failed* b) {
    return graph_.rank(a->pip) < graph_.rank(b->pip);
  });
  std::string text;
  const std::string word = terminal.colour ? "\033[1;31mFAILED\033[0m: " : "FAILED: ";
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Failed& failed = *order[i];
    if (!all && i >= kFailuresShown) {
      text += word + (failed.headline.empty() ? graph_.pip(failed.pip).stable_id +
                                                    ": it violated its "
                                                    "declarations\n"
                                              : failed.headline);
      continue;
    }
    if (failed.pip != skip_headline && !failed.headline.empty()) text += word + failed.headline;
    text += with_newline(failed.violations);
    text += "  " + with_newline(graph_.pip(failed.pip).command);
    if (failed.shown < failed.lines || (failed.lines != 0 && failed.tail.size() >= kBytesShown))
      text += (failed.selected ? "  " : "  the last ") + std::to_string(failed.shown) + " of " +
              std::to_string(failed.lines) + " lines" +
              (failed.selected ? ", by its errorRegex" : "") +
              (failed.log.empty() ? "" : "; all are in " + failed.log) + ":\n";
    text += with_newline(terminal.colour ? failed.tail : without_escapes(failed.tail));
    if (!failed.script.empty())
      text += "  to run it again: sh " +
              (failed.script.find_first_of(" '\"$\\&;()*?<>|`") == std::string::npos
                   ? failed.script
                   : shell_quoted(failed.script)) +
              "\n";
  }
  return text;
}

}  // namespace bxl::console
