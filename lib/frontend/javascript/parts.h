// The resolvers of one build, and what joins their pips to one graph.
#pragma once

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "frontend/javascript/task_sources.h"
#include "frontend/ninja_graph.h"

namespace bxl::frontend::javascript {

struct PartSources {
  const LoadRequest& request;
  PathTable& paths;
  Reads& reads;
  Tools& tools;
  dsc::Evaluation* evaluation;  // null without config.dsc
  const ninja::KnownContent& known;
};

// Use: add() each resolver, join() once, then take what is public.
class Parts {
 public:
  explicit Parts(const PartSources& sources) : s_(sources) {}

  // Reads the pips of one resolver. Errors: sentences for the user.
  Result<void> add(Resolver resolver);
  // Once all are there: dependencies between resolvers, the environment that all pips share, what
  // is built when nothing is asked for. Errors: an id of two resolvers, dependencies on nothing.
  Result<void> join();

  bool runs_always() const { return runs_always_; }
  std::uint32_t generator_runs() const { return generator_runs_; }
  std::vector<wire::Pip> pips;
  Environment environment;
  std::vector<PipId> default_targets;
  std::vector<wire::Dyndep> dyndeps;
  std::vector<wire::FrontEndRead> reads;
  std::vector<wire::Mount> mounts;  // of build directories

 private:
  struct Part {
    Resolver resolver;
    Environment environment;
    TaskGraph graph;  // of JavaScript: task i is pip first + i
    std::size_t first = 0, end = 0;
    std::vector<PipId> defaults;  // of Ninja
  };
  Result<Environment> environment_of(const Resolver& resolver) const;
  Result<void> add_tasks(Part& part);
  void add_install(Part& part);
  Result<void> add_ninja(Part& part);
  Result<void> add_ninja_targets(Part& part, const NinjaGraph& graph);
  Result<void> apply_options(const Part& part);
  Result<void> check_selectors(const Part& part, const Selectors& selectors,
                               dsc::Origin origin) const;
  void restrict_reads(const Part& part);
  Result<void> check_ids() const;
  Result<void> check_exports(const Part& part) const;
  Result<std::vector<PipId>> imported(const Imported& import) const;
  void add_file(wire::Pip& pip, const std::string& file) const;
  Result<void> add_dependencies(const Part& part, const AdditionalDependency& more);
  void join_by_files();
  void share_environment();
  void find_defaults();
  std::vector<PipId> makers_below(const std::string& directory) const;

  PartSources s_;
  std::vector<Part> parts_;
  std::unordered_map<PathId, PipId> makers_;  // of declared outputs; filled by join()
  bool runs_always_ = false;
  std::uint32_t generator_runs_ = 0;
};

}  // namespace bxl::frontend::javascript
