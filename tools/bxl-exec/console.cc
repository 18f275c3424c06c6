#include "console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <utility>

#include "os/file.h"

namespace bxl::exec_tool {

using wire::Outcome;

Console::Console(const graph::PipGraph& graph, const graph::Mounts& mounts, PathTable& paths,
                 int verbosity, bool handed_on)
    : graph_(graph), mounts_(mounts), paths_(paths), verbosity_(verbosity), handed_on_(handed_on) {
  const char* term = std::getenv("TERM");
  bool dumb = !term || std::string(term) == "dumb";
  if (const char* fd = std::getenv("BXL_TTY_FD"); fd && !dumb)
    tty_ = std::atoi(fd);
  else if (!dumb && ::isatty(2))
    tty_ = 2;
  if (tty_ >= 0 && !::isatty(tty_)) tty_ = -1;
  if (verbosity_ < 0) tty_ = -1;
}

void Console::write(const std::string& text) {
  if (holder_ != kNoPip)
    held_ += text;
  else
    (void)write_all(2, text);
}

void Console::line(const std::string& text) {
  if (status_shown_) (void)write_all(tty_, "\r\033[K");
  status_shown_ = false;
  write(text.ends_with('\n') ? text : text + "\n");
}

void Console::status(const std::string& text) {
  if (holder_ != kNoPip) return;
  winsize size{};
  std::size_t width = ::ioctl(tty_, TIOCGWINSZ, &size) == 0 && size.ws_col > 4 ? size.ws_col : 80;
  std::string shown = text.size() < width ? text : text.substr(0, width - 4) + "...";
  (void)write_all(tty_, "\r" + shown + "\033[K");
  status_shown_ = true;
}

std::string Console::describe(PipId pip) const {
  const wire::Pip& p = graph_.pip(pip);
  return verbosity_ > 0 || p.description.empty() ? p.command : p.description;
}

void Console::started(PipId pip, std::size_t) {
  running_.push_back(pip);
  if (handed_on_ && (graph_.pip(pip).flags & wire::kPipConsole)) {
    if (verbosity_ >= 0) line(describe(pip));
    holder_ = pip;
    return;
  }
  if (tty_ >= 0)
    status("[" + std::to_string(done_) + "/" + std::to_string(to_do_) + "] " +
           describe(running_.front()) +
           (running_.size() > 1 ? " (+" + std::to_string(running_.size() - 1) + ")" : ""));
}

void Console::report_failure(const wire::PipResult& result) {
  const wire::Pip& p = graph_.pip(result.pip);
  std::string text = "FAILED: " + p.stable_id;
  if (result.exit_status > 128)
    text += " (signal " + std::to_string(result.exit_status - 128) + ")";
  else if (result.exit_status != 0)
    text += " (exit " + std::to_string(result.exit_status) + ")";
  else
    text += " (" + result.why_not + ")";
  line(text + "\n" + p.command);
  if (!result.console.empty()) line(result.console);
}

// One message per pip, in the shape of BuildXL's DX0500: the worst letter of each path, then the
// legend.
void Console::report_violations(const wire::PipResult& result) {
  const wire::Pip& p = graph_.pip(result.pip);
  static const std::map<std::string, std::string> legend = {
      {"P", "probed a path that another pip makes"},
      {"R", "read a file that another pip makes, without depending on that pip"},
      {"W", "wrote where it may not write"},
      {"DW", "wrote a file that another pip also writes"},
      {"MD", "read or wrote a source that another pip wrote or read"}};
  std::string text = "error DX0500: [" + p.stable_id +
                     "] - Disallowed file accesses were detected (" + p.spec + ")\n";
  // A command that empties the build directory meets every pip of the graph.
  const std::size_t shown = verbosity_ > 0 ? result.violations.size() : 10;
  auto more = [&](std::size_t all) {
    return all <= shown ? "" : "  … and " + std::to_string(all - shown) + " more (-v: all)\n";
  };
  std::set<std::string> letters, related;
  for (const wire::Violation& v : result.violations) {
    letters.insert(v.letter);
    if (!v.related.empty()) related.insert(v.related);
    if (&v - result.violations.data() >= static_cast<std::ptrdiff_t>(shown)) continue;
    text += "  " + v.letter + (v.letter.size() < 2 ? " " : "") +
            (v.letter == "MD" ? " [" + v.role + "] " : " ") + mounts_.tokenise(paths_.str(v.path)) +
            "  (" + v.code + ": " + v.message + ")\n";
  }
  text += more(result.violations.size());
  for (const std::string& letter : letters)
    if (auto it = legend.find(letter); it != legend.end())
      text += "  " + letter + " = " + it->second + "\n";
  std::size_t named = 0;
  for (const std::string& id : related) {
    if (++named > shown) break;
    PipId other = graph_.find(id);
    text += "  Related pip: " + id + (other == kNoPip ? "" : " (" + graph_.pip(other).spec + ")") +
            "\n";
  }
  text += more(related.size());
  if (related.size() == 1)
    text +=
        "  To fix it, name the file among the inputs (or outputs) of one of the two build "
        "statements.\n";
  else if (!related.empty())
    text +=
        "  To fix it, name each file among the inputs (or outputs) of one of the build statements "
        "that share it.\n";
  line(text);
}

void Console::finished(const wire::PipResult& result, std::size_t done, std::size_t to_do) {
  done_ = done;
  to_do_ = to_do;
  std::erase(running_, result.pip);
  const bool announced = holder_ == result.pip;
  if (announced) {
    holder_ = kNoPip;
    (void)write_all(2, std::exchange(held_, {}));
  }
  std::string count = "[" + std::to_string(done) + "/" + std::to_string(to_do) + "] ";
  switch (result.outcome) {
    case Outcome::Failed:
      report_failure(result);
      break;
    case Outcome::Violated:
      report_violations(result);
      break;
    case Outcome::Ran:
      if (!result.violations.empty()) report_violations(result);
      if (tty_ >= 0 && verbosity_ <= 0 && result.console.empty() && result.publishable)
        status(count + describe(result.pip));
      else if (verbosity_ >= 0 && !announced)
        line(count + describe(result.pip));
      if (!result.console.empty()) line(result.console);
      if (!result.publishable && result.violations.empty() && verbosity_ >= 0) {
        const wire::Pip& p = graph_.pip(result.pip);
        if (!(p.flags & (wire::kPipConsole | wire::kPipAlwaysDirty)) || verbosity_ > 0)
          line("bxl: note: " + p.stable_id + " is not cached: " + result.why_not);
      }
      break;
    case Outcome::Hit:
      if (!result.console.empty()) line(result.console);
      if (verbosity_ > 0) line(count + "cached: " + describe(result.pip));
      break;
    case Outcome::Clean:
    case Outcome::Skipped:
    case Outcome::Cancelled:
      break;
  }
}

void Console::note(const std::string& text) {
  if (verbosity_ >= 0) line("bxl-exec: " + text);
}

void Console::close() {
  if (status_shown_) (void)write_all(tty_, "\r\033[K");
  status_shown_ = false;
}

}  // namespace bxl::exec_tool
