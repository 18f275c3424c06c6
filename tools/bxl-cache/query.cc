// bxl-cache stats and bxl-cache ls: what the cache holds, as text or JSON.
#include <cstdio>
#include <cstring>
#include <ctime>

#include "base/json_writer.h"
#include "base/text.h"
#include "cache/collector.h"
#include "cache/metadata_store.h"
#include "cas/blob_store.h"
#include "cli/main.h"
#include "entries.h"
#include "gc.h"
#include "publish.h"

namespace bxl::cache_tool {
namespace {

std::string local_time(std::int64_t unix_s) {
  const std::time_t when = unix_s;
  std::tm parts{};
  char text[32] = "?";
  if (::localtime_r(&when, &parts)) std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &parts);
  return text;
}

int fail(const Error& error) {
  cli::print_error(kTool, error.to_string());
  return cli::exit_code_for(error, cli::kLocalResource);
}

// Asking about a cache must not make one.
bool is_absent(const std::string& directory) {
  auto identity = stat_identity(directory + "/metadata.sqlite");
  return identity && !identity->exists();
}

}  // namespace

int run_stats(const cli::Options& options) {
  cache::Counts counts;
  cas::Usage usage;
  bool compresses = false;
  if (!is_absent(options.cache)) {
    auto metadata = cache::MetadataStore::open(options.cache);
    if (!metadata) return fail(metadata.error());
    auto counted = (*metadata)->counts();
    if (!counted) return fail(counted.error());
    counts = *counted;
    auto blobs = cas::BlobStore::open(options.cache);
    if (!blobs) return fail(blobs.error());
    auto used = blobs->usage();
    if (!used) return fail(used.error());
    usage = *used;
    compresses = blobs->compresses();
  }
  const std::uint64_t limit = limit_of(options);
  std::uint64_t metadata_bytes = 0;
  if (auto database = stat_identity(options.cache + "/metadata.sqlite"))
    metadata_bytes = database->size;
  std::string text;
  if (options.json) {
    JsonWriter json(&text);
    json.begin_object().key("schema").integer(1);
    json.key("directory").string(options.cache);
    json.key("entries").natural(counts.entries).key("pathSets").natural(counts.path_sets);
    json.key("weakFingerprints").natural(counts.weak).key("blobs").natural(usage.blobs);
    json.key("bytes").natural(usage.bytes).key("quarantined").natural(usage.quarantined);
    json.key("compresses").boolean(compresses);
    json.key("metadataBytes").natural(metadata_bytes).key("limitBytes").natural(limit);
    json.end_object();
    text += '\n';
  } else {
    const auto line = [&](const char* name, const std::string& value) {
      text += name;
      text.append(19 - std::strlen(name), ' ').append(value).append("\n");
    };
    line("cache:", printable(options.cache));
    line("entries:", std::to_string(counts.entries));
    line("path sets:", std::to_string(counts.path_sets));
    line("weak fingerprints:", std::to_string(counts.weak));
    line("blobs:", std::to_string(usage.blobs));
    line("bytes:", std::to_string(usage.bytes));
    line("metadata bytes:", std::to_string(metadata_bytes));
    line("limit:", limit == 0 ? "none" : std::to_string(limit));
    line("compression:", compresses ? "zstd" : "none");
    line("quarantined:", std::to_string(usage.quarantined));
  }
  std::fputs(text.c_str(), stdout);
  return cli::kOk;
}

int run_compress(const cli::Options& options) {
  const std::string word = options.targets.size() == 1 ? options.targets.front() : std::string();
  if (word != "on" && word != "off") {
    cli::print_error(kTool, "compress takes one word, on or off");
    return cli::kUsage;
  }
  auto done = cas::BlobStore::set_compression(options.cache, word == "on");
  if (!done) return fail(done.error());
  if (options.verbosity >= 0)
    std::printf("what enters the cache in %s from now on is %s\n", printable(options.cache).c_str(),
                word == "on" ? "compressed where that saves an eighth" : "kept as it is");
  return cli::kOk;
}

int run_list(const cli::Options& options) {
  if (is_absent(options.cache)) return cli::kOk;
  auto metadata = cache::MetadataStore::open(options.cache);
  if (!metadata) return fail(metadata.error());
  auto listed = find_entries(**metadata, options.targets);
  if (!listed) return fail(listed.error());
  for (const cache::Listed& entry : *listed) {
    std::string line;
    if (options.json) {
      JsonWriter json(&line);
      json.begin_object().key("id").string(entry.stable_id);
      json.key("weak").string(entry.weak.hex());
      json.key("pathSet").string(entry.selector.path_set.hex());
      json.key("strong").string(entry.selector.strong.hex());
      json.key("created").integer(entry.created_unix_s).key("used").integer(entry.used_unix_s);
      json.key("blobs").natural(entry.blobs).end_object();
    } else {
      line = local_time(entry.used_unix_s) + "  " + entry.weak.hex() + "  " +
             entry.selector.strong.hex() + "  " + std::to_string(entry.blobs) + "  " +
             printable(entry.stable_id);
    }
    std::puts(line.c_str());
  }
  return cli::kOk;
}

}  // namespace bxl::cache_tool
