// The entries and blobs of a cache, as text and as JSON.
#include "show.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "base/json_writer.h"
#include "base/text.h"
#include "cli/main.h"
#include "entries.h"
#include "publish.h"
#include "report/compare.h"
#include "report/words.h"
#include "wire/names.h"

namespace bxl::cache_tool {
namespace {

int fail(const Error& error, int code) {
  cli::print_error(kTool, error.to_string());
  return cli::exit_code_for(error, code);
}

struct Cache {
  std::unique_ptr<cache::MetadataStore> metadata;
  std::unique_ptr<cas::BlobStore> blobs;
};

// Asking about a cache must not make one.
Result<Cache> open_cache(const std::string& directory) {
  BXL_TRY_ASSIGN(auto database, stat_identity(directory + "/metadata.sqlite"));
  if (!database.exists()) return make_error(ENOENT, "there is no cache in " + directory);
  Cache cache;
  BXL_TRY_ASSIGN(cache.metadata, cache::MetadataStore::open(directory));
  BXL_TRY_ASSIGN(auto blobs, cas::BlobStore::open(directory));
  cache.blobs = std::make_unique<cas::BlobStore>(std::move(blobs));
  return cache;
}

std::string when(std::int64_t unix_s) { return report::local_time(unix_s * 1000); }

bool is_lost(const cas::BlobStore& blobs, const wire::Output& output) {
  return output.kind == wire::OutputKind::File && !blobs.contains(output.digest, output.size);
}

std::string output_line(const cas::BlobStore& blobs, const OutputText& one) {
  const wire::Output& output = one.output;
  std::string text = printable(one.path);
  if (output.kind == wire::OutputKind::File)
    text += "  " + size_text(output.size) + "  " + output.digest.hex() +
            (output.executable ? "  executable" : "");
  if (output.kind == wire::OutputKind::Symlink) text += " -> " + printable(output.link_target);
  if (output.kind == wire::OutputKind::Directory) text += "/";
  return text + (is_lost(blobs, output) ? "  LOST from the store" : "");
}

void print_text(const Whole& whole, const cas::BlobStore& blobs) {
  std::string text;
  const auto line = [&](const std::string& one) { text += one + "\n"; };
  const cache::Listed& listed = whole.listed;
  line(printable(listed.stable_id));
  line("  weak fingerprint " + listed.weak.hex());
  line("  path set " + listed.selector.path_set.hex());
  line("  strong fingerprint " + listed.selector.strong.hex());
  line("  published " + when(listed.created_unix_s) + ", last used " + when(listed.used_unix_s) +
       " (to the day)");
  line("  ran for " + report::duration(whole.entry.wall_ms) + ", " +
       report::duration(whole.entry.cpu_ms) + " of CPU, " + size_text(whole.entry.peak_kib * 1024) +
       " of memory");
  line("  outputs:");
  for (const OutputText& output : whole.outputs) line("    " + output_line(blobs, output));
  if (whole.entry.console_bytes != 0)
    line("  printed " + size_text(whole.entry.console_bytes) + ", " + whole.entry.console.hex());
  if (!whole.facts) {
    line("  what it rests on is not known: " + whole.no_facts);
  } else {
    const report::Facts& facts = *whole.facts;
    line("  fingerprint text:");
    for (const auto& [field, value] : facts.fields) {
      std::string shown = printable(value);
      line("    " + field + " " + shown);
    }
    for (const auto& [variable, value] : facts.environment)
      line("    env " + printable(variable) + "=" + printable(value));
    for (const auto& [path, value] : facts.inputs)
      line("    input " + printable(whole.mounts.tokenise(path)) + " " + value.value);
    line(facts.observed_known ? "  observed (P absent, D directory, F found, E listed, R read):"
                              : "  what it observed is not known: its path set is gone");
    for (const auto& [path, value] : facts.observed)
      line("    " + value.value + "\t" + printable(whole.mounts.tokenise(path)));
  }
  std::fputs(text.c_str(), stdout);
}

void put_identity(JsonWriter& json, const cache::Listed& listed) {
  json.key("id").string(listed.stable_id).key("weak").string(listed.weak.hex());
  json.key("pathSet").string(listed.selector.path_set.hex());
  json.key("strong").string(listed.selector.strong.hex());
  json.key("created").integer(listed.created_unix_s).key("used").integer(listed.used_unix_s);
}

void print_json(const Whole& whole, const cas::BlobStore& blobs) {
  std::string text;
  JsonWriter json(&text);
  json.begin_object().key("schema").integer(1);
  put_identity(json, whole.listed);
  json.key("wallMs").natural(whole.entry.wall_ms).key("cpuMs").natural(whole.entry.cpu_ms);
  json.key("peakKib").natural(whole.entry.peak_kib);
  json.key("consoleBytes").natural(whole.entry.console_bytes);
  json.key("outputs").begin_array();
  for (const OutputText& one : whole.outputs) {
    json.begin_object().key("path").string(one.path).key("kind").string(name(one.output.kind));
    if (one.output.kind == wire::OutputKind::File) {
      json.key("size").natural(one.output.size).key("digest").string(one.output.digest.hex());
      json.key("executable").boolean(one.output.executable);
      json.key("lost").boolean(is_lost(blobs, one.output));
    }
    if (one.output.kind == wire::OutputKind::Symlink)
      json.key("target").string(one.output.link_target);
    json.end_object();
  }
  json.end_array();
  if (whole.facts) {
    json.key("declaration").begin_array();
    for (const auto& [field, value] : whole.facts->fields)
      json.begin_object().key("name").string(field).key("value").string(value).end_object();
    json.end_array().key("environment").begin_object();
    for (const auto& [variable, value] : whole.facts->environment) json.key(variable).string(value);
    json.end_object();
    for (const auto& [key, values] : {std::pair{"inputs", &whole.facts->inputs},
                                      std::pair{"observed", &whole.facts->observed}}) {
      json.key(key).begin_object();
      for (const auto& [path, value] : *values)
        json.key(whole.mounts.tokenise(path)).string(value.value);
      json.end_object();
    }
  }
  json.end_object();
  std::puts(text.c_str());
}

int no_entry(const std::string& name) {
  cli::print_error(kTool, "no entry is called '" + printable(name) +
                              "'; bxl-cache ls lists them (give an output, a pattern such as "
                              "'*.o', or the first digits of a fingerprint)");
  return 1;
}

// --- diff ----------------------------------------------------------------------------------------

// Paths in one and not in the other, and those whose content differs: sentences.
std::vector<std::string> output_differences(const Whole& before, const Whole& after) {
  std::map<std::string, const wire::Output*> old;
  for (const OutputText& one : before.outputs) old[one.path] = &one.output;
  std::vector<std::string> out;
  for (const OutputText& one : after.outputs) {
    auto found = old.find(one.path);
    if (found == old.end()) {
      out.push_back(one.path + " is an output of the second only");
      continue;
    }
    const wire::Output& a = *found->second;
    const wire::Output& b = one.output;
    if (a.kind != b.kind)
      out.push_back(one.path + " is a " + name(a.kind) + ", then a " + name(b.kind));
    else if (a.digest != b.digest || a.link_target != b.link_target)
      out.push_back(one.path + " differs in content");
    else if (a.executable != b.executable)
      out.push_back(one.path + " differs in its x bit");
    old.erase(found);
  }
  for (const auto& [path, output] : old) out.push_back(path + " is an output of the first only");
  std::sort(out.begin(), out.end());
  return out;
}

std::string label(const cache::Listed& listed) {
  return printable(listed.stable_id) + " " + listed.selector.strong.hex().substr(0, 12) + " (" +
         when(listed.created_unix_s) + ")";
}

void print_difference(const cli::Options& options, const Whole& before, const Whole& after) {
  const wire::Mount* build = after.mounts.find("%build%");
  const report::Names names(build ? build->path : "/", after.mounts);
  std::vector<std::string> rests, made = output_differences(before, after);
  std::string unknown;
  if (before.facts && after.facts) {
    for (const report::Cause& cause : report::compare(*before.facts, *after.facts))
      rests.push_back(report::sentence(cause, names));
  } else {
    unknown = before.facts ? after.no_facts : before.no_facts;
  }
  if (options.json) {
    std::string text;
    JsonWriter json(&text);
    json.begin_object().key("schema").integer(1);
    json.key("first").begin_object();
    put_identity(json, before.listed);
    json.end_object().key("second").begin_object();
    put_identity(json, after.listed);
    json.end_object();
    json.key("known").boolean(unknown.empty());
    for (const auto& [key, list] : {std::pair{"inputs", &rests}, std::pair{"outputs", &made}}) {
      json.key(key).begin_array();
      for (const std::string& sentence : *list) json.string(sentence);
      json.end_array();
    }
    json.end_object();
    std::puts(text.c_str());
    return;
  }
  std::printf("first:  %s\nsecond: %s\n", label(before.listed).c_str(),
              label(after.listed).c_str());
  if (!unknown.empty()) std::printf("what they rest on is not known: %s\n", unknown.c_str());
  if (unknown.empty() && rests.empty()) std::puts("they rest on the same");
  for (const std::string& sentence : rests) std::printf("because %s\n", sentence.c_str());
  if (made.empty()) std::puts("they made the same");
  for (const std::string& sentence : made) std::printf("output %s\n", printable(sentence).c_str());
}

}  // namespace

int run_show(const cli::Options& options) {
  if (options.targets.empty()) {
    cli::print_error(kTool, "show which entry? bxl-cache ls lists them");
    return cli::kUsage;
  }
  auto cache = open_cache(options.cache);
  if (!cache) return fail(cache.error(), cli::kLocalResource);
  for (const std::string& target : options.targets) {
    auto found = find_entries(*cache->metadata, {target});
    if (!found) return fail(found.error(), cli::kLocalResource);
    if (found->empty()) return no_entry(target);
    for (const cache::Listed& listed : *found) {
      auto whole = read_whole(*cache->metadata, *cache->blobs, listed);
      if (!whole) return fail(whole.error(), cli::kLocalResource);
      if (options.json)
        print_json(*whole, *cache->blobs);
      else
        print_text(*whole, *cache->blobs);
    }
  }
  return cli::kOk;
}

int run_diff(const cli::Options& options) {
  if (options.targets.empty() || options.targets.size() > 2) {
    cli::print_error(kTool, "diff takes two entries, or one pip whose last two are to be compared");
    return cli::kUsage;
  }
  auto cache = open_cache(options.cache);
  if (!cache) return fail(cache.error(), cli::kLocalResource);
  std::vector<cache::Listed> chosen;
  for (const std::string& target : options.targets) {
    auto found = find_entries(*cache->metadata, {target});
    if (!found) return fail(found.error(), cli::kLocalResource);
    if (found->empty()) return no_entry(target);
    // The one published last stands for a pip.
    std::stable_sort(found->begin(), found->end(),
                     [](const cache::Listed& a, const cache::Listed& b) {
                       return a.created_unix_s > b.created_unix_s;
                     });
    if (options.targets.size() == 2) {
      chosen.push_back(found->front());
      continue;
    }
    if (found->size() < 2) {
      cli::print_error(kTool, "the cache has one entry of '" + printable(target) +
                                  "': there is nothing to compare it with");
      return 1;
    }
    chosen = {(*found)[1], (*found)[0]};
  }
  std::vector<Whole> wholes;
  for (const cache::Listed& listed : chosen) {
    auto whole = read_whole(*cache->metadata, *cache->blobs, listed);
    if (!whole) return fail(whole.error(), cli::kLocalResource);
    wholes.push_back(std::move(*whole));
  }
  print_difference(options, wholes[0], wholes[1]);
  return cli::kOk;
}

}  // namespace bxl::cache_tool
