// The builds on record of one workspace, read from disk when they are asked for.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "cache/metadata_store.h"
#include "cas/blob_store.h"
#include "report/why.h"
#include "state/state_table.h"

namespace bxl::log_tool {

// Reads only; a build may be running meanwhile. Main thread.
class DiskHistory : public report::History {
 public:
  // `cache` may be absent or unusable: explanations say then what is no longer on record.
  DiskHistory(const state::Workspace& workspace, const std::string& cache);
  std::size_t size() const override { return builds_.size(); }
  const report::Build* build(std::size_t index) override;
  // The newest one that can be read; null when none can.
  const report::Build* newest();
  Result<report::Facts> facts(const report::Build& build, const wire::PipResult& result) override;
  // The encoded path set of a result; empty when it is no longer to be had.
  std::string path_set(const wire::PipResult& result, const Digest& digest);
  // Why build(index) is null.
  const std::string& damage(std::size_t index) const { return builds_[index].damage; }

 private:
  struct Slot {
    std::string id;
    bool tried = false;
    std::optional<report::Build> build;
    std::string damage;
  };
  state::Workspace workspace_;
  std::vector<Slot> builds_;  // newest first; never resized, so that pointers stay valid
  std::vector<cas::BlobStore> stores_;
  std::unique_ptr<cache::MetadataStore> metadata_;
  std::unique_ptr<PathTable> state_paths_;  // of state_; both made when first needed
  std::optional<state::StateTable> state_;
};

}  // namespace bxl::log_tool
