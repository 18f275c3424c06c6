// Pips and graphs as Cap'n Proto.
#include <algorithm>

#include "wire/codec.h"

namespace bxl::wire {
namespace {

using IdsBuilder = capnp::List<std::uint32_t>::Builder;
using IdsReader = capnp::List<std::uint32_t>::Reader;

void put_paths(IdsBuilder to, const std::vector<PathId>& from, PathsOut& paths) {
  for (unsigned i = 0; i < to.size(); ++i) to.set(i, paths.id(from[i]));
}

std::vector<PathId> get_paths(IdsReader from, const PathsIn& paths) {
  std::vector<PathId> to;
  to.reserve(from.size());
  for (std::uint32_t id : from) to.push_back(paths.at(id));
  return to;
}

unsigned count(const std::vector<PathId>& paths) { return static_cast<unsigned>(paths.size()); }

void put_pips(IdsBuilder to, const std::vector<PipId>& from, std::size_t pip_count) {
  for (unsigned i = 0; i < to.size(); ++i) {
    BXL_ASSERT(index(from[i]) < pip_count);
    BXL_ASSERT(i == 0 || from[i - 1] < from[i]);
    to.set(i, static_cast<std::uint32_t>(from[i]));
  }
}

std::vector<PipId> get_pips(IdsReader from, std::uint32_t pip_count, const char* what) {
  std::vector<PipId> to;
  to.reserve(from.size());
  for (std::uint32_t id : from) {
    if (id >= pip_count) throw BadRecord{std::string("one of the ") + what + " is out of range"};
    if (!to.empty() && to.back() >= PipId{id})
      throw BadRecord{std::string(what) + " are not sorted"};
    to.push_back(PipId{id});
  }
  return to;
}

template <typename List>
void put_strings(List to, const std::vector<std::string>& from) {
  for (unsigned i = 0; i < to.size(); ++i) to.set(i, blob(from[i]));
}

template <typename List>
std::vector<std::string> get_strings(List from) {
  std::vector<std::string> to;
  for (auto one : from) to.push_back(str(one));
  return to;
}

template <typename T>
unsigned count_of(const std::vector<T>& list) {
  return static_cast<unsigned>(list.size());
}

void put(schema::PipOptions::Builder to, const PipOptions& from, PathsOut& paths) {
  put_strings(to.initArgv(count_of(from.argv)), from.argv);
  auto environment = to.initEnvironment(count_of(from.environment));
  for (unsigned i = 0; i < environment.size(); ++i) {
    environment[i].setName(blob(from.environment[i].first));
    environment[i].setValue(blob(from.environment[i].second));
  }
  auto directories = to.initDirectoryOutputs(count_of(from.directory_outputs));
  for (unsigned i = 0; i < directories.size(); ++i) {
    directories[i].setPath(paths.id(from.directory_outputs[i].path));
    directories[i].setExclusive(from.directory_outputs[i].exclusive);
  }
  auto scopes = to.initReadScopes(count_of(from.read_scopes));
  for (unsigned i = 0; i < scopes.size(); ++i) {
    scopes[i].setPath(paths.id(from.read_scopes[i].path));
    scopes[i].setRecursive(from.read_scopes[i].recursive);
  }
  put_paths(to.initUntracked(count_of(from.untracked)), from.untracked, paths);
  to.setStdinFile(paths.id_or_none(from.stdin_file));
  to.setStdinText(blob(from.stdin_text));
  to.setStdoutFile(paths.id_or_none(from.stdout_file));
  to.setStderrFile(paths.id_or_none(from.stderr_file));
  to.setContent(blob(from.content));
  to.setTimeoutMs(from.timeout_ms);
  to.setWeight(from.weight);
  to.setRetries(from.retries);
  auto retry = to.initRetryExitCodes(count_of(from.retry_exit_codes));
  for (unsigned i = 0; i < retry.size(); ++i) retry.set(i, from.retry_exit_codes[i]);
  auto success = to.initSuccessExitCodes(count_of(from.success_exit_codes));
  for (unsigned i = 0; i < success.size(); ++i) success.set(i, from.success_exit_codes[i]);
  put_strings(to.initTags(count_of(from.tags)), from.tags);
  to.setModule(blob(from.module));
  put_strings(to.initSurvivingProcesses(count_of(from.surviving)), from.surviving);
  put_strings(to.initBreakawayProcesses(count_of(from.breakaway)), from.breakaway);
  put_paths(to.initTemporaryDirectories(count_of(from.temporary_directories)),
            from.temporary_directories, paths);
  auto uncacheable = to.initUncacheableExitCodes(count_of(from.uncacheable_exit_codes));
  for (unsigned i = 0; i < uncacheable.size(); ++i)
    uncacheable.set(i, from.uncacheable_exit_codes[i]);
  to.setRetryAttemptVariable(blob(from.retry_attempt_variable));
  put_paths(to.initOutputExclusions(count_of(from.output_exclusions)), from.output_exclusions,
            paths);
  to.setWarningRegex(blob(from.warning_regex));
  to.setErrorRegex(blob(from.error_regex));
  to.setSurvivorGraceMs(from.survivor_grace_ms);
  auto calls = to.initBreakawayCalls(count_of(from.breakaway_calls));
  for (unsigned i = 0; i < calls.size(); ++i) {
    calls[i].setProgram(blob(from.breakaway_calls[i].program));
    calls[i].setArguments(blob(from.breakaway_calls[i].arguments));
    calls[i].setIgnoreCase(from.breakaway_calls[i].ignore_case);
  }
}

PipOptions get(schema::PipOptions::Reader from, const PathsIn& paths) {
  PipOptions to;
  to.argv = get_strings(from.getArgv());
  for (auto variable : from.getEnvironment())
    to.environment.emplace_back(str(variable.getName()), str(variable.getValue()));
  for (auto directory : from.getDirectoryOutputs())
    to.directory_outputs.push_back({paths.at(directory.getPath()), directory.getExclusive()});
  for (auto scope : from.getReadScopes())
    to.read_scopes.push_back({paths.at(scope.getPath()), scope.getRecursive()});
  to.untracked = get_paths(from.getUntracked(), paths);
  to.stdin_file = paths.at_or_none(from.getStdinFile());
  to.stdin_text = str(from.getStdinText());
  to.stdout_file = paths.at_or_none(from.getStdoutFile());
  to.stderr_file = paths.at_or_none(from.getStderrFile());
  to.content = str(from.getContent());
  to.timeout_ms = from.getTimeoutMs();
  to.weight = from.getWeight();
  to.retries = from.getRetries();
  for (std::uint32_t code : from.getRetryExitCodes()) to.retry_exit_codes.push_back(code);
  for (std::uint32_t code : from.getSuccessExitCodes()) to.success_exit_codes.push_back(code);
  to.tags = get_strings(from.getTags());
  to.module = str(from.getModule());
  to.surviving = get_strings(from.getSurvivingProcesses());
  to.breakaway = get_strings(from.getBreakawayProcesses());
  to.temporary_directories = get_paths(from.getTemporaryDirectories(), paths);
  for (std::uint32_t code : from.getUncacheableExitCodes())
    to.uncacheable_exit_codes.push_back(code);
  to.retry_attempt_variable = str(from.getRetryAttemptVariable());
  to.output_exclusions = get_paths(from.getOutputExclusions(), paths);
  to.warning_regex = str(from.getWarningRegex());
  to.error_regex = str(from.getErrorRegex());
  to.survivor_grace_ms = from.getSurvivorGraceMs();
  for (auto call : from.getBreakawayCalls())
    to.breakaway_calls.push_back(
        {str(call.getProgram()), str(call.getArguments()), call.getIgnoreCase()});
  return to;
}

void put(schema::Pip::Builder to, const Pip& from, PathsOut& paths, std::size_t pip_count) {
  to.setKind(static_cast<schema::PipKind>(from.kind));
  to.setFlags(from.flags);
  to.setStableId(blob(from.stable_id));
  to.setCommand(blob(from.command));
  to.setDescription(blob(from.description));
  to.setRule(blob(from.rule));
  to.setSpec(blob(from.spec));
  to.setPool(blob(from.pool));
  to.setPoolDepth(from.pool_depth);
  to.setWorkingDirectory(paths.id(from.working_directory));
  put_paths(to.initInputs(count(from.inputs)), from.inputs, paths);
  put_paths(to.initOrderOnly(count(from.order_only)), from.order_only, paths);
  put_paths(to.initOutputs(count(from.outputs)), from.outputs, paths);
  BXL_ASSERT(from.explicit_outputs <= from.outputs.size());
  to.setExplicitOutputs(from.explicit_outputs);
  put_paths(to.initOptionalOutputs(count(from.optional_outputs)), from.optional_outputs, paths);
  to.setDepfile(paths.id_or_none(from.depfile));
  to.setRspfile(paths.id_or_none(from.rspfile));
  to.setRspfileContent(blob(from.rspfile_content));
  put_pips(to.initDependencies(static_cast<unsigned>(from.dependencies.size())), from.dependencies,
           pip_count);
  put_pips(to.initValidations(static_cast<unsigned>(from.validations.size())), from.validations,
           pip_count);
  to.setDyndep(paths.id_or_none(from.dyndep));
  if (from.options) put(to.initOptions(), *from.options, paths);
}

}  // namespace

void put(schema::Graph::Builder to, const GraphRecord& from, PathsOut& paths) {
  to.setFrontEnd(blob(from.front_end));
  to.setOptions(blob(from.options));
  auto environment = to.initEnvironment(static_cast<unsigned>(from.environment.size()));
  for (unsigned i = 0; i < environment.size(); ++i) {
    environment[i].setName(blob(from.environment[i].first));
    environment[i].setValue(blob(from.environment[i].second));
  }
  auto reads = to.initReads(static_cast<unsigned>(from.reads.size()));
  for (unsigned i = 0; i < reads.size(); ++i) {
    reads[i].setPath(paths.id(from.reads[i].path));
    put(reads[i].initIdentity(), from.reads[i].identity);
    reads[i].setDigest(digest_data(from.reads[i].digest));
  }
  auto pips = to.initPips(static_cast<unsigned>(from.pips.size()));
  for (unsigned i = 0; i < pips.size(); ++i) put(pips[i], from.pips[i], paths, from.pips.size());
  auto targets = to.initDefaultTargets(static_cast<unsigned>(from.default_targets.size()));
  for (unsigned i = 0; i < targets.size(); ++i) {
    BXL_ASSERT(index(from.default_targets[i]) < from.pips.size());
    targets.set(i, static_cast<std::uint32_t>(from.default_targets[i]));
  }
  auto dyndeps = to.initDyndeps(static_cast<unsigned>(from.dyndeps.size()));
  for (unsigned i = 0; i < dyndeps.size(); ++i) {
    dyndeps[i].setPath(paths.id(from.dyndeps[i].path));
    dyndeps[i].setDigest(digest_data(from.dyndeps[i].digest));
    dyndeps[i].setProblem(blob(from.dyndeps[i].problem));
  }
  to.setShareCheckouts(from.share_checkouts);
}

Pip get(schema::Pip::Reader from, const PathsIn& paths, std::uint32_t pip_count) {
  Pip to;
  to.kind = checked_enum(from.getKind(), PipKind::CopyFile, "pip kind");
  to.flags = from.getFlags();
  to.stable_id = str(from.getStableId());
  to.command = str(from.getCommand());
  to.description = str(from.getDescription());
  to.rule = str(from.getRule());
  to.spec = str(from.getSpec());
  to.pool = str(from.getPool());
  to.pool_depth = from.getPoolDepth();
  to.working_directory = paths.at(from.getWorkingDirectory());
  to.inputs = get_paths(from.getInputs(), paths);
  to.order_only = get_paths(from.getOrderOnly(), paths);
  to.outputs = get_paths(from.getOutputs(), paths);
  to.explicit_outputs = from.getExplicitOutputs();
  if (to.explicit_outputs > to.outputs.size())
    throw BadRecord{"more explicit outputs than outputs"};
  to.optional_outputs = get_paths(from.getOptionalOutputs(), paths);
  to.depfile = paths.at_or_none(from.getDepfile());
  to.rspfile = paths.at_or_none(from.getRspfile());
  to.rspfile_content = str(from.getRspfileContent());
  to.dependencies = get_pips(from.getDependencies(), pip_count, "dependencies");
  to.validations = get_pips(from.getValidations(), pip_count, "validations");
  to.dyndep = paths.at_or_none(from.getDyndep());
  if (from.hasOptions()) to.options = Boxed(get(from.getOptions(), paths));
  return to;
}

GraphRecord get_frame(schema::Graph::Reader from, const PathsIn& paths, std::uint32_t pip_count) {
  GraphRecord to;
  to.front_end = str(from.getFrontEnd());
  to.options = str(from.getOptions());
  for (auto variable : from.getEnvironment())
    to.environment.emplace_back(str(variable.getName()), str(variable.getValue()));
  for (auto read : from.getReads())
    to.reads.push_back(
        {paths.at(read.getPath()), get(read.getIdentity()), digest(read.getDigest())});
  for (std::uint32_t id : from.getDefaultTargets()) {
    if (id >= pip_count) throw BadRecord{"a default target is out of range"};
    to.default_targets.push_back(PipId{id});
  }
  for (auto dyndep : from.getDyndeps())
    to.dyndeps.push_back(
        {paths.at(dyndep.getPath()), digest(dyndep.getDigest()), str(dyndep.getProblem())});
  to.share_checkouts = from.getShareCheckouts();
  return to;
}

}  // namespace bxl::wire
