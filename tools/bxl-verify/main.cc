// bxl-verify: plan in; runs what is up to date once more beside the tree, and says what came out
// different.
#include "cli/main.h"

#include <cstdio>

#include "base/json_writer.h"
#include "base/text.h"
#include "cli/options.h"
#include "os/stop_signals.h"
#include "state/workspace.h"
#include "verify.h"

namespace {

using namespace bxl;

constexpr const char* kTool = "bxl-verify";

int fail(const Error& error, int code) {
  cli::print_error(kTool, error.to_string());
  return code;
}

void print(const verify::Verdict& verdict, const std::string& root) {
  const auto name = [&](const std::string& path) {
    return printable(path.starts_with(root + "/") ? path.substr(root.size() + 1) : path);
  };
  const verify::Finding& finding = verdict.finding;
  if (!finding.failure.empty())
    std::printf("%s did not succeed when run again: %s\n", printable(verdict.pip).c_str(),
                printable(finding.failure).c_str());
  for (std::size_t i = 0; i < finding.differences.size(); ++i) {
    const verify::Difference& difference = finding.differences[i];
    std::printf("%s: %s %s%s\n", printable(verdict.pip).c_str(), name(difference.path).c_str(),
                printable(difference.text).c_str(),
                verdict.kept[i].empty() ? "" : ("; now: " + name(verdict.kept[i])).c_str());
  }
  if (!finding.doubt.empty())
    std::printf("  and this run would not have been cached: %s\n",
                printable(finding.doubt).c_str());
  std::fflush(stdout);
}

void print_json(const verify::Report& report) {
  std::string text;
  JsonWriter json(&text);
  json.begin_object().key("schema").integer(1);
  json.key("result").string(report.verdicts.empty() ? "same" : "differs");
  json.key("run").natural(report.run).key("same").natural(report.same);
  json.key("notSampled").natural(report.not_sampled).key("notCurrent").natural(report.not_current);
  json.key("forgotten").natural(report.forgotten);
  json.key("consoleDiffers").begin_array();
  for (const std::string& pip : report.console_differs) json.string(pip);
  json.end_array().key("differ").begin_array();
  for (const verify::Verdict& verdict : report.verdicts) {
    json.begin_object().key("pip").string(verdict.pip);
    json.key("failure").string(verdict.finding.failure).key("doubt").string(verdict.finding.doubt);
    json.key("outputs").begin_array();
    for (std::size_t i = 0; i < verdict.finding.differences.size(); ++i) {
      const verify::Difference& difference = verdict.finding.differences[i];
      json.begin_object().key("path").string(difference.path).key("text").string(difference.text);
      json.key("kept").string(verdict.kept[i]).end_object();
    }
    json.end_array().end_object();
  }
  json.end_array().end_object();
  std::puts(text.c_str());
}

void print_summary(const verify::Report& report) {
  std::string text;
  if (report.run == 0)
    text = "nothing was run: there is no command that is up to date or in the cache";
  else
    text = count_text(report.run, "command", "commands") +
           " run again beside the tree: " + std::to_string(report.same) + " made the same";
  if (report.run != report.same)
    text += ", " + std::to_string(report.run - report.same) + " did not";
  if (report.forgotten != 0)
    text += "; " + count_text(report.forgotten, "cache entry", "cache entries") + " forgotten";
  if (report.not_current != 0)
    text += "; " + std::to_string(report.not_current) + " more have to be built first";
  std::printf("bxl: %s\n", text.c_str());
  if (report.console_differs.empty()) return;
  std::printf("bxl: what they printed differs: %s", printable(report.console_differs[0]).c_str());
  if (report.console_differs.size() > 1)
    std::printf(" and %zu more (-v names them)", report.console_differs.size() - 1);
  std::puts("");
}

int run(const cli::Options& options) {
  auto input = cli::open_input(options);
  if (!input) return fail(input.error(), cli::kUsage);
  const UniqueFd signal_fd = stop_signals();

  auto paths = std::make_unique<PathTable>();
  auto read = plan::read_plan(input->get(), *paths);
  if (!read) {
    cli::print_consequence(kTool, read.error().to_string());
    return cli::exit_code_for(read.error(), cli::kUpstream);
  }
  auto& [graph, plan] = *read;
  const state::Workspace workspace{plan.header.workspace};
  auto lock = state::lock_workspace(workspace, kTool, options.no_wait);
  if (!lock)
    return fail(lock.error(), lock.error().errnum == EDEADLK ? cli::kUsage : cli::kLocalResource);
  verify::Request request;
  request.cache = options.cache;
  request.sample_percent = options.sample_percent;
  request.look_only = options.dry_run;
  request.jobs = static_cast<std::size_t>(options.jobs);
  request.pip_timeout_ms = options.pip_timeout_ms;
  auto report = verify::verify(request, std::move(graph), std::move(paths), plan, signal_fd.get(),
                               [&](const verify::Verdict& verdict) {
                                 if (!options.json) print(verdict, workspace.root);
                               });
  if (!report)
    return fail(make_error(report.error().errnum,
                           "commands cannot be run beside the tree: " + report.error().message),
                cli::kLocalResource);
  if (report->signal != 0) return 128 + report->signal;
  if (options.json) {
    print_json(*report);
  } else {
    if (options.verbosity > 0)
      for (const std::string& pip : report->console_differs)
        std::printf("%s: what it prints differs\n", printable(pip).c_str());
    if (options.verbosity >= 0) print_summary(*report);
  }
  return report->verdicts.empty() ? cli::kOk : 1;
}

}  // namespace

int main(int argc, char** argv) {
  return cli::run_main(kTool, cli::OnInterrupt::Own, [&] {
    const cli::Parsed parsed = cli::parse(
        argc, argv,
        {kTool,
         "Runs commands that are up to date or in the cache once more, beside the tree, and says "
         "what they make differently.",
         {},
         "  bxl-graph | bxl-plan | bxl-verify\n"
         "  bxl verify --sample 5%\n"});
    return parsed.exit ? parsed.code : run(parsed.options);
  });
}
