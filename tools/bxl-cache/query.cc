// bxl-cache stats and bxl-cache ls: what the cache holds, as text or JSON.
#include <ctime>
#include <limits>

#include "cache/metadata_store.h"
#include "cas/blob_store.h"
#include "cli/main.h"
#include "publish.h"

namespace bxl::cache_tool {
namespace {

// `text` with control characters (and, for JSON, quotes) escaped; a path may hold any byte.
std::string escaped(std::string_view text) {
  std::string out;
  for (unsigned char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c < 0x20 || c == 0x7f) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", c);
      out += code;
    } else {
      out += static_cast<char>(c);
    }
  }
  return out;
}

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
  }
  const auto number = [](std::uint64_t n) { return std::to_string(n); };
  std::string text;
  if (options.json) {
    text = "{\"schema\":1,\"directory\":\"" + escaped(options.cache) +
           "\",\"entries\":" + number(counts.entries) +
           ",\"pathSets\":" + number(counts.path_sets) +
           ",\"weakFingerprints\":" + number(counts.weak) + ",\"blobs\":" + number(usage.blobs) +
           ",\"bytes\":" + number(usage.bytes) + ",\"quarantined\":" + number(usage.quarantined) +
           "}\n";
  } else {
    text = "cache:             " + options.cache + "\n" +             //
           "entries:           " + number(counts.entries) + "\n" +    //
           "path sets:         " + number(counts.path_sets) + "\n" +  //
           "weak fingerprints: " + number(counts.weak) + "\n" +       //
           "blobs:             " + number(usage.blobs) + " (" + number(usage.bytes) + " bytes)\n" +
           "quarantined:       " + number(usage.quarantined) + "\n";
  }
  std::fputs(text.c_str(), stdout);
  return cli::kOk;
}

int run_list(const cli::Options& options) {
  if (is_absent(options.cache)) return cli::kOk;
  auto metadata = cache::MetadataStore::open(options.cache);
  if (!metadata) return fail(metadata.error());
  auto listed = (*metadata)->list(std::numeric_limits<std::int64_t>::max());
  if (!listed) return fail(listed.error());
  for (const cache::Listed& entry : *listed) {
    const std::string id = escaped(entry.stable_id);
    if (options.json) {
      std::printf(
          "{\"id\":\"%s\",\"weak\":\"%s\",\"pathSet\":\"%s\",\"strong\":\"%s\",\"created\":%lld,"
          "\"used\":%lld,\"blobs\":%llu}\n",
          id.c_str(), entry.weak.hex().c_str(), entry.selector.path_set.hex().c_str(),
          entry.selector.strong.hex().c_str(), static_cast<long long>(entry.created_unix_s),
          static_cast<long long>(entry.used_unix_s), static_cast<unsigned long long>(entry.blobs));
    } else {
      std::printf("%s  %s  %s  %llu  %s\n", local_time(entry.used_unix_s).c_str(),
                  entry.weak.hex().c_str(), entry.selector.strong.hex().c_str(),
                  static_cast<unsigned long long>(entry.blobs), id.c_str());
    }
  }
  return cli::kOk;
}

}  // namespace bxl::cache_tool
