#include "fingerprint/fingerprint.h"

#include <algorithm>
#include <map>
#include <unordered_set>

#include "fingerprint/projection.h"
#include "fingerprint/version.h"

namespace bxl::fingerprint {
namespace {

constexpr const char* kLdSoCache = "/etc/ld.so.cache";

void field(std::string& text, std::string_view name, std::string_view value) {
  text += name;
  text += ' ';
  text += std::to_string(value.size());
  text += ' ';
  text += value;
  text += '\n';
}

Computed unusable(std::string why) { return {Computed::Status::Unusable, {}, {}, std::move(why)}; }
Computed unknown(std::string why) { return {Computed::Status::Unknown, {}, {}, std::move(why)}; }

std::string unreadable(View& view, PathId path, int errnum) {
  return view.paths().str(path) + ": " + std::strerror(errnum);
}

Computed finish(std::string text) {
  Digest digest = Digest::of(text);
  return {Computed::Status::Ok, digest, std::move(text), {}};
}

}  // namespace

// What only some front ends say. Not timeouts, weights, retries, tags: they change no result.
template <typename Token, typename Words>
static void options_text(std::string& text, const wire::Pip& pip, Token token, Words words) {
  const wire::PipOptions& more = pip.more();
  if (pip.kind != wire::PipKind::Process)
    field(text, "kind", pip.kind == wire::PipKind::WriteFile ? "write-file" : "copy-file");
  if (!more.content.empty()) field(text, "content", Digest::of(more.content).hex());
  for (const std::string& word : more.argv) field(text, "argv", words(word));
  for (const wire::DirectoryOutput& directory : more.directory_outputs)
    field(text, directory.exclusive ? "exclusive-directory" : "shared-directory",
          token(directory.path));
  for (PathId path : more.untracked) field(text, "untracked", token(path));
  if (more.stdin_file != kNoPath) field(text, "stdin", token(more.stdin_file));
  if (!more.stdin_text.empty()) field(text, "stdin-text", words(more.stdin_text));
  if (more.stdout_file != kNoPath) field(text, "stdout", token(more.stdout_file));
  if (more.stderr_file != kNoPath) field(text, "stderr", token(more.stderr_file));
  for (std::uint32_t code : more.success_exit_codes) field(text, "success", std::to_string(code));
  if (pip.kind == wire::PipKind::CopyFile)
    for (const wire::ReadScope& scope : more.read_scopes) field(text, "from", token(scope.path));
  for (const std::string& name : more.surviving) field(text, "may-survive", name);
  for (const std::string& name : more.breakaway) field(text, "breakaway", name);
  for (PathId path : more.temporary_directories) field(text, "temporary", token(path));
  for (std::uint32_t code : more.uncacheable_exit_codes)
    field(text, "uncacheable-exit", std::to_string(code));
  for (PathId path : more.output_exclusions) field(text, "no-output-below", token(path));
  for (const wire::BreakawayCall& call : more.breakaway_calls)
    field(text, call.ignore_case ? "breakaway-call-any-case" : "breakaway-call",
          call.program + " " + call.arguments);
  // The name, which the command may look for; the number is told to it and to nobody else.
  if (!more.retry_attempt_variable.empty())
    field(text, "retry-attempt", more.retry_attempt_variable);
  if (pip.flags & wire::kPipStderrFails) field(text, "stderr", "fails");
  // What one of these allows, the others do not: a result made with it is not theirs.
  if (pip.flags & wire::kPipKeepSources) field(text, "source-rewrites", "denied");
  if (pip.flags & wire::kPipDenyWrites) field(text, "undeclared-writes", "denied");
  if (pip.flags & wire::kPipDenyNetwork) field(text, "network", "denied");
  if (pip.flags & wire::kPipTrustNetwork) field(text, "network", "trusted");
  if (!(pip.flags & wire::kPipDeclaredReads)) return;
  // A result that was allowed to read more says nothing about one that is not.
  for (PathId path : pip.order_only) field(text, "may-read", token(path));
  for (const wire::ReadScope& scope : more.read_scopes)
    field(text, scope.recursive ? "may-read-below" : "may-read-in", token(scope.path));
}

static std::vector<std::pair<std::string, std::string>> merged(
    const std::vector<std::pair<std::string, std::string>>& all,
    const std::vector<std::pair<std::string, std::string>>& own) {
  std::map<std::string, std::string> out(own.begin(), own.end());
  out.insert(all.begin(), all.end());
  return {out.begin(), out.end()};
}

std::optional<std::string_view> place_in_temp(std::string_view name, std::string_view value) {
  if (name == "TMPDIR" || name == "TMP" || name == "TEMP") return "";
  if (!value.empty()) return {};
  if (name == "XDG_CACHE_HOME") return "/.cache";
  if (name == "npm_config_cache") return "/.npm";
  return {};
}

std::vector<std::pair<std::string, std::string>> environment_of(const wire::Pip& pip,
                                                                const Salts& salts) {
  return pip.more().environment.empty() ? salts.environment
                                        : merged(salts.environment, pip.more().environment);
}

std::string static_text(const View& view, PipId id, const Salts& salts, const Portable* portable) {
  const wire::Pip& pip = view.graph().pip(id);
  auto& paths = const_cast<View&>(view).paths();
  auto token = [&](PathId path) { return view.mounts().tokenise(paths.str(path)); };
  auto words = [&](const std::string& in) { return portable ? portable->text(in) : in; };
  std::string text;
  field(text, portable ? "bxl-portable-fingerprint" : "bxl-weak-fingerprint",
        std::to_string(kFingerprintVersion));
  field(text, "projections", std::to_string(kProjectionVersion));
  field(text, "mounts", portable ? portable->layout() : view.mounts().text());
  field(text, "pip", pip.stable_id);
  field(text, "command", words(pip.command));
  field(text, "directory", token(pip.working_directory));
  field(text, "flags",
        std::to_string(pip.flags &
                       (wire::kPipDepsGcc | wire::kPipConsole | wire::kPipAlwaysDirty |
                        wire::kPipGenerator | wire::kPipDeclaredReads | wire::kPipExecutable)));
  if (pip.rspfile != kNoPath) {
    field(text, "rspfile", token(pip.rspfile));
    field(text, "rspfile-content", words(pip.rspfile_content));
  }
  if (pip.depfile != kNoPath) field(text, "depfile", token(pip.depfile));
  for (PathId path : pip.outputs) field(text, "output", token(path));
  for (PathId path : pip.optional_outputs) field(text, "optional-output", token(path));
  options_text(text, pip, token, words);
  if (pip.kind != wire::PipKind::Process) return text;
  for (const auto& [name, value] : environment_of(pip, salts))
    field(text, "env", name + "=" + words(value));
  return text;
}

namespace {

// Declared inputs as the pip names them, aliases expanded: (path as written, physical path).
void collect_inputs(View& view, PipId id, std::vector<PathId>& out,
                    std::unordered_set<PipId>& seen) {
  for (PathId path : view.graph().pip(id).inputs) {
    PipId producer = view.graph().producer(path);
    if (producer != kNoPip && view.graph().pip(producer).kind == wire::PipKind::Alias) {
      if (!seen.insert(producer).second) continue;
      collect_inputs(view, producer, out, seen);
      // An alias without inputs whose name exists as a file is that file.
      if (!view.graph().pip(producer).inputs.empty()) continue;
    }
    out.push_back(path);
  }
}

}  // namespace

std::vector<PathId> declared_inputs(View& view, PipId id) {
  std::vector<PathId> lexical, physical;
  std::unordered_set<PipId> aliases;
  collect_inputs(view, id, lexical, aliases);
  std::unordered_set<PathId> seen;
  for (PathId path : lexical) {
    PathId real = view.follow(id, path).path;
    if (seen.insert(real).second) physical.push_back(real);
  }
  return physical;
}

Computed weak_fingerprint(View& view, PipId id, const std::string& static_part) {
  std::string text = static_part;
  std::vector<PathId> inputs;
  std::unordered_set<PipId> aliases;
  std::unordered_set<PathId> seen;
  collect_inputs(view, id, inputs, aliases);
  for (PathId path : inputs) {
    if (!seen.insert(path).second) continue;
    auto [real, what] = view.follow(id, path);
    std::string token = view.mounts().tokenise(view.paths().str(path));
    if (what.certainty == Seen::Certainty::Unknown) return unknown("waits for " + token);
    if (what.certainty == Seen::Certainty::Unreadable)
      return unusable(unreadable(view, real, what.errnum));
    std::string value;
    switch (what.kind) {
      case FileKind::Absent:
        value = "P";
        break;
      case FileKind::Directory:
        value = "D";
        break;
      case FileKind::Other:
        value = "O";
        break;
      case FileKind::File:
      case FileKind::Symlink: {
        auto digest = view.content(real, what);
        if (!digest) return unusable(digest.error().to_string());
        value = "R " + digest->hex() + (what.executable ? " x" : "");
        break;
      }
    }
    field(text, "input", token + " " + value);
  }
  return finish(std::move(text));
}

Computed strong_fingerprint(View& view, PipId id, const Digest& weak, const PathSet& set) {
  std::string text;
  text.reserve(96 + set.observations.size() * 8);
  field(text, "bxl-strong-fingerprint", std::to_string(kFingerprintVersion));
  field(text, "weak", weak.hex());
  field(text, "path-set", set.digest.hex());
  PathId ld_so_cache = view.paths().find(kLdSoCache);
  for (const Observation& o : set.observations) {
    Seen seen = view.at(id, o.path);
    if (seen.certainty == Seen::Certainty::Unknown)
      return unknown("waits for " + view.paths().str(o.path));
    if (seen.certainty == Seen::Certainty::Unreadable)
      return unusable(unreadable(view, o.path, seen.errnum));
    switch (seen.kind) {
      case FileKind::Absent:
        if (seen.hidden && !view.is_upstream(id, seen.owner))
          return unusable(view.paths().str(o.path) + " is an output of " +
                          view.graph().pip(seen.owner).stable_id +
                          ", a pip it does not depend on: it found or missed it by luck");
        text += "P\n";
        continue;
      case FileKind::Directory: {
        if (!(o.flags & kEnumerate)) {
          text += "D\n";
          continue;
        }
        PipId intruder = kNoPip;
        auto names = view.members(id, o.path, &intruder);
        if (!names) return unusable(names.error().to_string());
        if (intruder != kNoPip && !(view.graph().pip(id).flags & wire::kPipToolLists))
          return unusable("it enumerates " + view.paths().str(o.path) +
                          ", which also receives outputs of " +
                          view.graph().pip(intruder).stable_id + ", a pip it does not depend on");
        if (!*names) return unknown("waits for a member of " + view.paths().str(o.path));
        Hasher hasher;
        for (const std::string& name : **names) hasher.update({name.c_str(), name.size() + 1});
        text += "E " + hasher.finish().hex() + "\n";
        continue;
      }
      case FileKind::Other:
        text += "O\n";
        continue;
      case FileKind::File:
        if (!(o.flags & kContent)) {
          text += "F\n";
          continue;
        }
        if (o.path == ld_so_cache) {
          auto bytes = view.tree().read(kLdSoCache);
          if (!bytes) return unusable(bytes.error().to_string());
          text += "R projected " +
                  Digest::of(project_ld_so_cache(*bytes, sonames_of(set, view.paths()))).hex() +
                  "\n";
          continue;
        }
        if (is_git_index(view.paths(), o.path)) {
          auto bytes = view.tree().read(view.paths().str(o.path));
          if (!bytes) return unusable(bytes.error().to_string());
          text += "R projected " + Digest::of(project_git_index(*bytes)).hex() + "\n";
          continue;
        }
        break;
      case FileKind::Symlink:
        break;
    }
    auto digest = view.content(o.path, seen);
    if (!digest) return unusable(digest.error().to_string());
    text += seen.kind == FileKind::Symlink ? "R link " : seen.executable ? "R x " : "R ";
    text += digest->hex();
    text += '\n';
  }
  return finish(std::move(text));
}

std::string explain_strong(View& view, const PathSet& set, const std::string& strong_text) {
  std::string out;
  std::size_t pos = 0, line = 0;
  while (pos < strong_text.size()) {
    std::size_t end = strong_text.find('\n', pos);
    if (end == std::string::npos) end = strong_text.size();
    out.append(strong_text, pos, end - pos);
    if (line >= 3 && line - 3 < set.observations.size())
      out += "\t# " + view.mounts().tokenise(view.paths().str(set.observations[line - 3].path));
    out += '\n';
    pos = end + 1;
    ++line;
  }
  return out;
}

}  // namespace bxl::fingerprint
