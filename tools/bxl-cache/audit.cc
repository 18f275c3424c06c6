#include "audit.h"

#include <algorithm>
#include <cstdio>

#include "base/json_writer.h"
#include "base/text.h"
#include "cache/audit.h"
#include "cli/main.h"
#include "publish.h"

namespace bxl::cache_tool {
namespace {

constexpr std::size_t kLines = 20;  // of problems; -v prints all

void print_json(const cache::Audit& audit, bool repaired) {
  std::string text;
  JsonWriter json(&text);
  json.begin_object().key("schema").integer(1);
  json.key("result").string(audit.problems.empty() ? "clean" : "problems");
  json.key("repaired").boolean(repaired && !audit.problems.empty());
  json.key("entries").natural(audit.entries).key("pathSets").natural(audit.path_sets);
  json.key("blobs").natural(audit.blobs).key("orphanBlobs").natural(audit.orphan_blobs);
  json.key("hashedBlobs").natural(audit.hashed_blobs);
  json.key("hashedBytes").natural(audit.hashed_bytes);
  json.key("problems").begin_array();
  for (const cache::Problem& problem : audit.problems) {
    json.begin_object().key("kind").string(cache::name(problem.kind));
    json.key("subject").string(problem.subject).key("text").string(problem.text).end_object();
  }
  json.end_array().end_object();
  std::puts(text.c_str());
}

int report(const cli::Options& options, const Result<cache::Audit>& audit, bool repaired) {
  if (!audit) {
    if (audit.error().errnum == ENOENT) {  // nothing there is nothing wrong
      if (options.json)
        print_json({}, false);
      else if (options.verbosity >= 0)
        std::printf("there is no cache in %s\n", printable(options.cache).c_str());
      return cli::kOk;
    }
    cli::print_error(kTool, audit.error().to_string());
    return cli::exit_code_for(audit.error(), cli::kLocalResource);
  }
  const std::size_t found = audit->problems.size();
  if (options.json) {
    print_json(*audit, repaired);
  } else {
    const std::size_t shown = options.verbosity > 0 ? found : std::min(found, kLines);
    for (std::size_t i = 0; i < shown; ++i)
      std::printf("%s: %s\n", printable(audit->problems[i].subject).c_str(),
                  printable(audit->problems[i].text).c_str());
    if (shown < found) std::printf("and %zu more (-v names them)\n", found - shown);
    if (options.verbosity >= 0) {
      std::string text = count_text(audit->entries, "entry", "entries") + " and " +
                         count_text(audit->blobs, "blob", "blobs") + " checked";
      if (audit->hashed_blobs != 0)
        text += ", " + count_text(audit->hashed_blobs, "blob", "blobs") + " (" +
                size_text(audit->hashed_bytes) + ") hashed again";
      text += found == 0 ? ": nothing is wrong"
                         : ": " + count_text(found, "problem", "problems") +
                               (repaired ? ", taken out: what was lost will run again"
                                         : ", left as they are");
      std::puts(text.c_str());
    }
  }
  return found == 0 ? cli::kOk : 1;
}

}  // namespace

int run_verify(const cli::Options& options) {
  cache::AuditRequest request;
  request.hash_percent = options.sample_percent;
  request.check_rows = false;
  request.repair = !options.dry_run;
  return report(options, cache::audit(options.cache, request), request.repair);
}

int run_fsck(const cli::Options& options) {
  cache::AuditRequest request;
  request.hash_percent = 0;
  request.repair = !options.dry_run;
  request.recount = !options.dry_run;
  return report(options, cache::audit(options.cache, request), request.repair);
}

}  // namespace bxl::cache_tool
