// The stream side of publish: every record is passed on at once; candidates go to the publisher.
#include "publish.h"

#include <algorithm>
#include <atomic>
#include <unordered_set>
#include <utility>

#include "cas/lease.h"
#include "cli/main.h"
#include "gc.h"
#include "graph/mounts.h"
#include "publisher.h"
#include "wire/stream.h"

namespace bxl::cache_tool {
namespace {

// A full disk fails every entry alike: after a few lines only the number matters.
class Warnings {
 public:
  ~Warnings() {
    if (count_ > kLines)
      cli::print_warning(kTool, "not published: " + std::to_string(count_ - kLines) + " more");
  }
  void add(const std::string& line) {
    if (++count_ <= kLines) cli::print_warning(kTool, line);
  }

 private:
  static constexpr unsigned kLines = 5;
  std::atomic<unsigned> count_{0};
};

// The cache, as far as it can be used. Without it records still pass.
struct Cache {
  cas::Lease lease;
  std::optional<cas::BlobStore> blobs;
  std::unique_ptr<cache::MetadataStore> metadata;
  std::optional<Publisher> publisher;  // after what it uses

  void open(const std::string& directory, Warnings& warnings) {
    auto opened = cas::BlobStore::open(directory);
    if (!opened) return refuse(opened.error(), warnings);
    auto store = cache::MetadataStore::open(directory);
    if (!store) return refuse(store.error(), warnings);
    blobs.emplace(std::move(*opened));
    if (auto taken = cas::Lease::take(directory, kTool)) lease = std::move(*taken);
    metadata = std::move(*store);
    if (!metadata->set_aside().empty())
      cli::print_warning(kTool, "the cache database was damaged or of another version; it is now " +
                                    metadata->set_aside());
    publisher.emplace(*metadata, *blobs,
                      [&warnings](const std::string& line) { warnings.add(line); });
  }

 private:
  // Below the wrapper bxl-plan has said that the cache cannot be used, and why.
  static void refuse(const Error& error, Warnings& warnings) {
    if (!cli::below_wrapper()) warnings.add("nothing is published: " + error.to_string());
  }
};

// What may enter the cache: a run that exec found publishable, and whose record is whole.
bool is_publishable(const wire::PipResult& result) {
  return result.outcome == wire::Outcome::Ran && result.publishable;
}

Candidate candidate_of(const wire::PipResult& result, const PathTable& paths,
                       const graph::Mounts& mounts) {
  wire::Entry entry = result.entry;
  Candidate out;
  for (wire::Output& output : entry.outputs) {
    output.identity = {};  // of this tree; means nothing elsewhere
    if (output.kind != wire::OutputKind::File) continue;
    out.request.blobs.push_back(output.digest);
    out.sizes.push_back(output.size);
  }
  if (!entry.console.is_zero()) {
    out.request.blobs.push_back(entry.console);
    out.sizes.push_back(entry.console_bytes);
  }
  if (!entry.evidence.is_zero()) {
    out.request.blobs.push_back(entry.evidence);
    out.sizes.push_back(kOptional);
  }
  std::sort(entry.outputs.begin(), entry.outputs.end(),
            [&](const wire::Output& a, const wire::Output& b) {
              return paths.str(a.path) < paths.str(b.path);
            });
  auto tokenise = [&](PathId path) { return mounts.tokenise(paths.str(path)); };
  out.request.stable_id =
      entry.outputs.empty() ? "(no outputs)" : tokenise(entry.outputs.front().path);
  out.request.weak = result.filed.weak.is_zero() ? result.weak : result.filed.weak;
  out.request.path_set = result.path_set;
  out.request.strong = result.strong;
  out.request.path_set_bytes = result.path_set_blob;
  out.request.entry_bytes = wire::encode_entry(entry, paths, tokenise);
  return out;
}

// The same for other checkouts. The entry names its outputs by mounts, hence it is the same bytes.
Candidate shared_of(const wire::PipResult& result, const Candidate& own) {
  Candidate out = own;
  out.request.weak = result.shared.weak;
  out.request.path_set = result.shared.path_set;
  out.request.strong = result.shared.strong;
  out.request.path_set_bytes = result.shared.path_set_blob;
  out.is_marker = true;  // one result, counted once
  return out;
}

// What leads from a weak fingerprint to the augmented one that the result goes under.
Candidate marker_of(const wire::PipResult& result, const std::string& stable_id) {
  Candidate out;
  out.is_marker = true;
  out.request.weak = result.filed.from;
  out.request.path_set_bytes = result.filed.path_set_blob;
  out.request.path_set = Digest::of(result.filed.path_set_blob);
  out.request.strong = cache::kAugmentingMarker;
  out.request.stable_id = stable_id;
  return out;
}

// Empty, or why the record contradicts itself.
const char* contradiction(const wire::PipResult& result) {
  if (result.weak.is_zero() || result.strong.is_zero()) return "it has no fingerprint";
  if (Digest::of(result.path_set_blob) != result.path_set)
    return "its path set does not match its digest";
  if (!result.shared.weak.is_zero() &&
      (!result.entry.root_free || result.shared.strong.is_zero() ||
       Digest::of(result.shared.path_set_blob) != result.shared.path_set))
    return "what it shares with other checkouts does not fit together";
  if (!result.filed.path_set_blob.empty() &&
      (result.filed.weak.is_zero() || result.filed.from.is_zero()))
    return "its augmenting path set leads nowhere";
  return nullptr;
}

}  // namespace

int publish_stream(const cli::Options& options, int in, int out) {
  PathTable paths;
  auto reader = wire::StreamReader::open(in, wire::StreamKind::Results, paths);
  if (!reader) {
    cli::print_consequence(kTool, reader.error().to_string());
    return cli::exit_code_for(reader.error(), cli::kUpstream);
  }
  const graph::Mounts mounts(reader->header().mounts);
  Warnings warnings;
  Cache cache;
  if (!options.dry_run) cache.open(options.cache, warnings);

  auto sink = wire::fd_sink(out);
  std::optional<wire::StreamWriter> writer;
  std::optional<Error> deaf;  // why nobody reads our output any more; publishing goes on
  auto pass_on = [&](Result<void> written) {
    if (!written && !deaf) deaf = std::move(written.error());
  };
  if (auto created = wire::StreamWriter::create(*sink, paths, reader->header()))
    writer.emplace(std::move(*created));
  else
    deaf = std::move(created.error());

  std::unordered_set<PipId> submitted;
  std::uint64_t counted = 0;  // entries that a stats record already tells of
  for (;;) {
    auto next = reader->next();
    if (!next) {
      if (cache.publisher) cache.publisher->drain();
      cli::print_consequence(kTool, next.error().to_string());
      return cli::exit_code_for(next.error(), cli::kUpstream);
    }
    if (!*next) break;
    wire::Record& record = **next;
    if (auto* stats = std::get_if<wire::Stats>(&record); stats && cache.publisher) {
      const std::uint64_t total = cache.publisher->drain();
      stats->published += total - std::exchange(counted, total);
    }
    if (!deaf) pass_on(writer->write(record));
    const auto* result = std::get_if<wire::PipResult>(&record);
    if (!result || !cache.publisher) continue;
    if (!is_publishable(*result)) {
      // A later record of the same pip supersedes: what was published of it is taken back.
      if (submitted.erase(result->pip) != 0) {
        Candidate candidate = candidate_of(*result, paths, mounts);
        candidate.retract = true;
        if (!result->shared.weak.is_zero()) cache.publisher->submit(shared_of(*result, candidate));
        cache.publisher->submit(std::move(candidate));
      }
      continue;
    }
    submitted.insert(result->pip);
    if (const char* why = contradiction(*result)) {
      warnings.add("not published: pip " + std::to_string(index(result->pip)) + ": " + why);
      continue;
    }
    Candidate candidate = candidate_of(*result, paths, mounts);
    // The marker second: without its entry it would lead lookups to nothing.
    std::optional<Candidate> marker;
    if (!result->filed.path_set_blob.empty())
      marker = marker_of(*result, candidate.request.stable_id);
    if (!result->shared.weak.is_zero()) cache.publisher->submit(shared_of(*result, candidate));
    cache.publisher->submit(std::move(candidate));
    if (marker) cache.publisher->submit(std::move(*marker));
  }
  if (cache.publisher) cache.publisher->drain();
  if (!deaf) pass_on(writer->end(reader->end()));
  // After the end record: who reads our results need not wait for it.
  if (cache.publisher) collect_if_due(options);
  if (!deaf) return cli::kOk;
  cli::print_consequence(kTool, deaf->to_string());
  return cli::exit_code_for(*deaf, cli::kUpstream);
}

int run_publish(const cli::Options& options) {
  auto in = cli::open_input(options);
  if (!in) {
    cli::print_error(kTool, in.error().to_string());
    return cli::exit_code_for(in.error(), cli::kUsage);
  }
  auto out = cli::open_output(options);
  if (!out) {
    cli::print_error(kTool, out.error().to_string());
    return cli::exit_code_for(out.error(), cli::kUsage);
  }
  return publish_stream(options, in->get(), out->get());
}

}  // namespace bxl::cache_tool
