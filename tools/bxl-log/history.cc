#include "history.h"

namespace bxl::log_tool {
namespace {

bool is_there(const std::string& path) {
  auto identity = lstat_identity(path);
  return identity && identity->exists();
}

}  // namespace

DiskHistory::DiskHistory(const state::Workspace& workspace, const std::string& cache)
    : workspace_(workspace) {
  for (std::string& id : report::logged_builds(workspace.log_dir())) {
    builds_.emplace_back();
    builds_.back().id = std::move(id);
  }
  // Opening creates what is absent, which a question should not do.
  for (const std::string& root : {cache, workspace.dir() + "/store"})
    if (is_there(root + "/objects"))
      if (auto store = cas::BlobStore::open(root)) stores_.push_back(std::move(*store));
  if (is_there(cache + "/metadata.sqlite"))
    if (auto metadata = cache::MetadataStore::open(cache)) metadata_ = std::move(*metadata);
}

const report::Build* DiskHistory::build(std::size_t index) {
  Slot& slot = builds_[index];
  if (!slot.tried) {
    slot.tried = true;
    auto loaded = report::load_build(workspace_.log_dir(), slot.id);
    if (loaded)
      slot.build.emplace(std::move(*loaded));
    else
      slot.damage = loaded.error().to_string();
  }
  return slot.build ? &*slot.build : nullptr;
}

std::string DiskHistory::path_set(const wire::PipResult& result, const Digest& digest) {
  if (Digest::of(result.path_set_blob) == digest) return result.path_set_blob;
  if (metadata_)
    if (auto found = metadata_->path_set(digest); found && *found) return std::move(**found);
  // That of a run which gave no cache entry: a blob of its own.
  for (cas::BlobStore& store : stores_)
    if (auto bytes = store.read(digest); bytes && *bytes) return std::move(**bytes);
  if (!state_) {
    state_paths_ = std::make_unique<PathTable>();
    state_ = state::StateTable::load(workspace_, *state_paths_);
  }
  const std::string* kept = state_->path_set(digest);
  return kept ? *kept : std::string();
}

const report::Build* DiskHistory::newest() {
  for (std::size_t i = 0; i < size(); ++i)
    if (const report::Build* found = build(i)) return found;
  return nullptr;
}

Result<report::Facts> DiskHistory::facts(const report::Build& build,
                                         const wire::PipResult& result) {
  if (result.entry.evidence.is_zero()) return make_error(ENOENT, "no evidence was recorded");
  for (cas::BlobStore& store : stores_) {
    auto bytes = store.read(result.entry.evidence);
    if (!bytes || !*bytes) continue;
    BXL_TRY_ASSIGN(auto evidence, fingerprint::decode_evidence(**bytes));
    std::string set = evidence.path_set.is_zero() ? "" : path_set(result, evidence.path_set);
    return report::decode_facts(**bytes, set, build.mounts);
  }
  return make_error(ENOENT, "the evidence is no longer in the cache");
}

}  // namespace bxl::log_tool
