// The state of record(): one object for one run of a pip, see recorder.h. Private to exec.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "exec/recorder.h"

namespace bxl::exec {

// Front ends whose graphs say where each pip may write.
inline constexpr std::uint32_t kSaysWhere = wire::kPipJson | wire::kPipJavaScript;

class Recorder {
 public:
  Recorder(fingerprint::View& view, const graph::OutputRecords& records, const RunContext& context,
           const sandbox::Outcome& outcome, const Ingested& ingested, violation::Analyzer& analyzer)
      : view_(view),
        paths_(view.paths()),
        records_(records),
        context_(context),
        outcome_(outcome),
        ingested_(ingested),
        analyzer_(analyzer),
        pip_(view.graph().pip(context.pip)) {}
  Recorded run();

 private:
  std::string show(PathId path) { return view_.mounts().tokenise(paths_.str(path)); }
  void not_published(std::string why) { result_.why_not.push_back(std::move(why)); }

  // Whose output is this beyond doubt, other than the pip's own? What an earlier build recorded for
  // a pip that is still to run means nothing yet: should it make the path again, it is told then.
  struct Owner {
    PipId pip = kNoPip;
    bool declares = false, directory = false;
    Digest content;
  };
  Owner owner_of(PathId path);
  Progress progress(PipId pip) const;
  bool leftover(PathId path, const FileIdentity& seen);
  bool holds_leftovers(PathId directory);
  void met_leftover(PathId path, FileKind kind);
  bool of_interest(std::string_view path) const;
  void touch(PathId path, violation::Fact fact, const Owner& owner);
  void wrote(PathId path, violation::Touch how, const Ingested::File* file);
  void wrote(PathId path, violation::Touch how, const Ingested::File* file, const Owner& owner);
  // Made, and left where nothing is an output.
  void left_scratch(PathId path, const Ingested::File& file);
  void denied();
  void judge();
  bool recorded_own(PathId path) const;
  // Was this, which it declares, made by a pip after it in an earlier build, and is it as that left
  // it?
  bool made_later(PathId path);
  bool git_index_kept(PathId path);
  void forget_directories_of_violations();
  // Where a declaration closes a place, that counts.
  bool in_tool_cache(const sandbox::Access& access, PathId path) const {
    return context_.tool_caches && context_.tool_caches->holds(access.path) &&
           view_.output_exclusion(context_.pip, path) == kNoPath;
  }
  // Why the other of two that used a path of a cache at the same time is not published.
  std::string met_in_tool_cache(PipId met, PathId path);
  const std::unordered_set<PathId>& mutated();  // in this run
  bool is_mutated(const sandbox::Access& access);
  bool is_lock_file(const sandbox::Access& access) const;

  // recorded_writes.cc
  struct Change {
    const sandbox::Access& access;
    PathId path;
    const Ingested::File* file;  // as it is now; null: gone
    const wire::Mount* mount;
    bool existed, declared;
    bool ours;      // declared, or recorded of an earlier run
    bool recorded;  // put here by bxl or one of its pips: nobody's loss
    bool edits_content() const;
  };
  void mutation(const sandbox::Access& access);
  bool may_write(const Change& change);
  void gone(const Change& change);
  void elsewhere(const Change& change);
  bool of_another(const Change& change);
  bool of_the_user(const Change& change);
  void add_output(const Change& change);
  void into_tool_cache(const Change& change);
  bool temporary(const sandbox::Access& access, PathId path, const Ingested::File* file);
  PathId inner_workspace(PathId path);

  // recorded_reads.cc
  PathId topmost_absent(PathId path, const wire::Mount* mount);
  bool undeclared_read(const sandbox::Access& access, PathId path, const fingerprint::Seen& seen,
                       const wire::Mount* mount);
  void observation(const sandbox::Access& access);
  void from_tool_cache(const sandbox::Access& access, PathId path);
  void observe(const sandbox::Access& access, PathId path, const fingerprint::Seen& seen,
               bool reads);
  void unchanged(const sandbox::Access& access, PathId path, const fingerprint::Seen& seen);
  // A pip in no order with this one that has started, and in whose output directory this lies; or
  // kNoPip.
  PipId running_maker(PathId path);
  void task_listing(PathId dir, const std::vector<std::string>& truth,
                    const std::vector<std::string>& visible,
                    const std::function<bool(const std::string&)>& touched);
  void listing(const sandbox::Access& access, PathId dir);

  fingerprint::View& view_;
  PathTable& paths_;
  const graph::OutputRecords& records_;
  const RunContext& context_;
  const sandbox::Outcome& outcome_;
  const Ingested& ingested_;
  violation::Analyzer& analyzer_;
  const wire::Pip& pip_;
  Recorded result_;
  std::vector<violation::Touched> touched_;
  std::unordered_set<PathId> declared_, own_dirs_, mutated_;
  std::unordered_set<PathId> readable_;  // with kPipDeclaredReads; empty: not asked yet
  std::unordered_map<PathId, const Ingested::File*> now_;
  std::unordered_map<PathId, bool> workspaces_;  // directories: is it one?
  PathId rspfile_ = kNoPath;
  bool found_tool_cache_ = false;  // told
};

}  // namespace bxl::exec
