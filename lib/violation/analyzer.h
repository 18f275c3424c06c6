// Who touched what in this build, and what follows when pips disturb each other (lib/RULES.md, 10,
// 15, 29).
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/path_table.h"
#include "graph/mounts.h"
#include "graph/pip_graph.h"
#include "violation/rules.h"
#include "wire/records.h"

namespace bxl::violation {

// One fact about one path, and whose output the path is where that is known beforehand: by
// declaration, or by what an earlier build or a hit says of it.
struct Touched {
  PathId path = kRootPath;
  Fact fact;
  bool recorded = false;  // Create: an earlier build knows it as this pip's output
  PipId owner = kNoPip;   // not the pip itself
  bool owner_declares = false, owner_directory = false;
  Digest owner_content;  // zero: unknown
};

// Not thread-safe. `graph`, `paths` and `mounts` must outlive it.
class Analyzer {
 public:
  // Called once, at the first need, to tell through remember() what pips that do not run in this
  // build rest on: the clean ones, the hits, and those outside the request. Not asking costs
  // nothing; asking costs one decoding of their path sets.
  using LoadOthers = std::function<void(Analyzer&)>;
  Analyzer(const graph::PipGraph& graph, const PathTable& paths, const graph::Mounts& mounts,
           LoadOthers load_others);

  struct Report {
    std::vector<wire::Violation> violations;              // of the pip in question
    std::vector<std::pair<PipId, std::string>> uncached;  // who saw a matter of luck, and why
    std::vector<PathId> same_content;  // outputs of others that it wrote once more, unchanged
    // JavaScript tasks that listed a directory in which this pip brought something into being: they
    // may have taken it for a source (rule 15).
    std::vector<PipId> relisted;
  };
  // What `pip` did, judged against everything known by now, and remembered for those who come
  // after. A later attempt of the same pip replaces what was remembered of it.
  Report judge(PipId pip, const std::vector<Touched>& touched);

  // `pip` wrote where only declared outputs may be written; `existed`: over a file that was there;
  // `makers`: the pips whose output directory it is, null: none's.
  wire::Violation undeclared_write(PipId pip, PathId path, bool existed,
                                   const std::vector<PipId>* makers = nullptr);
  // `pip` wrote below `exclusion`, where it says that nothing is its output.
  wire::Violation excluded_write(PipId pip, PathId path, bool existed, PathId exclusion) const;
  // `pip` wrote into a temporary directory of `owner`.
  wire::Violation temporary_write(PipId pip, PathId path, PipId owner) const;
  // What `pip` tried and its declaration denies: nothing has happened.
  wire::Violation denied_write(PipId pip, PathId path);
  wire::Violation denied_network(PipId pip, const std::string& address) const;

  // `pip` read a source though it may read declared ones only.
  wire::Violation undeclared_read(PipId pip, PathId path) const;

  // `pip` wrote or removed a file of another workspace, which lies inside this one.
  wire::Violation foreign_write(PipId pip, PathId path, PathId workspace) const;

  // A pip that does not run in this build has these facts. Once others were loaded, hits and clean
  // pips found later are told at once; before that they are not worth telling.
  void remember(PipId pip, PathId path, const Fact& fact);
  bool loaded() const { return loaded_; }

  // Has a pip of this build changed `path` though it is nobody's output, in no order with `pip`?
  // For hits that are found late. kNoPip: no.
  PipId changed_by(PipId pip, PathId path);
  bool sources_changed() const { return sources_changed_; }

 private:
  // Readers are many (a thousand compilers read one header): eight bytes each, and no reader is
  // ever compared with another.
  struct Reader {
    PipId pip;
    Touch touch;
  };
  struct Writer {
    PipId pip;
    Fact fact;
  };
  struct Times {
    std::int64_t start_ns = 0, end_ns = 0;
  };
  void compare(PipId pip, const Touched& mine, PipId other, const Fact& theirs, PathId path,
               Report& report);
  void disturbed_reader(PipId pip, const Touched& mine, PipId other, const Fact& theirs,
                        Report& report);
  Fact fact_of(const Reader& reader) const;
  void forget(PipId pip);
  Order order(PipId mine, PipId theirs);
  wire::Violation write_violation(PipId pip, PathId path, std::string_view code) const;
  void find_sources();
  std::string show(PathId path) const { return mounts_.tokenise(paths_.str(path)); }

  const graph::PipGraph& graph_;
  const PathTable& paths_;
  const graph::Mounts& mounts_;
  LoadOthers load_others_;
  graph::Reachability reach_;
  std::unordered_map<PathId, std::vector<Reader>> readers_;
  std::unordered_map<PathId, std::vector<Writer>> writers_;
  std::unordered_map<PipId, Times> judged_;
  std::vector<std::pair<PipId, PathId>> removed_;  // sources that are gone
  // What some pip declares as a source: files, and directories (source seals) with whether what
  // lies deeper belongs to them. Looked for at the first need.
  std::unordered_map<PathId, PipId> source_files_;
  std::unordered_map<PathId, std::pair<PipId, bool>> source_directories_;
  bool sources_found_ = false;
  bool loaded_ = false;
  bool sources_changed_ = false;
};

}  // namespace bxl::violation
