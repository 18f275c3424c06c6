// Records of plan, results and state streams as Cap'n Proto.
#include "wire/codec.h"

namespace bxl::wire {

void put(schema::PlanHeader::Builder to, const PlanHeader& from, PathsOut&) {
  to.setStateGeneration(from.state_generation);
  to.setTotal(from.total);
  to.setRequestedAll(from.requested_all);
  to.setGraphFile(blob(from.graph_file));
  to.setWaiting(from.waiting);
  to.setPathSetsVisited(from.visits.path_sets);
  to.setMostPathSetsVisited(from.visits.most);
}
PlanHeader get(schema::PlanHeader::Reader from, const PathsIn&) {
  return {from.getStateGeneration(), from.getTotal(),
          from.getRequestedAll(),    str(from.getGraphFile()),
          from.getWaiting(),         {from.getPathSetsVisited(), from.getMostPathSetsVisited()}};
}

void put(schema::PlanPip::Builder to, const PlanPip& from, PathsOut& paths) {
  to.setPip(static_cast<std::uint32_t>(from.pip));
  to.setAction(static_cast<schema::Action>(from.action));
  to.setRequested(from.requested);
  to.setReason(blob(from.reason));
  to.setWeak(digest_data(from.weak));
  to.setStrong(digest_data(from.strong));
  to.setPathSet(digest_data(from.path_set));
  put(to.initEntry(), from.entry, paths);
}
PlanPip get(schema::PlanPip::Reader from, const PathsIn& paths) {
  PlanPip to;
  to.pip = PipId{from.getPip()};
  to.action = checked_enum(from.getAction(), Action::Deferred, "action");
  to.requested = from.getRequested();
  to.reason = str(from.getReason());
  to.weak = digest(from.getWeak());
  to.strong = digest(from.getStrong());
  to.path_set = digest(from.getPathSet());
  to.entry = get(from.getEntry(), paths);
  return to;
}

void put(schema::Basis::Builder to, const Basis& from, PathsOut& paths) {
  to.setPath(paths.id(from.path));
  put(to.initIdentity(), from.identity);
  to.setWhole(from.whole);
}
Basis get(schema::Basis::Reader from, const PathsIn& paths) {
  return {paths.at(from.getPath()), get(from.getIdentity()), from.getWhole()};
}

void put(schema::Scrub::Builder to, const Scrub& from, PathsOut& paths) {
  to.setPath(paths.id(from.path));
  put(to.initIdentity(), from.identity);
  to.setOwner(blob(from.owner));
}
Scrub get(schema::Scrub::Reader from, const PathsIn& paths) {
  return {paths.at(from.getPath()), get(from.getIdentity()), str(from.getOwner())};
}

namespace {

void put_violation(schema::Violation::Builder to, const Violation& from, PathsOut& paths) {
  to.setCode(blob(from.code));
  to.setLetter(blob(from.letter));
  to.setRole(blob(from.role));
  to.setPip(blob(from.pip));
  to.setRelated(blob(from.related));
  to.setPath(paths.id_or_none(from.path));
  to.setMessage(blob(from.message));
}

Violation get_violation(schema::Violation::Reader from, const PathsIn& paths) {
  return {str(from.getCode()),   str(from.getLetter()),  str(from.getRole()),
          str(from.getPip()),    str(from.getRelated()), paths.at_or_none(from.getPath()),
          str(from.getMessage())};
}

}  // namespace

void put(schema::PipResult::Builder to, const PipResult& from, PathsOut& paths) {
  to.setPip(static_cast<std::uint32_t>(from.pip));
  to.setAttempt(from.attempt);
  to.setOutcome(static_cast<schema::Outcome>(from.outcome));
  to.setRequested(from.requested);
  to.setPublishable(from.publishable);
  to.setWhyNot(blob(from.why_not));
  to.setStaticHash(digest_data(from.static_hash));
  to.setWeak(digest_data(from.weak));
  to.setStrong(digest_data(from.strong));
  to.setPathSet(digest_data(from.path_set));
  to.setPathSetBlob(blob(from.path_set_blob));
  put(to.initEntry(), from.entry, paths);
  to.setConsole(blob(from.console));
  to.setExitStatus(from.exit_status);
  auto violations = to.initViolations(static_cast<unsigned>(from.violations.size()));
  for (unsigned i = 0; i < violations.size(); ++i)
    put_violation(violations[i], from.violations[i], paths);
  to.setReason(blob(from.reason));
  to.setStartedUnixUs(from.started_unix_us);
  to.setEndedUnixUs(from.ended_unix_us);
  to.setLane(from.lane);
  to.setAugmentedWeak(digest_data(from.filed.weak));
  to.setAugmentedFrom(digest_data(from.filed.from));
  to.setAugmentingPathSet(blob(from.filed.path_set_blob));
  to.setSharedWeak(digest_data(from.shared.weak));
  to.setSharedStrong(digest_data(from.shared.strong));
  to.setSharedPathSet(digest_data(from.shared.path_set));
  to.setSharedPathSetBlob(blob(from.shared.path_set_blob));
  to.setNotShared(blob(from.not_shared));
}
PipResult get(schema::PipResult::Reader from, const PathsIn& paths) {
  PipResult to;
  to.pip = PipId{from.getPip()};
  to.attempt = from.getAttempt();
  to.outcome = checked_enum(from.getOutcome(), Outcome::Violated, "outcome");
  to.requested = from.getRequested();
  to.publishable = from.getPublishable();
  to.why_not = str(from.getWhyNot());
  to.static_hash = digest(from.getStaticHash());
  to.weak = digest(from.getWeak());
  to.strong = digest(from.getStrong());
  to.path_set = digest(from.getPathSet());
  to.path_set_blob = str(from.getPathSetBlob());
  to.entry = get(from.getEntry(), paths);
  to.console = str(from.getConsole());
  to.exit_status = from.getExitStatus();
  for (auto violation : from.getViolations())
    to.violations.push_back(get_violation(violation, paths));
  to.reason = str(from.getReason());
  to.started_unix_us = from.getStartedUnixUs();
  to.ended_unix_us = from.getEndedUnixUs();
  to.lane = from.getLane();
  to.filed.weak = digest(from.getAugmentedWeak());
  to.filed.from = digest(from.getAugmentedFrom());
  to.filed.path_set_blob = str(from.getAugmentingPathSet());
  to.shared.weak = digest(from.getSharedWeak());
  to.shared.strong = digest(from.getSharedStrong());
  to.shared.path_set = digest(from.getSharedPathSet());
  to.shared.path_set_blob = str(from.getSharedPathSetBlob());
  to.not_shared = str(from.getNotShared());
  return to;
}

void put(schema::Stats::Builder to, const Stats& from, PathsOut&) {
  to.setResult(blob(from.result));
  to.setExitCode(from.exit_code);
  to.setTotal(from.total);
  to.setClean(from.clean);
  to.setHit(from.hit);
  to.setRan(from.ran);
  to.setFailed(from.failed);
  to.setSkipped(from.skipped);
  to.setUncacheable(from.uncacheable);
  to.setPublished(from.published);
  to.setBytesMaterialized(from.bytes_materialized);
  to.setFilesMaterialized(from.files_materialized);
  to.setWallMs(from.wall_ms);
  to.setCpuMs(from.cpu_ms);
  to.setStartedUnixMs(from.started_unix_ms);
  to.setWaiting(from.waiting);
  to.setPathSetsVisited(from.visits.path_sets);
  to.setMostPathSetsVisited(from.visits.most);
  auto ran = to.initRanIds(static_cast<unsigned>(from.ran_ids.size()));
  for (unsigned i = 0; i < ran.size(); ++i) ran.set(i, blob(from.ran_ids[i]));
}
Stats get(schema::Stats::Reader from, const PathsIn&) {
  Stats to;
  to.result = str(from.getResult());
  to.exit_code = from.getExitCode();
  to.total = from.getTotal();
  to.clean = from.getClean();
  to.hit = from.getHit();
  to.ran = from.getRan();
  to.failed = from.getFailed();
  to.skipped = from.getSkipped();
  to.uncacheable = from.getUncacheable();
  to.published = from.getPublished();
  to.bytes_materialized = from.getBytesMaterialized();
  to.files_materialized = from.getFilesMaterialized();
  to.wall_ms = from.getWallMs();
  to.cpu_ms = from.getCpuMs();
  to.started_unix_ms = from.getStartedUnixMs();
  to.waiting = from.getWaiting();
  to.visits = {from.getPathSetsVisited(), from.getMostPathSetsVisited()};
  for (auto id : from.getRanIds()) to.ran_ids.push_back(str(id));
  return to;
}

void put(schema::StateHeader::Builder to, const StateHeader& from, PathsOut&) {
  to.setGeneration(from.generation);
}
StateHeader get(schema::StateHeader::Reader from, const PathsIn&) { return {from.getGeneration()}; }

void put(schema::StateRow::Builder to, const StateRow& from, PathsOut& paths) {
  to.setStableId(blob(from.stable_id));
  to.setStaticHash(digest_data(from.static_hash));
  to.setWeak(digest_data(from.weak));
  to.setStrong(digest_data(from.strong));
  to.setPathSet(digest_data(from.path_set));
  put(to.initEntry(), from.entry, paths);
}
StateRow get(schema::StateRow::Reader from, const PathsIn& paths) {
  StateRow to;
  to.stable_id = str(from.getStableId());
  to.static_hash = digest(from.getStaticHash());
  to.weak = digest(from.getWeak());
  to.strong = digest(from.getStrong());
  to.path_set = digest(from.getPathSet());
  to.entry = get(from.getEntry(), paths);
  return to;
}

void put(schema::PathSetBlob::Builder to, const PathSetBlob& from, PathsOut&) {
  to.setDigest(digest_data(from.digest));
  to.setBytes(blob(from.bytes));
}
PathSetBlob get(schema::PathSetBlob::Reader from, const PathsIn&) {
  return {digest(from.getDigest()), str(from.getBytes())};
}

}  // namespace bxl::wire
