// Decides by times and contents which generator edges to run.
#include "frontend/ninja/regenerate.h"

#include <signal.h>

#include <algorithm>

#include "frontend/ninja/depfile.h"
#include "os/file.h"

namespace bxl::frontend::ninja {
namespace {

constexpr std::int64_t kNever = INT64_MAX;

bool has_content(const wire::FrontEndRead& read) {
  return read.identity.kind == FileKind::File && !read.digest.is_zero();
}

// `root` and what it depends on, dependencies first. Cycles are cut: they are reported when the
// graph is validated.
std::vector<PipId> upstream_of(const std::vector<wire::Pip>& pips, PipId root) {
  std::vector<PipId> order;
  std::vector<bool> seen(pips.size(), false);
  std::vector<std::pair<PipId, std::size_t>> stack{{root, 0}};
  seen[index(root)] = true;
  while (!stack.empty()) {
    auto& [id, next] = stack.back();
    const auto& dependencies = pips[index(id)].dependencies;
    if (next == dependencies.size()) {
      order.push_back(id);
      stack.pop_back();
      continue;
    }
    PipId dependency = dependencies[next++];
    if (seen[index(dependency)]) continue;
    seen[index(dependency)] = true;
    stack.emplace_back(dependency, 0);
  }
  return order;
}

}  // namespace

void mark_generators(std::vector<wire::Pip>& pips, const PathTable& paths,
                     const std::string& manifest) {
  PathId made = paths.find(manifest);
  PipId root = kNoPip;
  for (std::size_t i = 0; made != kNoPath && root == kNoPip && i < pips.size(); ++i)
    if (std::find(pips[i].outputs.begin(), pips[i].outputs.end(), made) != pips[i].outputs.end())
      root = PipId(i);
  std::vector<PipId> marked;
  if (root != kNoPip)
    for (PipId id : upstream_of(pips, root)) {
      const wire::Pip& pip = pips[index(id)];
      if (pip.kind == wire::PipKind::Process && (id == root || (pip.flags & wire::kPipGenerator)))
        marked.push_back(id);
    }
  for (wire::Pip& pip : pips) pip.flags &= ~std::uint32_t{wire::kPipGenerator};
  for (PipId id : marked) pips[index(id)].flags |= wire::kPipGenerator;
}

// The files behind the inputs of `pip`: aliases are replaced by what they stand for.
std::vector<std::string> Generators::input_files(const std::vector<wire::Pip>& pips,
                                                 const wire::Pip& pip) {
  std::vector<std::string> out;
  std::unordered_set<PathId> seen;
  std::vector<PathId> todo(pip.inputs.rbegin(), pip.inputs.rend());
  while (!todo.empty()) {
    PathId path = todo.back();
    todo.pop_back();
    if (!seen.insert(path).second) continue;
    PipId producer = producers_[index(path)];
    if (producer != kNoPip && pips[index(producer)].kind == wire::PipKind::Alias) {
      const auto& inputs = pips[index(producer)].inputs;
      todo.insert(todo.end(), inputs.rbegin(), inputs.rend());
    } else {
      out.push_back(paths_.str(path));
    }
  }
  return out;
}

bool Generators::manifest_is_known() const {
  auto it = settings_.known->find(settings_.manifest);
  return it != settings_.known->end() && has_content(it->second) &&
         unchanged(it->second, settings_.manifest);
}

bool Generators::is_generated(const std::vector<wire::Pip>& pips, const std::string& path) const {
  PathId id = paths_.find(path);
  if (id == kNoPath || index(id) >= producers_.size()) return false;
  PipId producer = producers_[index(id)];
  return producer != kNoPip && pips[index(producer)].kind == wire::PipKind::Process;
}

Result<void> Generators::check_input(const std::vector<wire::Pip>& pips, const wire::Pip& pip,
                                     const std::string& path, std::int64_t oldest_output,
                                     bool* stale) {
  auto missing = [&] {
    return make_error(0, pip.spec + ": '" + path + "', needed by '" + pip.stable_id +
                             "', is missing and nothing builds it before the manifest is read");
  };
  if (is_generated(pips, path)) {
    BXL_TRY_ASSIGN(FileIdentity stamp, reads_.stamp(path));
    if (!stamp.exists()) return missing();
    if (stamp.mtime_ns > oldest_output) *stale = true;
    return {};
  }
  BXL_TRY_ASSIGN(FileIdentity now, stat_identity(path));
  if (!now.exists()) return missing();
  BXL_TRY_ASSIGN(wire::FrontEndRead read, reads_.content(path));
  const bool newer = now.mtime_ns > oldest_output;
  auto known = settings_.known->find(path);
  if (known == settings_.known->end() || !has_content(known->second) || !has_content(read)) {
    if (newer) *stale = true;
    return {};
  }
  // A new time on old content is no reason to run. New content under an old time is one, unless
  // someone has run the generator by hand since.
  if (known->second.digest == read.digest) return {};
  // CMake rewrites some of its inputs while it runs, all of them in the build directory.
  const bool by_user = !path_within(path, paths_.str(pip.working_directory));
  if (newer || (settings_.known_before_run ? by_user : manifest_is_known())) *stale = true;
  return {};
}

Result<bool> Generators::is_stale(const std::vector<wire::Pip>& pips, const wire::Pip& pip) {
  bool stale = false;
  std::int64_t oldest_output = kNever;
  for (PathId output : pip.outputs) {
    std::string path = paths_.str(output);
    BXL_TRY_ASSIGN(FileIdentity identity, stat_identity(path));
    reads_.exists(path);
    if (!identity.exists()) stale = true;
    oldest_output = std::min(oldest_output, identity.mtime_ns);
  }
  std::vector<std::string> inputs = input_files(pips, pip);
  if (pip.depfile != kNoPath) {
    auto text = reads_.read(paths_.str(pip.depfile));
    if (!text && !(pip.flags & wire::kPipDepsGcc))
      stale = true;  // as in ninja: a missing depfile is a missing output
    if (text)
      for (const std::string& name : parse_depfile(*text))
        inputs.push_back(normalize_path(
            name.front() == '/' ? name : paths_.str(pip.working_directory) + "/" + name));
  }
  // An always-dirty input is a name without a file: there is nothing to look at.
  std::erase_if(inputs, [&](const std::string& path) {
    PathId id = paths_.find(path);
    return id != kNoPath && index(id) < producers_.size() && producers_[index(id)] != kNoPip &&
           pips[index(producers_[index(id)])].kind == wire::PipKind::Alias;
  });
  for (const std::string& input : inputs)
    BXL_TRY(check_input(pips, pip, input, oldest_output, &stale));
  if (settings_.changed && settings_.changed(pip)) stale = true;
  if ((pip.flags & wire::kPipAlwaysDirty) && already_.insert(pip.stable_id).second) stale = true;
  return stale;
}

Result<bool> Generators::bring_up_to_date(const std::vector<wire::Pip>& pips) {
  always_run_.clear();
  PathId manifest = paths_.find(settings_.manifest);
  producers_.assign(paths_.size(), kNoPip);
  for (std::size_t i = 0; i < pips.size(); ++i)
    for (PathId output : pips[i].outputs)
      if (producers_[index(output)] == kNoPip) producers_[index(output)] = PipId(i);
  PipId root = manifest == kNoPath ? kNoPip : producers_[index(manifest)];
  if (root == kNoPip) return false;
  bool ran = false;
  for (PipId id : upstream_of(pips, root)) {
    const wire::Pip& pip = pips[index(id)];
    if (!(pip.flags & wire::kPipGenerator)) continue;
    if (pip.flags & wire::kPipAlwaysDirty) always_run_.push_back(id);
    BXL_TRY_ASSIGN(bool stale, is_stale(pips, pip));
    if (!stale) continue;
    BXL_TRY_ASSIGN(int status, settings_.run(pip));
    if (status == 128 + SIGINT)
      return make_error(EINTR, "the generator of '" + pip.stable_id + "'");
    if (status != 0)
      return make_error(0, pip.spec + ": the generator of '" + pip.stable_id +
                               "' failed with status " + std::to_string(status) + ": " +
                               pip.command);
    ran = true;
  }
  return ran;
}

}  // namespace bxl::frontend::ninja
