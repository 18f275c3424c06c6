// One paragraph per matter.
#include "explain.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/json_writer.h"
#include "base/path_table.h"
#include "os/file.h"
#include "report.h"

namespace bxl::sandbox_tool {

namespace {

using sandbox::Access;
using sandbox::Violation;

struct Advice {
  std::string_view what;
  const char* text;
};
constexpr Advice kAdvice[] = {
    {"bpf", "Run it outside of the build."},
    {"console", "Let the command print less, or into a file."},
    {"credentials", "Let the command run as the user who builds."},
    {"daemon",
     "A server answers what no input file holds. Start it in the command and end it there, or "
     "switch "
     "it off."},
    {"denied", "Let the command write elsewhere, or make that place writable."},
    {"file handle", "Let the command open files by name."},
    {"ipc", "Let the command make its own objects (IPC_PRIVATE) and remove them."},
    {"keyring", "Pass secrets by files or variables."},
    {"mount", "Run what mounts outside of the build."},
    {"namespace", "Run the command without the container or sandbox of its own."},
    {"nested", "Ask the outer observer, or run bxl-sandbox outside of it."},
    {"network",
     "Nobody can hash what a server answers. Fetch it in a step before; or, in a policy, "
     "\"network\": \"deny\" makes it fail and \"network\": \"trusted\" says that it is always the "
     "same."},
    {"observation", "What was not seen cannot be checked the next time."},
    {"ptrace", "Let the command debug only what it started."},
    {"setuid", "Call a program that needs no other rights."},
    {"survivor", "Let the command wait for what it starts."},
};

const char* advice_for(const std::string& what) {
  const auto* at = std::find_if(std::begin(kAdvice), std::end(kAdvice),
                                [&](const Advice& advice) { return advice.what == what; });
  return at == std::end(kAdvice) ? "" : at->text;
}

constexpr std::size_t kMostPaths = 20;  // of one kind; the report has all of them

// "  - TEXT\n    MORE\n"
void item(std::string& out, const std::string& text, const std::string& more = {}) {
  out += "  - " + printable(text) + "\n";
  if (!more.empty()) out += "    " + more + "\n";
}

void list(std::string& out, const std::vector<std::string>& paths, const std::string& how,
          const char* more) {
  for (std::size_t i = 0; i < std::min(paths.size(), kMostPaths); ++i) item(out, paths[i] + how);
  if (paths.size() > kMostPaths)
    item(out, "and " + std::to_string(paths.size() - kMostPaths) + " more");
  if (!paths.empty()) out += std::string("    ") + more + "\n";
}

std::string against_caching(const sandbox::Outcome& outcome) {
  std::string out;
  for (const sandbox::Reason& reason : outcome.reasons)
    item(out, (reason.process.empty() ? "" : reason.process + " ") + reason.detail,
         advice_for(reason.what));
  std::vector<std::string> edited, replaced, failed;
  for (const Access& access : outcome.accesses) {
    if (access.first_errno != 0)
      failed.push_back(access.path + ": " + strerror(access.first_errno));
    if (access.first_mutation_seq == 0 || !access.before_mutation.exists() ||
        access.before_mutation.kind == FileKind::Directory)
      continue;
    if (!access.first.exists()) continue;  // the run made it
    if ((access.ops & (sandbox::kRead | sandbox::kExec)) != 0 && access.first_content_seq != 0 &&
        access.first_content_seq < access.first_mutation_seq)
      edited.push_back(access.path);
    else
      replaced.push_back(access.path);
  }
  list(out, edited, " was there before, and is read and then changed.",
       "Its first content is an input that is gone afterwards: write to another file.");
  list(out, replaced, " was there before, and is changed or removed.",
       "As an output of this command it does no harm, since bxl removes those first; as anything "
       "else it is the file of somebody else.");
  list(out, failed, "", "It can be neither read nor known to be absent.");
  return out;
}

// As it would stand in the policy.
std::string spelled(const PolicyFile& file, const std::string& path) {
  std::string out = path;
  if (path != file.directory && path_within(path, file.directory) && file.directory != "/")
    out = path.substr(file.directory.size() + 1);
  auto now = lstat_identity(path);
  if (now && now->kind == FileKind::Directory && out.back() != '/') out += '/';
  return out;
}

// The key with its old values and the paths of these violations, less what lies below another.
std::string policy_line(const PolicyFile& file, const char* key,
                        const std::optional<std::vector<std::string>>& before,
                        const std::vector<std::string>& paths) {
  std::string out;
  JsonWriter json(&out);
  json.begin_array();
  if (before)
    for (const std::string& path : *before) json.string(path);
  std::string last;
  for (const std::string& path : paths) {  // sorted: a directory comes before what is in it
    if (!last.empty() && path_within(path, last)) continue;
    last = path;
    json.string(spelled(file, path));
  }
  json.end_array();
  return std::string("    \"") + key + "\": " + out + "\n";
}

std::string against_policy(const Options& options, const sandbox::Outcome& outcome) {
  std::vector<std::string> read, written;
  bool network = false;
  std::string out;
  std::size_t shown[3] = {};
  for (const Violation& violation : outcome.violations) {
    const bool is_read = violation.kind == Violation::Kind::Read;
    if (violation.kind == Violation::Kind::Network)
      network = true;
    else
      (is_read ? read : written).push_back(violation.path);
    if (++shown[static_cast<int>(violation.kind)] > kMostPaths) continue;
    item(out, sentence(violation));
  }
  if (outcome.violations.size() > 0 && (read.size() > kMostPaths || written.size() > kMostPaths))
    item(out, "and more; --json names all");
  if (out.empty()) return out;
  const PolicyFile none;
  const PolicyFile& file = options.policy_file ? *options.policy_file : none;
  std::sort(read.begin(), read.end());
  std::sort(written.begin(), written.end());
  std::string lines;
  if (!read.empty()) lines += policy_line(file, "read", file.read, read);
  if (!written.empty()) lines += policy_line(file, "write", file.write, written);
  if (network && file.network == sandbox::Network::Deny) lines += "    \"network\": \"allow\"\n";
  if (!lines.empty())
    out += "To allow it, " + printable(file.path) + " would have to say:\n" + lines;
  if (network && file.network != sandbox::Network::Deny)
    out += "To allow sockets, leave out --deny-network.\n";
  return out;
}

std::string count(std::size_t number, const char* one, const char* many) {
  return std::to_string(number) + " " + (number == 1 ? one : many);
}

}  // namespace

std::string explain(const Options& options, const sandbox::Outcome& outcome) {
  std::string out;
  const std::string caching = against_caching(outcome);
  if (!caching.empty()) {
    out += "The result would not be cached:\n" + caching;
  } else {
    std::size_t read = 0, missed = 0, listed = 0, made = 0;
    for (const Access& access : outcome.accesses) {
      if ((access.ops & sandbox::kMutations) != 0)
        ++made;
      else if (!access.first.exists())
        ++missed;
      else if (access.listed)
        ++listed;
      else if ((access.ops & (sandbox::kRead | sandbox::kExec)) != 0)
        ++read;
    }
    out += std::string(outcome.violations.empty()
                           ? "Nothing stands against caching the result."
                           : "Nothing but the policy stands against caching the result.") +
           " It rests on " + count(read, "file", "files") + ", " +
           count(missed, "name that was looked for in vain", "names that were looked for in vain") +
           " and " + count(listed, "listing", "listings") + "; " +
           count(made, "path was", "paths were") + " made or changed.\n";
  }
  const std::string policy = against_policy(options, outcome);
  if (!policy.empty()) out += "The policy is broken:\n" + policy;
  return out;
}

}  // namespace bxl::sandbox_tool
