// The table of what disturbs what: codes and letters as BuildXL's, order from the graph.
#include "violation/rules.h"

namespace bxl::violation {
namespace {

Verdict refuse(Kind kind, std::string_view code, std::string_view letter, char role) {
  return {kind, Severity::Violation, Whom::Mine, code, letter, role};
}

// The reader's first, then the writer's. `reader_first`: the writer depends on the reader.
std::optional<Verdict> reader_and_writer(const Fact& reader, const Fact& writer, bool mine_reads,
                                         bool reader_first, bool writer_first) {
  const char role = mine_reads ? 'R' : 'W';
  auto uncached = [&](Kind kind) {
    return Verdict{kind, Severity::Uncached, mine_reads ? Whom::Mine : Whom::Theirs, "", "", role};
  };
  Touch touch = reader.touch;
  if (touch == Touch::Look)
    touch = writer.touch == Touch::Create ? Touch::AbsentProbe : Touch::Probe;

  if (writer.touch == Touch::Create && writer.scratch) {
    // The writer's hit brings nothing back to /tmp, so that no order makes this right.
    if (touch == Touch::Read && !writer.directory)
      return refuse(Kind::ReadScratch, "DX5009", "R", role);
    return std::nullopt;
  }
  if (writer_first) return std::nullopt;  // View shows it what it must see, or its absence
  if (writer.touch == Touch::Temporary) {
    if (reader_first || touch == Touch::List || !overlap(reader, writer)) return std::nullopt;
    return uncached(Kind::ReadWhileRewritten);
  }
  if (reader_first) {
    // It runs before the writer in every build, and finds there what it always finds; only what the
    // writer made in an earlier build is a surprise.
    const bool met = touch == Touch::Read || touch == Touch::Probe;
    if (writer.touch == Touch::Create && met && !writer.directory)
      return refuse(Kind::ReadDownstream, "DX5007", "R", role);
    return std::nullopt;
  }
  switch (touch) {
    case Touch::List:
      // Rewriting a member changes no name.
      if (writer.touch == Touch::Rewrite) return std::nullopt;
      return uncached(Kind::Listed);
    case Touch::Read:
    case Touch::Probe:
      if (writer.touch == Touch::Create) {
        // Directories come and go with what lies in them.
        if (writer.directory) return std::nullopt;
        return refuse(Kind::ReadOutput, writer.declared ? "DX5003" : "DX5009", "R", role);
      }
      if (touch == Touch::Probe && writer.touch == Touch::Rewrite) return std::nullopt;
      return refuse(Kind::ChangedSource, "DX5025", "MD", role);
    case Touch::AbsentProbe:
      if (writer.touch == Touch::Create) {
        // mkdir -p is everywhere: who merely looked for the directory breaks nothing (BuildXL
        // ignores it), but its result is one of two.
        if (writer.directory) return uncached(Kind::ProbedDirectory);
        return refuse(Kind::ProbedOutput, "DX5026", "MD", role);
      }
      return refuse(Kind::ChangedSource, "DX5025", "MD", role);
    default:
      return std::nullopt;
  }
}

std::optional<Verdict> two_writers(const Fact& mine, const Fact& theirs, Order order) {
  if (mine.touch == Touch::Temporary || theirs.touch == Touch::Temporary) {
    if (order != Order::None || !overlap(mine, theirs)) return std::nullopt;
    // What one made and the other took away while both ran.
    if (mine.touch == Touch::Remove || theirs.touch == Touch::Remove)
      return refuse(Kind::RemovedOutput, "DX5002", "DW", 'W');
    return refuse(Kind::SharedTemporary, "DX5032", "W", 'W');
  }
  const bool create = mine.touch == Touch::Create || theirs.touch == Touch::Create;
  if (create && (mine.scratch || theirs.scratch)) return std::nullopt;
  if (create && (mine.touch == Touch::Remove || theirs.touch == Touch::Remove)) {
    // Upstream of the pip that makes it, in every build, it can only meet what an earlier build
    // left: that is made again.
    const bool remover_first =
        order == (mine.touch == Touch::Remove ? Order::MineFirst : Order::TheirsFirst);
    if (remover_first) return std::nullopt;
    return refuse(Kind::RemovedOutput, "DX5002", "DW", 'W');
  }
  // Both make the directory: whoever comes second finds it. Only its loss would be felt.
  if (mine.directory || theirs.directory) return std::nullopt;
  if (create) {
    // Only the graph's order makes the first writer always the same one; declared outputs are the
    // declarer's alone.
    const bool same = !mine.content.is_zero() && mine.content == theirs.content;
    const bool allowed = order == Order::TheirsFirst || (mine.same_content && theirs.same_content);
    if (same && !mine.declared && !theirs.declared && allowed)
      return Verdict{Kind::SameContent, Severity::Uncached, Whom::Mine, "", "", 'W'};
    return refuse(Kind::DoubleWrite, "DX5002", "DW", 'W');
  }
  // Two changes of one source. In an order the last one always has the last word; neither is ever
  // published.
  if (order != Order::None) return std::nullopt;
  return refuse(Kind::DoubleWrite, "DX5002", "DW", 'W');
}

}  // namespace

bool overlap(const Fact& a, const Fact& b) {
  if (a.end_ns == 0 || b.end_ns == 0) return false;
  return a.start_ns < b.end_ns && b.start_ns < a.end_ns;
}

std::optional<Verdict> judge(const Fact& mine, const Fact& theirs, Order order) {
  const bool i_write = is_write(mine.touch), they_write = is_write(theirs.touch);
  if (!i_write && !they_write) return std::nullopt;
  if (i_write && they_write) return two_writers(mine, theirs, order);
  if (they_write)
    return reader_and_writer(mine, theirs, true, order == Order::MineFirst,
                             order == Order::TheirsFirst);
  return reader_and_writer(theirs, mine, false, order == Order::TheirsFirst,
                           order == Order::MineFirst);
}

}  // namespace bxl::violation
