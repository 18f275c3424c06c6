// Collections, and what is said of them.
#include "gc.h"

#include <cstdio>

#include "base/json_writer.h"
#include "base/text.h"
#include "cache/collector.h"
#include "cli/main.h"
#include "os/file.h"
#include "publish.h"

namespace bxl::cache_tool {
namespace {

constexpr std::chrono::milliseconds kAfterBuild{2000};

void print_json(const cache::Collected& done, std::uint64_t limit) {
  std::string text;
  JsonWriter json(&text);
  json.begin_object().key("schema").integer(1).key("busy").boolean(done.busy);
  json.key("entries").natural(done.entries).key("blobs").natural(done.blobs);
  json.key("pathSets").natural(done.path_sets).key("freedBytes").natural(done.freed_bytes);
  json.key("heldBytes").natural(done.held_bytes).key("sizeBytes").natural(done.size_bytes);
  json.key("limitBytes").natural(limit).end_object();
  std::puts(text.c_str());
}

std::string sentence(const cache::Collected& done, std::uint64_t limit) {
  if (done.busy) return "another collection is at work; nothing was done";
  std::string text = count_text(done.entries, "entry", "entries") + " and " +
                     count_text(done.blobs, "blob", "blobs") + " removed, " +
                     size_text(done.freed_bytes) + " freed; the cache holds " +
                     size_text(done.size_bytes) +
                     (limit == 0 ? " and has no limit" : " of at most " + size_text(limit));
  if (!done.complete)
    text += " (the time for it is over; the next build goes on)";
  else if (limit != 0 && done.size_bytes > limit)
    text += " (the rest is in use, or was within the last ten minutes)";
  return text;
}

}  // namespace

std::uint64_t limit_of(const cli::Options& options) {
  return options.cache_size ? *options.cache_size : cache::default_limit(options.cache);
}

int run_gc(const cli::Options& options) {
  const std::uint64_t limit = limit_of(options);
  cache::Collected done;
  // Tidying a cache must not make one.
  if (auto there = stat_identity(options.cache + "/FORMAT"); there && there->exists()) {
    auto collected = cache::collect(options.cache, {limit, {}});
    if (!collected) {
      cli::print_error(kTool, collected.error().to_string());
      return cli::exit_code_for(collected.error(), cli::kLocalResource);
    }
    done = *collected;
  }
  if (options.json)
    print_json(done, limit);
  else if (options.verbosity >= 0)
    std::puts(sentence(done, limit).c_str());
  return cli::kOk;
}

void collect_if_due(const cli::Options& options) {
  const std::uint64_t limit = limit_of(options);
  if (!cache::is_collection_due(options.cache, limit)) return;
  auto done = cache::collect(options.cache, {limit, kAfterBuild});
  if (!done)
    return cli::print_warning(
        kTool, "the cache could not be brought below its limit: " + done.error().to_string());
  if (done->recent_entries != 0)
    cli::print_warning(kTool, "the cache is too small for what was built within a day: " +
                                  count_text(done->recent_entries, "result", "results") +
                                  " of it had to go to keep it below " + size_text(limit) +
                                  "; --cache-size or BXL_CACHE_SIZE gives it more");
  else if (options.verbosity > 0)
    cli::print_note(kTool, sentence(*done, limit));
}

}  // namespace bxl::cache_tool
