#include "transfer.h"

#include <cstdio>

#include "base/json_writer.h"
#include "base/text.h"
#include "cache/transfer.h"
#include "cli/main.h"
#include "gc.h"
#include "os/file.h"
#include "publish.h"

namespace bxl::cache_tool {
namespace {

int fail(const Error& error) {
  cli::print_error(kTool, error.to_string());
  return cli::exit_code_for(error, cli::kLocalResource);
}

void say(const cli::Options& options, const std::string& text) {
  if (options.verbosity >= 0) std::puts(text.c_str());
}

void print_json(const cache::Exported& done) {
  std::string text;
  JsonWriter json(&text);
  json.begin_object().key("schema").integer(1);
  json.key("entries").natural(done.entries).key("blobs").natural(done.blobs);
  json.key("bytes").natural(done.bytes).key("already").natural(done.already);
  json.key("over").natural(done.over).key("leftOut").natural(done.left_out).end_object();
  std::puts(text.c_str());
}

void print_json(const std::string& file, const cache::Imported& done) {
  std::string text;
  JsonWriter json(&text);
  json.begin_object().key("schema").integer(1).key("file").string(file);
  json.key("complete").boolean(done.complete).key("entries").natural(done.entries);
  json.key("blobs").natural(done.blobs).key("bytes").natural(done.bytes);
  json.key("already").natural(done.already).key("refused").natural(done.refused);
  json.key("firstRefusal").string(done.first_refusal).end_object();
  std::puts(text.c_str());
}

}  // namespace

int run_export(const cli::Options& options) {
  if (options.targets.size() != 1) {
    cli::print_error(kTool, "export takes one file to write to");
    return cli::kUsage;
  }
  cache::ExportRequest request;
  request.file = options.targets.front();
  if (options.cache_size && *options.cache_size != 0) request.at_most_bytes = options.cache_size;
  for (const std::string& file : options.since) {
    auto there = stat_identity(file);
    if (there && !there->exists())  // the first time there is none: scripts need no case for it
      cli::print_note(kTool, printable(file) + " is absent: nothing is left out for it");
    else
      request.since.push_back(file);
  }
  auto done = cache::export_cache(options.cache, request);
  if (!done) return fail(done.error());
  if (options.json) {
    print_json(*done);
    return cli::kOk;
  }
  std::string text = count_text(done->entries, "entry", "entries") + " with " +
                     count_text(done->blobs, "blob", "blobs") + " exported to " +
                     printable(request.file) + ", " + size_text(done->bytes);
  if (done->already != 0) text += "; " + std::to_string(done->already) + " were there before";
  if (done->over != 0) text += "; no room for " + std::to_string(done->over) + " used earlier";
  if (done->left_out != 0)
    text += "; " + std::to_string(done->left_out) +
            " left out, which are damaged or tied to this machine";
  say(options, text);
  return cli::kOk;
}

int run_import(const cli::Options& options) {
  if (options.targets.empty()) {
    cli::print_error(kTool, "import which files? bxl-cache export writes them");
    return cli::kUsage;
  }
  int code = cli::kOk;
  for (const std::string& file : options.targets) {
    auto done = cache::import_cache(options.cache, file);
    if (!done) return fail(done.error());
    if (options.json) {
      print_json(file, *done);
    } else {
      std::string text = count_text(done->entries, "entry", "entries") + " and " +
                         count_text(done->blobs, "blob", "blobs") + " (" + size_text(done->bytes) +
                         ") imported from " + printable(file);
      if (done->already != 0) text += "; " + std::to_string(done->already) + " were here before";
      say(options, text);
    }
    if (done->refused != 0)
      cli::print_warning(kTool, printable(file) + ": " + std::to_string(done->refused) +
                                    " refused; the first: " + printable(done->first_refusal));
    if (!done->complete)
      cli::print_warning(kTool, printable(file) +
                                    " is damaged or ends early; what came before "
                                    "was imported");
    if (done->refused != 0 || !done->complete) code = cli::kUpstream;
  }
  collect_if_due(options);
  return code;
}

}  // namespace bxl::cache_tool
