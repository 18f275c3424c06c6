// bxl clean: removes what is recorded, with --all also the record.
#include "clean.h"

#include <cstdio>

#include "adopt.h"
#include "base/text.h"
#include "cli/main.h"
#include "materialize/cleaning.h"
#include "os/tree.h"
#include "plan/session.h"
#include "state/output_log.h"
#include "wire/graph_stream.h"

namespace bxl::materialize_tool {
namespace {

constexpr const char* kTool = "bxl";  // users call it bxl clean

int fail(const Error& error, int code) {
  cli::print_error(kTool, error.to_string());
  return cli::exit_code_for(error, code);
}

std::string files_and_directories(const materialize::Cleaned& sum) {
  std::string text;
  if (sum.files != 0)
    text = count_text(sum.files, "file", "files") + " (" + size_text(sum.bytes) + ")";
  if (sum.directories != 0)
    text += (text.empty() ? "" : " and ") +
            count_text(sum.directories, "empty directory", "empty directories");
  return text;
}

// All of `.bxl` but what users' files were moved to; the lock last, so that nobody starts a build
// in what is left.
Result<void> remove_own_directory(const state::Workspace& workspace, const std::string& log_copy,
                                  bool keep_saved) {
  BXL_TRY(remove_tree(std::string(parent_path(log_copy))));
  BXL_TRY_ASSIGN(auto names, list_directory(workspace.dir()));
  for (const std::string& name : names) {
    const std::string path = workspace.dir() + "/" + name;
    if (path == workspace.lock() || name == "lock-holder") continue;
    if (keep_saved && (path == workspace.saved_dir() || name == ".gitignore")) continue;
    BXL_TRY(remove_tree(path));
  }
  return state::remove_lock(workspace);
}

class Clean {
 public:
  Clean(const cli::Options& options, state::Workspace workspace, graph::Mounts mounts,
        PathTable& paths)
      : options_(options),
        workspace_(std::move(workspace)),
        mounts_(std::move(mounts)),
        paths_(paths),
        log_copy_(plan::outputs_log_copy(options.cache, workspace_.root)) {}

  int run(const wire::GraphReader& graph) {
    auto mode = options_.dry_run ? state::OutputLog::Mode::Read : state::OutputLog::Mode::Write;
    auto log = state::OutputLog::open(workspace_, log_copy_, mounts_, paths_, mode);
    if (!log) return fail(log.error(), cli::kLocalResource);
    std::vector<Adoptable> adopted;
    if (options_.adopt) {
      auto pips = graph::PipGraph::load(graph, paths_);
      if (!pips) return fail(pips.error(), cli::kGraph);
      std::vector<std::string> refused;
      adopted = find_adoptable(*pips, mounts_, paths_, (*log)->records(), &refused);
      for (const std::string& sentence : refused) cli::print_note(kTool, sentence);
    }
    return options_.dry_run ? announce((*log)->records(), adopted) : clean(**log, adopted);
  }

 private:
  std::string name(PathId path) const {
    const std::string text = paths_.str(path);
    return printable(path_within(text, workspace_.root) && text != workspace_.root
                         ? text.substr(workspace_.root.size() + 1)
                         : text);
  }

  int announce(graph::OutputRecords records, const std::vector<Adoptable>& adopted) {
    for (const Adoptable& one : adopted)
      records[one.output.path] = {one.owner, one.output.kind, one.output.identity, {}};
    materialize::Cleaned sum;
    for (PathId path : materialize::removable(records, paths_, &sum))
      std::printf("would remove %s\n", name(path).c_str());
    const std::string what = files_and_directories(sum);
    std::string text = what.empty() ? "nothing would be removed" : "would remove " + what;
    if (options_.all) {
      std::printf("would remove .bxl\n");
      if (std::size_t files = count_files(workspace_.saved_dir()); files != 0)
        text += "; would keep " + saved(files);
    }
    if (options_.verbosity >= 0) cli::print_note(kTool, text);
    return cli::kOk;
  }

  std::string saved(std::size_t files) const {
    return count_text(files, "file", "files") + " of yours in " + workspace_.saved_dir();
  }

  int clean(state::OutputLog& log, const std::vector<Adoptable>& adopted) {
    for (const Adoptable& one : adopted)
      if (auto added = log.add(one.owner, {one.output}); !added)
        return fail(added.error(), cli::kLocalResource);
    materialize::NoteLimit notes(options_.verbosity > 0, [](const std::string& sentence) {
      cli::print_note(kTool, sentence);
    });
    const materialize::Tell tell = [&](const materialize::Note& note) { notes.add(note); };
    materialize::Custody custody(workspace_, mounts_, tell);
    if (auto rescued = custody.rescue(); !rescued)
      return fail(rescued.error(), cli::kLocalResource);
    materialize::Remover remover(mounts_, paths_, log, custody, tell);
    materialize::Cleaned done = materialize::remove_recorded(remover, log.records(), paths_);
    notes.finish();
    for (const std::string& problem : done.problems) cli::print_error(kTool, problem);
    if (auto finished = log.finish(); !finished)
      cli::print_warning(kTool, finished.error().to_string());
    const std::string what = files_and_directories(done);
    std::string text = what.empty() ? "nothing to remove" : "removed " + what;
    int code = done.problems.empty() ? cli::kOk : cli::kLocalResource;
    if (options_.all) {
      if (code != cli::kOk) {
        cli::print_error(
            kTool, workspace_.dir() + " stays: it is the record of what could not be removed");
      } else {
        const std::size_t files = count_files(workspace_.saved_dir());
        auto removed = remove_own_directory(workspace_, log_copy_, files != 0);
        if (!removed) return fail(removed.error(), cli::kLocalResource);
        text += what.empty() ? " but .bxl" : " and .bxl";
        if (files != 0) text += "; kept " + saved(files);
      }
    }
    if (options_.verbosity >= 0) cli::print_note(kTool, text);
    return code;
  }

  const cli::Options& options_;
  state::Workspace workspace_;
  graph::Mounts mounts_;
  PathTable& paths_;
  std::string log_copy_;
};

}  // namespace

int run_clean(const cli::Options& options) {
  if (!options.targets.empty()) {
    cli::print_error(kTool, "clean removes the outputs of all pips and takes no target ('" +
                                options.targets.front() +
                                "'); a target called clean is built by: bxl build clean");
    return cli::kUsage;
  }
  auto input = cli::open_input(options);
  if (!input) return fail(input.error(), cli::kUsage);
  PathTable paths;
  auto graph = wire::GraphReader::open(input->get(), paths);
  if (!graph) {
    cli::print_consequence(kTool, graph.error().to_string());
    return cli::exit_code_for(graph.error(), cli::kUpstream);
  }
  state::Workspace workspace{graph->header().workspace};
  if (auto made = workspace.create(); !made) return fail(made.error(), cli::kLocalResource);
  auto lock = state::lock_workspace(workspace, kTool, options.no_wait);
  if (!lock)
    return fail(lock.error(), lock.error().errnum == EDEADLK ? cli::kUsage : cli::kLocalResource);
  return Clean(options, workspace, graph::Mounts(graph->header().mounts), paths).run(*graph);
}

}  // namespace bxl::materialize_tool
