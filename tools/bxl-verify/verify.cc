#include "verify.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <random>
#include <unordered_map>

#include "base/text.h"
#include "beside.h"
#include "cache/metadata_store.h"
#include "cas/blob_store.h"
#include "cas/lease.h"
#include "graph/pip_graph.h"
#include "os/file.h"
#include "os/temp_place.h"
#include "os/tree.h"
#include "plan/session.h"
#include "state/output_log.h"
#include "wire/stream.h"

namespace bxl::verify {
namespace {

// Beyond this, where two versions part is not looked for: both are read whole.
constexpr std::uint64_t kMostCompared = 64u << 20;

bool is_within(const std::string& path, const std::string& root) {
  return path == root || (path.starts_with(root) && path.size() > root.size() &&
                          (root == "/" || path[root.size()] == '/'));
}

// A directory of this process, removed with all that the runs left. Those of dead processes go
// first.
class ScratchPlace {
 public:
  static Result<ScratchPlace> make(const std::string& parent) {
    BXL_TRY(make_directories(parent));
    if (auto others = list_directory(parent))
      for (const std::string& name : *others) {
        if (!name.starts_with("run-")) continue;
        auto lock = FileLock::take(parent + "/" + name + "/lock", FileLock::Wait::No);
        if (!lock || *lock) (void)!remove_tree(parent + "/" + name);
      }
    ScratchPlace place;
    place.path_ = parent + "/run-" + std::to_string(::getpid());
    BXL_TRY(make_directories(place.path_));
    BXL_TRY_ASSIGN(place.lock_, FileLock::take(place.path_ + "/lock", FileLock::Wait::No));
    return place;
  }
  ScratchPlace(ScratchPlace&& other) noexcept
      : path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}
  ScratchPlace& operator=(ScratchPlace&&) = delete;
  ~ScratchPlace() {
    if (!path_.empty()) (void)!remove_tree(path_);
  }
  const std::string& path() const { return path_; }

 private:
  ScratchPlace() = default;
  std::string path_;
  std::optional<FileLock> lock_;
};

class Verifier {
 public:
  Verifier(const Request& request, wire::GraphReader reader, std::unique_ptr<PathTable> paths,
           graph::PipGraph graph, const plan::PlanInput& input, int cancel_fd,
           const std::function<void(const Verdict&)>& tell)
      : request_(request),
        reader_(std::move(reader)),
        paths_(std::move(paths)),
        graph_(std::move(graph)),
        input_(input),
        mounts_(input.header.mounts),
        workspace_{input.header.workspace},
        cancel_fd_(cancel_fd),
        tell_(tell) {}

  Result<Report> run() {
    choose();
    if (rounds_.empty()) return std::move(report_);
    BXL_TRY(read_records());
    find_roots();
    if (auto store = cas::BlobStore::open(request_.cache)) {
      store_ = std::make_unique<cas::BlobStore>(std::move(*store));
      if (auto lease = cas::Lease::take(request_.cache, "bxl-verify")) lease_ = std::move(*lease);
    }
    if (!request_.look_only) BXL_TRY(remove_tree(kept_directory()));
    BXL_TRY(find_place());
    for (const std::vector<bool>& chosen : rounds_) {
      BXL_TRY(round(chosen));
      if (report_.signal != 0) return std::move(report_);
    }
    BXL_TRY(forget());
    return std::move(report_);
  }

 private:
  // A command runs with what its recorded result rests on, not with what another run just made of
  // it: what depends on a chosen one waits for a later round.
  void choose() {
    std::mt19937_64 random{std::random_device()()};
    std::uniform_real_distribution<double> percent(0, 100);
    std::vector<const wire::PlanPip*> candidates;
    std::vector<bool> chosen(graph_.size(), false);
    for (const wire::PlanPip& pip : input_.pips) {
      if (pip.action != wire::Action::Clean && pip.action != wire::Action::Hit) {
        ++report_.not_current;
        continue;
      }
      known_[pip.pip] = &pip;
      if (graph_.pip(pip.pip).kind == wire::PipKind::Process) candidates.push_back(&pip);
    }
    std::shuffle(candidates.begin(), candidates.end(), random);
    // At least one, so that a small sample of a small build looks at something.
    for (const wire::PlanPip* pip : candidates)
      if (request_.sample_percent >= 100 || pip == candidates.front() ||
          percent(random) < request_.sample_percent)
        chosen[index(pip->pip)] = true;
      else
        ++report_.not_sampled;
    std::vector<std::size_t> depth(graph_.size(), 0);
    for (PipId id : graph_.topological_order()) {
      std::size_t deepest = 0;
      for (PipId dependency : graph_.pip(id).dependencies)
        deepest = std::max(deepest, depth[index(dependency)]);
      depth[index(id)] = deepest + (chosen[index(id)] ? 1 : 0);
      if (!chosen[index(id)]) continue;
      if (rounds_.size() <= deepest) rounds_.resize(deepest + 1);
      if (rounds_[deepest].empty()) rounds_[deepest].resize(graph_.size(), false);
      rounds_[deepest][index(id)] = true;
    }
  }

  Result<void> read_records() {
    BXL_TRY_ASSIGN(
        auto log,
        state::OutputLog::open(workspace_, plan::outputs_log_copy(request_.cache, workspace_.root),
                               mounts_, *paths_, state::OutputLog::Mode::Read));
    for (const auto& [path, record] : log->records()) {
      auto disk = lstat_identity(paths_->str(path));
      if (disk && graph::still_recorded(record, *disk)) records_.emplace_back(path, record);
    }
    return {};
  }

  // Every place where commands of this graph may write by right.
  void find_roots() {
    std::vector<std::string> all{workspace_.root};
    auto add = [&](PathId path) {
      const std::string text = paths_->str(path);
      if (const wire::Mount* mount = mounts_.of(text))
        if (!(mount->flags & wire::kMountSystem)) all.push_back(mount->path);
    };
    for (const wire::Mount& mount : mounts_.all())
      if (mount.flags & wire::kMountOutput) all.push_back(mount.path);
    for (const auto& [pip, plan] : known_)
      for (const wire::Output& output : plan->entry.outputs) add(output.path);
    std::sort(all.begin(), all.end());
    for (const std::string& path : all)
      if (std::none_of(roots_.begin(), roots_.end(),
                       [&](const std::string& root) { return is_within(path, root); }))
        roots_.push_back(path);
  }

  // The cache's file system has room and is rarely an overlay; else wherever temporary files go,
  // and memory for the layers where neither can hold them.
  Result<void> find_place() {
    std::vector<std::string> parents{request_.cache + "/verify"};
    for (const std::string& place : temp_places())
      parents.push_back(place + "/bxl-verify-" + std::to_string(::geteuid()));
    std::optional<Error> failed;
    for (const std::string& parent : parents) {
      auto real = real_path(std::string(parent_path(parent)));
      const std::string where = real ? *real : parent;
      if (std::any_of(roots_.begin(), roots_.end(),
                      [&](const std::string& root) { return is_within(where, root); }))
        continue;
      auto place = ScratchPlace::make(parent);
      if (place) {
        place_ = std::make_unique<ScratchPlace>(std::move(*place));
        return {};
      }
      failed = std::move(place.error());
    }
    if (failed) return std::move(*failed);
    return make_error(EINVAL, "the cache and the temporary directory lie in the tree itself");
  }

  std::vector<bool> upstream_of(const std::vector<bool>& chosen) const {
    std::vector<bool> out(graph_.size(), false);
    const auto& order = graph_.topological_order();
    for (auto it = order.rbegin(); it != order.rend(); ++it)
      if (chosen[index(*it)] || out[index(*it)])
        for (PipId dependency : graph_.pip(*it).dependencies) out[index(dependency)] = true;
    return out;
  }

  Result<void> round(const std::vector<bool>& chosen) {
    const std::vector<bool> upstream = upstream_of(chosen);
    const Job job{reader_,  paths_, input_,         chosen,        upstream,
                  records_, roots_, request_.cache, request_.jobs, request_.pip_timeout_ms};
    for (;;) {
      Scratch scratch{place_->path() + "/" + std::to_string(attempt_++), in_memory_};
      BXL_TRY(make_directories(scratch.directory));
      std::vector<Finding> findings;
      auto done = run_beside(job, scratch, cancel_fd_,
                             [&](Finding finding) { findings.push_back(std::move(finding)); });
      if (!done && done.error().errnum == EINVAL && !std::exchange(in_memory_, true)) continue;
      if (!done) return std::move(done.error());
      report_.signal = *done;
      if (report_.signal != 0) return {};
      std::sort(findings.begin(), findings.end(),
                [](const Finding& a, const Finding& b) { return a.pip < b.pip; });
      BXL_TRY_ASSIGN(auto made, cas::BlobStore::open(store_of(scratch)));
      for (Finding& finding : findings) judge(std::move(finding), made);
      return remove_tree(scratch.directory);
    }
  }

  void judge(Finding finding, cas::BlobStore& made) {
    const std::string& name = graph_.pip(finding.pip).stable_id;
    ++report_.run;
    if (finding.console_differs) report_.console_differs.push_back(name);
    if (finding.is_same()) {
      ++report_.same;
      return;
    }
    Verdict verdict{name, std::move(finding), {}};
    const wire::PlanPip& known = *known_.at(verdict.finding.pip);
    for (Difference& difference : verdict.finding.differences) {
      verdict.kept.emplace_back();
      if (difference.other.is_zero()) continue;
      for (const wire::Output& output : known.entry.outputs)
        if (paths_->str(output.path) == difference.path && output.kind == wire::OutputKind::File &&
            output.digest != difference.other)
          difference.text += where_they_part(output, difference.other, made);
      if (!request_.look_only) verdict.kept.back() = keep(difference, made);
    }
    tell_(verdict);
    report_.verdicts.push_back(std::move(verdict));
  }

  std::string where_they_part(const wire::Output& before, const Digest& after,
                              cas::BlobStore& made) {
    if (!store_ || before.size > kMostCompared) return {};
    auto a = store_->read(before.digest);
    auto b = made.read(after);
    if (!a || !*a || !b || !*b) return {};
    const std::size_t end = std::min((*a)->size(), (*b)->size());
    const auto at = static_cast<std::size_t>(
        std::mismatch((*a)->begin(), (*a)->begin() + static_cast<std::ptrdiff_t>(end),
                      (*b)->begin())
            .first -
        (*a)->begin());
    return " from byte " + std::to_string(at) + " on (" + size_text((*a)->size()) + " before, " +
           size_text((*b)->size()) + " now)";
  }

  std::string kept_directory() const { return workspace_.dir() + "/verify"; }

  // Beside the tree, for diff and diffoscope. What cannot be kept is not worth an error.
  std::string keep(const Difference& difference, cas::BlobStore& made) {
    const std::string token = mounts_.tokenise(difference.path);
    const std::string to = kept_directory() + (token.starts_with('/') ? "" : "/") + token;
    if (!make_directories(std::string(parent_path(to)))) return {};
    auto file = open_file(to, O_RDWR | O_CREAT | O_TRUNC);
    if (!file) return {};
    auto copied = made.copy_out(difference.other, file->get());
    return copied && *copied ? to : std::string();
  }

  // An entry whose command makes something else each time would be shared as if it were the one
  // truth. The workspace keeps what it has.
  Result<void> forget() {
    if (request_.look_only || report_.verdicts.empty() || !store_) return {};
    BXL_TRY_ASSIGN(auto metadata, cache::MetadataStore::open(request_.cache));
    BXL_TRY_ASSIGN(auto listed, metadata->list(std::numeric_limits<std::int64_t>::max()));
    for (const Verdict& verdict : report_.verdicts) {
      const wire::PlanPip& known = *known_.at(verdict.finding.pip);
      // Under the weak fingerprint, an augmented one, or the one for other checkouts.
      for (const cache::Listed& entry : listed) {
        bool same =
            entry.selector.strong == known.strong && entry.selector.path_set == known.path_set;
        if (!same && is_of(entry, known)) {
          BXL_TRY_ASSIGN(auto bytes, metadata->entry(entry.weak, entry.selector));
          same = bytes && has_outputs(*bytes, known.entry);
        }
        if (!same) continue;
        BXL_TRY(metadata->forget(entry.weak, entry.selector));
        ++report_.forgotten;
      }
    }
    return {};
  }

  // Entries are called by their first output.
  bool is_of(const cache::Listed& entry, const wire::PlanPip& pip) const {
    return std::any_of(pip.entry.outputs.begin(), pip.entry.outputs.end(),
                       [&](const wire::Output& output) {
                         return mounts_.tokenise(paths_->str(output.path)) == entry.stable_id;
                       });
  }

  // Does an encoded entry make the very same?
  bool has_outputs(const std::string& bytes, const wire::Entry& known) {
    auto entry = wire::decode_entry(bytes, [&](std::string_view token) -> Result<PathId> {
      BXL_TRY_ASSIGN(auto path, mounts_.expand(token));
      return paths_->intern(path);
    });
    return entry && differences(entry->outputs, known.outputs, *paths_).empty();
  }

  const Request& request_;
  wire::GraphReader reader_;
  std::unique_ptr<PathTable> paths_;
  graph::PipGraph graph_;
  const plan::PlanInput& input_;
  graph::Mounts mounts_;
  state::Workspace workspace_;
  int cancel_fd_;
  const std::function<void(const Verdict&)>& tell_;
  std::unordered_map<PipId, const wire::PlanPip*> known_;  // up to date or a hit
  std::vector<std::vector<bool>> rounds_;                  // by pip
  std::vector<std::pair<PathId, graph::OutputRecord>> records_;
  std::vector<std::string> roots_;
  std::unique_ptr<cas::BlobStore> store_;
  cas::Lease lease_;
  std::unique_ptr<ScratchPlace> place_;
  bool in_memory_ = false;
  unsigned attempt_ = 0;
  Report report_;
};

}  // namespace

Result<Report> verify(const Request& request, wire::GraphReader reader,
                      std::unique_ptr<PathTable> paths, const plan::PlanInput& input, int cancel_fd,
                      const std::function<void(const Verdict&)>& tell) {
  BXL_TRY_ASSIGN(auto graph, graph::PipGraph::load(reader, *paths));
  return Verifier(request, std::move(reader), std::move(paths), std::move(graph), input, cancel_fd,
                  tell)
      .run();
}

}  // namespace bxl::verify
