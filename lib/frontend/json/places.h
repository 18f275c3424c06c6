// Which places of a JSON graph belong to whom: declared outputs, output directories, seals.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/path_table.h"
#include "frontend/json/declaration.h"
#include "frontend/json/problems.h"

namespace bxl::frontend::json_graph {

struct OutputDirectory {
  std::vector<PipId> pips;  // not empty; one when exclusive
  bool exclusive = false;
};

struct Seal {
  const SealDeclaration* declaration = nullptr;
  PathId path = kNoPath;
  std::vector<PathId> files;  // ascending
};

// `declarations`, `paths` and `problems` must outlive it. Pips are numbered as declared.
class Places {
 public:
  Places(const std::vector<PipDeclaration>& declarations, PathTable& paths, PathId root,
         Problems& problems)
      : declarations_(declarations), paths_(paths), root_(root), problems_(problems) {}

  // These tell of a place that somebody else has, and return false then. `origin` is kept.
  bool add_file(PipId pip, PathId path, const Origin& origin);
  bool add_directory(PipId pip, PathId path, bool exclusive, const Origin& origin);
  bool add_seal(Seal seal);

  // kNoPip: no pip declares it.
  PipId producer(PathId path) const;
  // The nearest output directory that is `path` or holds it; null: there is none.
  const OutputDirectory* directory_over(PathId path) const;
  const Seal* seal(std::string_view id) const;
  std::vector<std::string_view> seal_ids() const;
  // Calls `visit` for every declared output and output directory in `directory`.
  using Visit = std::function<void(PathId directory, PipId)>;
  void within(const std::unordered_map<PathId, std::vector<PipId>>& directories,
              const Visit& visit) const;

  // Tells of files of others in exclusive directories, of output directories in exclusive ones and
  // the reverse, and of outputs in source and full seals.
  void check() const;

  // "pip "a" (graph.bxl.json:12)"
  std::string name(PipId pip) const;
  // Relative to the workspace where it lies in it.
  std::string show(PathId path) const;

 private:
  struct Output {
    PipId pip;
    PathId path;
    const Origin* origin;
    bool directory;
  };
  void check_directories(const Output& output) const;
  void check_seals(const Output& output) const;

  const std::vector<PipDeclaration>& declarations_;
  PathTable& paths_;
  PathId root_;
  Problems& problems_;
  std::vector<Output> outputs_;
  std::unordered_map<PathId, PipId> producers_;
  std::unordered_map<PathId, OutputDirectory> directories_;
  std::vector<Seal> seals_;
  std::unordered_map<std::string_view, std::size_t> seal_ids_;
  std::unordered_map<PathId, std::vector<std::size_t>> closed_;  // source and full seals
};

}  // namespace bxl::frontend::json_graph
