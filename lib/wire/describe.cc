// The fields of every record, for printing.
#include "wire/describe.h"

#include "wire/names.h"

namespace bxl::wire {
namespace {

struct Flag {
  std::uint32_t bit;
  const char* name;
};
constexpr Flag kMountFlags[] = {{kMountReadable, "readable"},
                                {kMountHashable, "hashable"},
                                {kMountOutput, "output"},
                                {kMountSystem, "system"}};
constexpr Flag kPipFlags[] = {{kPipGenerator, "generator"},
                              {kPipRestat, "restat"},
                              {kPipConsole, "console"},
                              {kPipAlwaysDirty, "alwaysDirty"},
                              {kPipDepsGcc, "depsGcc"},
                              {kPipUncacheable, "uncacheable"},
                              {kPipAction, "action"},
                              {kPipDeclaredReads, "declaredReads"},
                              {kPipSameContent, "sameContent"},
                              {kPipExecutable, "executable"},
                              {kPipJson, "json"},
                              {kPipJavaScript, "javascript"},
                              {kPipKeepSources, "keepSources"},
                              {kPipDenyWrites, "denyWrites"},
                              {kPipDenyNetwork, "denyNetwork"},
                              {kPipTrustNetwork, "trustNetwork"},
                              {kPipRestrictedReads, "restrictedReads"},
                              {kPipToolLists, "toolLists"},
                              {kPipStderrFails, "stderrFails"}};

class Describer {
 public:
  Describer(Fields& to, const PathTable* paths) : to_(to), paths_(paths) {}

  void digest(std::string_view key, const Digest& digest) {
    digest.is_zero() ? to_.none(key) : to_.string(key, digest.hex());
  }
  void path(std::string_view key, PathId path) {
    path == kNoPath ? to_.none(key) : to_.string(key, paths_->str(path));
  }
  void paths(std::string_view key, const std::vector<PathId>& list) {
    to_.begin_list(key);
    for (PathId one : list) path("", one);
    to_.end_list();
  }
  void pips(std::string_view key, const std::vector<PipId>& list) {
    to_.begin_list(key);
    for (PipId one : list) to_.id("", index(one));
    to_.end_list();
  }
  void strings(std::string_view key, const std::vector<std::string>& list) {
    to_.begin_list(key);
    for (const std::string& one : list) to_.string("", one);
    to_.end_list();
  }
  // Bits without a name are shown by number.
  template <std::size_t N>
  void flags(std::string_view key, std::uint32_t bits, const Flag (&known)[N]) {
    to_.begin_list(key);
    for (const Flag& flag : known) {
      if (bits & flag.bit) to_.string("", flag.name);
      bits &= ~flag.bit;
    }
    if (bits != 0) to_.natural("", bits);
    to_.end_list();
  }

  void identity(const FileIdentity& identity) {
    to_.begin_object("identity");
    to_.string("kind", name(identity.kind));
    to_.boolean("executable", identity.executable);
    to_.natural("mode", identity.mode);
    to_.natural("dev", identity.dev);
    to_.natural("ino", identity.ino);
    to_.natural("size", identity.size);
    to_.integer("mtimeNs", identity.mtime_ns);
    to_.integer("ctimeNs", identity.ctime_ns);
    to_.end_object();
  }
  void entry(const Entry& entry) {
    to_.begin_object("entry");
    to_.begin_list("outputs");
    for (const Output& output : entry.outputs) {
      to_.begin_object("");
      path("path", output.path);
      to_.string("kind", name(output.kind));
      to_.boolean("executable", output.executable);
      to_.natural("size", output.size);
      digest("digest", output.digest);
      to_.string("linkTarget", output.link_target);
      if (output.identity.exists())
        identity(output.identity);
      else
        to_.none("identity");
      to_.end_object();
    }
    to_.end_list();
    paths("deleted", entry.deleted);
    digest("console", entry.console);
    to_.natural("consoleBytes", entry.console_bytes);
    to_.natural("wallMs", entry.wall_ms);
    to_.natural("cpuMs", entry.cpu_ms);
    to_.natural("peakKib", entry.peak_kib);
    digest("evidence", entry.evidence);
    to_.boolean("rootFree", entry.root_free);
    strings("rootNames", entry.root_names);
    to_.end_object();
  }
  void fingerprints(const Digest& weak, const Digest& strong, const Digest& path_set) {
    digest("weak", weak);
    digest("strong", strong);
    digest("pathSet", path_set);
  }

  void visits(const Visits& visits) {
    to_.natural("pathSetsVisited", visits.path_sets);
    to_.natural("mostPathSetsVisited", visits.most);
  }

  void operator()(const PlanHeader& header) {
    to_.begin_record("planHeader");
    to_.natural("stateGeneration", header.state_generation);
    to_.natural("total", header.total);
    to_.boolean("requestedAll", header.requested_all);
    to_.string("graphFile", header.graph_file);
    to_.natural("waiting", header.waiting);
    visits(header.visits);
  }
  void operator()(const PlanPip& pip) {
    to_.begin_record("planPip");
    to_.id("pip", index(pip.pip));
    to_.string("action", name(pip.action));
    to_.boolean("requested", pip.requested);
    to_.string("reason", pip.reason);
    fingerprints(pip.weak, pip.strong, pip.path_set);
    entry(pip.entry);
  }
  void operator()(const Basis& basis) {
    to_.begin_record("basis");
    path("path", basis.path);
    identity(basis.identity);
    to_.boolean("whole", basis.whole);
  }
  void operator()(const Scrub& scrub) {
    to_.begin_record("scrub");
    path("path", scrub.path);
    identity(scrub.identity);
    to_.string("owner", scrub.owner);
  }
  void operator()(const PipResult& result) {
    to_.begin_record("pipResult");
    to_.id("pip", index(result.pip));
    to_.natural("attempt", result.attempt);
    to_.string("outcome", name(result.outcome));
    to_.boolean("requested", result.requested);
    to_.boolean("publishable", result.publishable);
    to_.string("whyNot", result.why_not);
    digest("staticHash", result.static_hash);
    fingerprints(result.weak, result.strong, result.path_set);
    to_.natural("pathSetBytes", result.path_set_blob.size());
    entry(result.entry);
    to_.string("console", result.console);
    to_.integer("exitStatus", result.exit_status);
    to_.begin_list("violations");
    for (const Violation& violation : result.violations) {
      to_.begin_object("");
      to_.string("code", violation.code);
      to_.string("letter", violation.letter);
      to_.string("role", violation.role);
      to_.string("pip", violation.pip);
      to_.string("related", violation.related);
      path("path", violation.path);
      to_.string("message", violation.message);
      to_.end_object();
    }
    to_.end_list();
    to_.string("reason", result.reason);
    to_.integer("startedUnixUs", result.started_unix_us);
    to_.integer("endedUnixUs", result.ended_unix_us);
    to_.natural("lane", result.lane);
    digest("augmentedWeak", result.filed.weak);
    digest("augmentedFrom", result.filed.from);
    to_.natural("augmentingPathSetBytes", result.filed.path_set_blob.size());
    digest("sharedWeak", result.shared.weak);
    digest("sharedStrong", result.shared.strong);
    digest("sharedPathSet", result.shared.path_set);
    to_.natural("sharedPathSetBytes", result.shared.path_set_blob.size());
    to_.string("notShared", result.not_shared);
  }
  void operator()(const Stats& stats) {
    to_.begin_record("stats");
    to_.string("result", stats.result);
    to_.integer("exitCode", stats.exit_code);
    to_.natural("total", stats.total);
    to_.natural("clean", stats.clean);
    to_.natural("hit", stats.hit);
    to_.natural("ran", stats.ran);
    to_.natural("failed", stats.failed);
    to_.natural("skipped", stats.skipped);
    to_.natural("uncacheable", stats.uncacheable);
    to_.natural("published", stats.published);
    to_.natural("bytesMaterialized", stats.bytes_materialized);
    to_.natural("filesMaterialized", stats.files_materialized);
    to_.natural("wallMs", stats.wall_ms);
    to_.natural("cpuMs", stats.cpu_ms);
    to_.integer("startedUnixMs", stats.started_unix_ms);
    strings("ranIds", stats.ran_ids);
    to_.natural("waiting", stats.waiting);
    visits(stats.visits);
  }
  void operator()(const StateHeader& header) {
    to_.begin_record("stateHeader");
    to_.natural("generation", header.generation);
  }
  void operator()(const StateRow& row) {
    to_.begin_record("stateRow");
    to_.string("stableId", row.stable_id);
    digest("staticHash", row.static_hash);
    fingerprints(row.weak, row.strong, row.path_set);
    entry(row.entry);
  }
  void operator()(const PathSetBlob& blob) {
    to_.begin_record("pathSet");
    digest("digest", blob.digest);
    to_.natural("bytes", blob.bytes.size());
  }
  void operator()(const Header& header) {
    to_.begin_record("header");
    to_.string("kind", name(header.kind));
    to_.id("major", header.major);
    to_.id("minor", header.minor);
    to_.string("toolVersion", header.tool_version);
    to_.string("workspace", header.workspace);
    to_.begin_list("mounts");
    for (const Mount& mount : header.mounts) {
      to_.begin_object("");
      to_.string("token", mount.token);
      to_.string("path", mount.path);
      flags("flags", mount.flags, kMountFlags);
      to_.end_object();
    }
    to_.end_list();
    digest("graph", header.graph);
  }
  void operator()(const End& end) {
    to_.begin_record("end");
    to_.integer("exitCode", end.exit_code);
    to_.string("message", end.message);
    to_.id("records", end.records);
  }
  void operator()(const GraphRecord& graph) {
    to_.begin_record("graph");
    to_.string("frontEnd", graph.front_end);
    to_.string("options", graph.options);
    environment(graph.environment);
    to_.begin_list("reads");
    for (const FrontEndRead& read : graph.reads) {
      to_.begin_object("");
      path("path", read.path);
      identity(read.identity);
      digest("digest", read.digest);
      to_.end_object();
    }
    to_.end_list();
    pips("defaultTargets", graph.default_targets);
    to_.begin_list("dyndeps");
    for (const Dyndep& dyndep : graph.dyndeps) {
      to_.begin_object("");
      path("path", dyndep.path);
      digest("digest", dyndep.digest);
      to_.string("problem", dyndep.problem);
      to_.end_object();
    }
    to_.end_list();
    to_.boolean("shareCheckouts", graph.share_checkouts);
  }
  void pip(PipId id, const Pip& pip) {
    to_.begin_record("pip");
    to_.id("id", index(id));
    to_.string("stableId", pip.stable_id);
    to_.string("kind", name(pip.kind));
    flags("flags", pip.flags, kPipFlags);
    to_.string("command", pip.command);
    to_.string("description", pip.description);
    to_.string("rule", pip.rule);
    to_.string("spec", pip.spec);
    to_.string("pool", pip.pool);
    to_.natural("poolDepth", pip.pool_depth);
    path("workingDirectory", pip.working_directory);
    paths("inputs", pip.inputs);
    paths("orderOnly", pip.order_only);
    paths("outputs", pip.outputs);
    to_.natural("explicitOutputs", pip.explicit_outputs);
    paths("optionalOutputs", pip.optional_outputs);
    path("depfile", pip.depfile);
    path("rspfile", pip.rspfile);
    to_.string("rspfileContent", pip.rspfile_content);
    pips("dependencies", pip.dependencies);
    pips("validations", pip.validations);
    path("dyndep", pip.dyndep);
    if (pip.options) options(*pip.options);
  }
  void options(const PipOptions& options) {
    to_.begin_object("options");
    strings("argv", options.argv);
    environment(options.environment);
    to_.begin_list("directoryOutputs");
    for (const DirectoryOutput& directory : options.directory_outputs) {
      to_.begin_object("");
      path("path", directory.path);
      to_.boolean("exclusive", directory.exclusive);
      to_.end_object();
    }
    to_.end_list();
    to_.begin_list("readScopes");
    for (const ReadScope& scope : options.read_scopes) {
      to_.begin_object("");
      path("path", scope.path);
      to_.boolean("recursive", scope.recursive);
      to_.end_object();
    }
    to_.end_list();
    paths("untracked", options.untracked);
    path("stdinFile", options.stdin_file);
    to_.string("stdinText", options.stdin_text);
    path("stdoutFile", options.stdout_file);
    path("stderrFile", options.stderr_file);
    to_.string("content", options.content);
    to_.natural("timeoutMs", options.timeout_ms);
    to_.natural("weight", options.weight);
    to_.natural("retries", options.retries);
    naturals("retryExitCodes", options.retry_exit_codes);
    naturals("successExitCodes", options.success_exit_codes);
    strings("tags", options.tags);
    to_.string("module", options.module);
    strings("survivingProcesses", options.surviving);
    strings("breakawayProcesses", options.breakaway);
    paths("temporaryDirectories", options.temporary_directories);
    naturals("uncacheableExitCodes", options.uncacheable_exit_codes);
    to_.string("retryAttemptVariable", options.retry_attempt_variable);
    paths("outputExclusions", options.output_exclusions);
    to_.string("warningRegex", options.warning_regex);
    to_.string("errorRegex", options.error_regex);
    to_.natural("survivorGraceMs", options.survivor_grace_ms);
    to_.begin_list("breakawayCalls");
    for (const BreakawayCall& call : options.breakaway_calls) {
      to_.begin_object("");
      to_.string("program", call.program);
      to_.string("arguments", call.arguments);
      to_.boolean("ignoreCase", call.ignore_case);
      to_.end_object();
    }
    to_.end_list();
    to_.end_object();
  }
  void environment(const std::vector<std::pair<std::string, std::string>>& variables) {
    to_.begin_list("environment");
    for (const auto& [variable, value] : variables) {
      to_.begin_object("");
      to_.string("name", variable);
      to_.string("value", value);
      to_.end_object();
    }
    to_.end_list();
  }
  void naturals(std::string_view key, const std::vector<std::uint32_t>& list) {
    to_.begin_list(key);
    for (std::uint32_t one : list) to_.natural("", one);
    to_.end_list();
  }

 private:
  Fields& to_;
  const PathTable* paths_;  // null for records without paths
};

}  // namespace

void describe(Fields& to, const Header& header) { Describer(to, nullptr)(header); }
void describe(Fields& to, const End& end) { Describer(to, nullptr)(end); }
void describe(Fields& to, const Record& record, const PathTable& paths) {
  std::visit(Describer(to, &paths), record);
}
void describe(Fields& to, const GraphRecord& graph, const PathTable& paths) {
  Describer(to, &paths)(graph);
}
void describe(Fields& to, PipId id, const Pip& pip, const PathTable& paths) {
  Describer(to, &paths).pip(id, pip);
}

}  // namespace bxl::wire
