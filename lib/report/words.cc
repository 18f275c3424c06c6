// The sentences of `bxl why`.
#include "report/words.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "violation/message.h"

namespace bxl::report {
namespace {

using wire::Outcome;

constexpr std::size_t kMaxLines = 10;
constexpr std::size_t kMaxParentSteps =
    3;  // "../../../x" is still easier to read than an absolute path

std::string quoted(const std::string& text) { return "\"" + printable(text) + "\""; }

std::string list(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < 5; ++i)
    out += (i ? ", " : "") + printable(names[i]);
  if (names.size() > 5) out += " and " + std::to_string(names.size() - 5) + " more";
  return out;
}

std::string replaced(const std::string& what, const std::string& before, const std::string& after) {
  if (before.empty() && after.empty()) return what + " has other white space";
  if (before.empty()) return what + " has gained " + quoted(after);
  if (after.empty()) return what + " has lost " + quoted(before);
  return what + " has " + quoted(after) + " instead of " + quoted(before);
}

std::string members(const Cause& cause) {
  std::string out;
  if (!cause.added.empty()) out += "gained " + list(cause.added);
  if (!cause.removed.empty()) out += (out.empty() ? "lost " : " and lost ") + list(cause.removed);
  return out.empty() ? "changed" : out;
}

std::int64_t when(const Build& build) { return build.stats.started_unix_ms; }

std::string what_happened(const Step& step) {
  const wire::PipResult& r = step.result;
  switch (r.outcome) {
    case Outcome::Clean:
      return "was up to date";
    case Outcome::Hit:
      return "was replayed from the cache";
    case Outcome::Ran:
      return "ran";
    case Outcome::Failed:
      if (r.lane == 0) return "failed before it ran";
      return r.exit_status > 128 ? "failed (signal " + std::to_string(r.exit_status - 128) + ")"
                                 : "failed (exit code " + std::to_string(r.exit_status) + ")";
    case Outcome::Skipped:
      return "was skipped";
    case Outcome::Cancelled:
      return "was cancelled";
    case Outcome::Violated:
      return "ran and violated its declarations";
  }
  return "is unknown";
}

std::string chain(const std::vector<std::string>& through) {
  std::string out;
  for (const std::string& pip : through) out += (out.empty() ? "" : ", ") + printable(pip);
  return out;
}

}  // namespace

std::string Names::operator()(const std::string& absolute) const {
  if (absolute == root_) return ".";
  if (path_within(absolute, root_)) return absolute.substr(root_.size() + 1);
  const wire::Mount* mount = mounts_.of(absolute);
  if (!mount || (mount->flags & wire::kMountSystem) || mount->token == "%home%") return absolute;
  std::string up;
  std::string_view at = root_;
  for (std::size_t steps = 0; steps < kMaxParentSteps && at != "/"; ++steps) {
    at = parent_path(at);
    up += "../";
    if (at == "/") break;
    if (absolute == at) return up.substr(0, up.size() - 1);
    if (path_within(absolute, at)) return up + absolute.substr(at.size() + 1);
  }
  return absolute;
}

std::string sentence(const Cause& cause, const Names& names) {
  switch (cause.kind) {
    case CauseKind::Command:
      return replaced("its command", cause.before, cause.after);
    case CauseKind::Environment:
      return "environment variable " + printable(cause.subject) +
             (cause.set_before ? " was " + quoted(cause.before) : " was not set") +
             (cause.set_after ? ", is " + quoted(cause.after) : ", is not set");
    case CauseKind::Declaration: {
      if (cause.subject == "bxl")
        return "another version of bxl, or another meaning of fingerprints";
      if (cause.subject == "mounts")
        return "the workspace or a source directory lies elsewhere now";
      if (cause.added.empty() && cause.removed.empty())
        return replaced("its " + cause.subject, cause.before, cause.after);
      Cause named = cause;
      for (auto* paths : {&named.added, &named.removed})
        for (std::string& path : *paths)
          if (path.starts_with('/')) path = names(path);
      return "its " + cause.subject + " " + members(named);
    }
    case CauseKind::Listing:
      return "the listing of " + printable(names(cause.subject)) + " " + members(cause);
    case CauseKind::Consequence:
      return cause.set_after
                 ? "it looked at " + printable(names(cause.subject)) + ", which it had not before"
                 : "it no longer looked at " + printable(names(cause.subject));
    case CauseKind::Input:
    case CauseKind::Read:
      break;
  }
  std::string path = printable(names(cause.subject));
  std::string how = cause.kind == CauseKind::Input ? "" : " (read, not declared)";
  switch (change_of(cause)) {
    case Change::Appeared:
      return path + " exists now" +
             (cause.kind == CauseKind::Input ? "" : " (it was looked for before)");
    case Change::Gone:
      return path + " no longer exists";
    case Change::Content:
      return path + " changed" + how;
    case Change::Executable:
      return path +
             (cause.after.starts_with("R x ") ? " became executable" : " is no longer executable");
    case Change::LinkTarget:
      return path + " points elsewhere";
    case Change::Kind:
      return path + " is of another kind (file, link, directory)";
  }
  return path;
}

std::string local_time(std::int64_t unix_ms) {
  std::time_t seconds = unix_ms / 1000;
  std::tm local{};
  ::localtime_r(&seconds, &local);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
  return text;
}

std::string duration(std::uint64_t ms) {
  char text[48];
  if (ms >= 3'600'000)
    std::snprintf(text, sizeof text, "%llu h %llu min",
                  static_cast<unsigned long long>(ms / 3'600'000),
                  static_cast<unsigned long long>(ms / 60'000 % 60));
  else if (ms >= 60'000)
    std::snprintf(text, sizeof text, "%llu min %llu s",
                  static_cast<unsigned long long>(ms / 60'000),
                  static_cast<unsigned long long>(ms / 1000 % 60));
  else
    std::snprintf(text, sizeof text, "%.2f s", static_cast<double>(ms) / 1000);
  return text;
}

namespace {

// What would mend the violations of this step, each once.
std::vector<std::string> fixes(const Step& step, const Build& build) {
  std::vector<std::string> out;
  for (const wire::Violation& v : step.result.violations) {
    std::string fix = violation::advice(*build.graph, *build.paths, v);
    if (!fix.empty() && std::find(out.begin(), out.end(), fix) == out.end())
      out.push_back(std::move(fix));
  }
  return out;
}

}  // namespace

std::string to_text(const Explanation& e, const std::string& pip, History& history, bool all) {
  std::string out;
  const Build* newest = history.size() > 0 ? history.build(0) : nullptr;
  if (!e.event) {
    if (!e.found)
      return printable(pip) + ": in no build on record (the last " + std::to_string(kKeptBuilds) +
             " that did something are kept)\n";
    return printable(pip) + " was up to date in every build on record" +
           (newest ? ", last on " + local_time(when(*newest)) : "") + "\n";
  }
  const Build& build = *history.build(e.step.build);
  Names names(build.header.workspace, build.mounts);
  std::string took;
  if (e.step.result.lane != 0) took = ", " + duration(e.step.result.entry.wall_ms);
  if (e.step.result.outcome == Outcome::Hit)
    took = ", saved " + duration(e.step.result.entry.wall_ms);
  out += printable(pip);
  if (!e.current)
    out += e.clean ? " is up to date; it" : " was not asked for in the last build; it";
  out += " " + what_happened(e.step) + " (" + local_time(when(build)) + took + ")\n";
  for (const wire::Violation& v : e.step.result.violations)
    out += "  violation " + v.code + ": " + printable(v.message) + "\n";
  for (const std::string& fix : fixes(e.step, build))
    for (std::size_t begin = 0; begin < fix.size();) {
      const std::size_t end = std::min(fix.find('\n', begin), fix.size());
      out +=
          (begin == 0 ? "  to fix it, " : "  ") + printable(fix.substr(begin, end - begin)) + "\n";
      begin = end + 1;
    }
  std::size_t limit = all ? static_cast<std::size_t>(-1) : kMaxLines, lines = 0;
  for (std::size_t i = 0; i < e.step.causes.size(); ++i) {
    if (++lines > limit) continue;
    out += "  why: " + sentence(e.step.causes[i], names);
    if (!e.step.makers[i].empty()) out += "; made by " + printable(e.step.makers[i]);
    out += "\n";
  }
  if (lines > limit)
    out += "  why: … and " + std::to_string(lines - limit) + " more (-v shows all)\n";
  for (const std::string& note : e.step.notes) out += "  why: " + printable(note) + "\n";
  if (e.step.result.outcome == Outcome::Ran && !e.step.result.publishable)
    out += "  not cached: " + printable(e.step.result.why_not) + "\n";
  if (!e.step.result.not_shared.empty())
    out += "  not for other checkouts: " + printable(e.step.result.not_shared) + "\n";
  lines = 0;
  for (const Root& root : e.roots) {
    if (++lines > limit) break;
    out += "  root cause: ";
    bool own = root.note.empty() && root.cause.kind <= CauseKind::Declaration;
    if (own || !root.note.empty()) out += printable(root.pip) + ": ";
    out += root.note.empty() ? sentence(root.cause, names) : printable(root.note);
    out += " (through " + chain(root.through) + ")\n";
  }
  return out;
}

namespace {

void cause_json(JsonWriter& json, const Cause& cause, const Names& names,
                const std::string& maker) {
  json.begin_object();
  json.key("kind").string(name(cause.kind));
  json.key("subject").string(cause.subject.starts_with('/') ? names(cause.subject) : cause.subject);
  json.key("text").string(sentence(cause, names));
  cause.set_before ? json.key("before").string(cause.before) : json.key("before").null();
  cause.set_after ? json.key("after").string(cause.after) : json.key("after").null();
  for (const auto& [key, members] :
       {std::pair{"added", &cause.added}, std::pair{"removed", &cause.removed}}) {
    json.key(key).begin_array();
    for (const std::string& member : *members) json.string(member);
    json.end_array();
  }
  if (!maker.empty()) json.key("madeBy").string(maker);
  json.end_object();
}

}  // namespace

void to_json(JsonWriter& json, const Explanation& e, const std::string& pip, History& history) {
  json.begin_object();
  json.key("schema").natural(1);
  json.key("pip").string(pip);
  json.key("found").boolean(e.found);
  json.key("upToDate").boolean(e.clean);
  if (!e.event) {
    json.end_object();
    return;
  }
  const Build& build = *history.build(e.step.build);
  Names names(build.header.workspace, build.mounts);
  const wire::PipResult& r = e.step.result;
  json.key("build").string(build.id);
  json.key("startedUnixMs").integer(when(build));
  json.key("outcome").string(wire::name(r.outcome));
  json.key("wallMs").natural(r.entry.wall_ms);
  json.key("lookup").string(r.reason);
  json.key("cached").boolean(r.outcome == Outcome::Hit || r.publishable);
  json.key("notCachedBecause").string(r.why_not);
  json.key("sharedWithCheckouts").boolean(r.entry.root_free);
  json.key("notSharedBecause").string(r.not_shared);
  if (e.step.compared) {
    const Build* previous = history.build(e.step.previous);
    json.key("comparedWith").string(previous ? previous->id : "");
  }
  json.key("fixes").begin_array();
  for (const std::string& fix : fixes(e.step, build)) json.string(fix);
  json.end_array();
  json.key("causes").begin_array();
  for (std::size_t i = 0; i < e.step.causes.size(); ++i)
    cause_json(json, e.step.causes[i], names, e.step.makers[i]);
  json.end_array();
  json.key("notes").begin_array();
  for (const std::string& note : e.step.notes) json.string(note);
  json.end_array();
  json.key("rootCauses").begin_array();
  for (const Root& root : e.roots) {
    json.begin_object();
    json.key("pip").string(root.pip);
    if (root.note.empty()) {
      json.key("cause");
      cause_json(json, root.cause, names, "");
    } else {
      json.key("note").string(root.note);
    }
    json.key("through").begin_array();
    for (const std::string& id : root.through) json.string(id);
    json.end_array();
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

}  // namespace bxl::report
