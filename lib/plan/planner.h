// Turns a graph and a request into a plan: what is clean, what is a hit, what must run, what waits,
// what goes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/filter.h"
#include "plan/lookup.h"

namespace bxl::plan {

enum class Lazy { All, Requested, Minimal };

struct Request {
  std::vector<std::string> targets;  // as typed; empty: the graph's defaults, else all roots
  std::string filter;                // excludes targets
  std::vector<PipId> defaults;       // of the graph
  PathId directory = kRootPath;      // targets are relative to it
  Lazy lazy = Lazy::Requested;
  // The command of bxl that an unknown target was perhaps meant to be, or "". Null: there are none.
  std::function<std::string(const std::string& target)> near_command;
};

// Output names, stable ids, aliases, and `source^` (the first pip that uses the file); what is none
// of these is a short form of a filter. Errors (errnum 0) suggest the nearest name; "DX0295: …"
// when nothing matched; those of the filter.
Result<std::vector<PipId>> resolve_targets(const FilterWorld& world, const Request& request);

struct Plan {
  wire::PlanHeader header;
  std::vector<wire::Basis> basis;
  std::vector<wire::Scrub> scrubs;
  std::vector<wire::PlanPip> pips;  // in topological order; pips outside the request are absent
};

// `dyndeps`: the graph's. Pips whose dyndep file is not known to be the one that the graph was made
// with, and what depends on them, are left out and counted in header.waiting; the producers of
// these files count as requested. Errors: 0 when nothing is left to do for such a file and yet it
// cannot be used (its problem);
// ENOENT when a leaf input of a requested pip does not exist ("'x', needed by 'y',
// missing…").
Result<Plan> make_plan(fingerprint::View& view, Lookup& lookup, const graph::OutputRecords& records,
                       const Request& request, const std::vector<PipId>& targets,
                       const std::vector<wire::Dyndep>& dyndeps = {});

}  // namespace bxl::plan
