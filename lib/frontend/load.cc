// The life of one bxl-graph over a Ninja build: stored graph, generators, parse, validate, store.
#include "frontend/load.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "frontend/javascript/load.h"
#include "frontend/json/load.h"
#include "frontend/ninja/dyndep.h"
#include "frontend/ninja/parser.h"
#include "frontend/ninja/pips.h"
#include "frontend/ninja/regenerate.h"
#include "frontend/ninja_graph.h"
#include "frontend/shell.h"
#include "frontend/stored_graph.h"
#include "graph/pip_graph.h"
#include "os/file.h"
#include "wire/graph_stream.h"

namespace bxl::frontend {
namespace {

// As ninja: a manifest that is still out of date then will never be up to date.
constexpr int kMaxRegenerations = 100;
constexpr int kMaxContentPasses = 3;
constexpr std::string_view kAlwaysRun = "always-run ";

std::string absolute(const Workspace& workspace, const std::string& path) {
  return normalize_path(!path.empty() && path.front() == '/' ? path
                                                             : workspace.directory + "/" + path);
}

// What shapes the graph beside the files: one line each. "always-run N" lines are added for
// generator edges that no stored graph can vouch for (CMake's check of globs): pip N runs before
// the reads are compared.
std::string options_text(const LoadRequest& request) {
  return "manifest " + request.workspace.manifest + "\n" + pass_env_lines(request);
}

// A dyndep file that some pip makes: whether what lies on disk is current only the plan can tell,
// so that a problem with it is no error yet.
struct Dynamic {
  std::string name;  // as the manifest spells it
  std::string text;
  wire::Dyndep record;
};

class Loader {
 public:
  explicit Loader(const LoadRequest& request)
      : request_(request),
        environment_(resolve_environment(request.variables, request.pass_env)),
        options_(options_text(request)) {}

  Result<LoadedGraph> run();
  Result<NinjaGraph> read(const ninja::KnownContent& known);

 private:
  bool is_manifest_maker(const wire::Pip& pip, const PathTable& paths) const;
  Result<int> run_command(const wire::Pip& pip, const PathTable& paths);
  Result<bool> reusable(const StoredGraph& stored);
  Result<int> run_generator(const wire::Pip& pip, const PathTable& paths);
  Result<void> parse(const ninja::KnownContent& known);
  Result<bool> parse_once(const ninja::GeneratorSettings& settings);
  Result<ninja::PipSet> read_pips(const ninja::ReadFile& read_file,
                                  const ninja::PipSettings& settings,
                                  std::vector<Dynamic>& dynamics);
  Result<graph::PipGraph> without_conflicts(const ninja::ReadFile& read_file,
                                            const ninja::PipSettings& settings,
                                            std::vector<Dynamic>& dynamics, Error first);

  const LoadRequest& request_;
  Environment environment_;
  std::string options_;
  std::uint32_t generator_runs_ = 0;
  std::unordered_set<std::string> already_;
  ninja::KnownContent known_before_run_;
  // What an observed generator read, and is not as it was. Empty once a generator ran.
  std::optional<GeneratorCheck> check_;
  // Of the last parse.
  PathTable paths_;
  wire::GraphRecord record_;
  std::vector<wire::Mount> mounts_;
};

bool Loader::is_manifest_maker(const wire::Pip& pip, const PathTable& paths) const {
  PathId manifest = paths.find(absolute(request_.workspace, request_.workspace.manifest));
  return std::find(pip.outputs.begin(), pip.outputs.end(), manifest) != pip.outputs.end();
}

// Edges that run before every build are not observed: what they read cannot spare them a run.
Result<int> Loader::run_command(const wire::Pip& pip, const PathTable& paths) {
  const std::string directory = paths.str(pip.working_directory);
  if (!request_.run_generator || (pip.flags & wire::kPipAlwaysDirty) ||
      !is_manifest_maker(pip, paths))
    return run_shell(pip.command, directory);
  BXL_TRY_ASSIGN(GeneratorRun run, request_.run_generator(pip.command, directory));
  if (run.status != 0) return run.status;
  auto recorded = record_generator(request_.workspace.directory,
                                   absolute(request_.workspace, request_.workspace.manifest), pip,
                                   run, request_.variables);
  if (!recorded)
    request_.warn("what the generator read is not recorded: " + recorded.error().to_string());
  return run.status;
}

Result<int> Loader::run_generator(const wire::Pip& pip, const PathTable& paths) {
  // What runs before every build is no news.
  if (!(pip.flags & wire::kPipAlwaysDirty))
    request_.note(
        "running the generator: " + (pip.description.empty() ? pip.command : pip.description) +
        (check_ && !check_->changed.empty() ? " (" + check_->changed + " changed)" : ""));
  ++generator_runs_;
  if (pip.rspfile != kNoPath) BXL_TRY(replace_file(paths.str(pip.rspfile), pip.rspfile_content));
  auto status = run_command(pip, paths);
  if (!(pip.flags & wire::kPipAlwaysDirty)) check_.reset();
  if (pip.rspfile != kNoPath && status && *status == 0) ::unlink(paths.str(pip.rspfile).c_str());
  return status;
}

Result<bool> Loader::reusable(const StoredGraph& stored) {
  std::string_view options = stored.frame.options;
  if (options.substr(0, options_.size()) != options_ || stored.frame.environment != environment_)
    return false;
  options.remove_prefix(options_.size());
  while (!options.empty()) {
    std::size_t end = options.find('\n');
    if (end == std::string_view::npos || options.substr(0, kAlwaysRun.size()) != kAlwaysRun)
      return false;
    std::uint32_t number = 0;
    std::from_chars(options.data() + kAlwaysRun.size(), options.data() + end, number);
    options.remove_prefix(end + 1);
    if (number >= stored.reader->pip_count()) return false;
    wire::Pip pip = stored.reader->pip(PipId(number));
    BXL_TRY_ASSIGN(int status, run_generator(pip, stored.paths));
    // The full way round says what is wrong.
    if (status != 0) return false;
    already_.insert(pip.stable_id);
  }
  for (const wire::FrontEndRead& read : stored.frame.reads)
    if (!unchanged(read, stored.paths.str(read.path))) return false;
  return true;
}

// Parses the manifest and the dyndep files of `dynamics` that have no problem yet; with an empty
// list, those it names are read first. A file that nobody makes must be there and be right.
Result<ninja::PipSet> Loader::read_pips(const ninja::ReadFile& read_file,
                                        const ninja::PipSettings& settings,
                                        std::vector<Dynamic>& dynamics) {
  BXL_TRY_ASSIGN(auto manifest, ninja::parse_manifest(request_.workspace.manifest, read_file));
  const bool first = dynamics.empty();
  for (ninja::NodeId file : ninja::dyndep_files(*manifest)) {
    const std::string name(manifest->text(file));
    const bool made = manifest->nodes[static_cast<std::size_t>(file)].producer != ninja::kNoEdge;
    auto known = std::find_if(dynamics.begin(), dynamics.end(),
                              [&](const Dynamic& d) { return d.name == name; });
    if (!first && known == dynamics.end()) continue;
    if (known == dynamics.end()) {
      auto text = read_file(name);
      if (!text && !made) return make_error(0, "loading " + text.error().to_string());
      Dynamic dynamic;
      dynamic.name = name;
      dynamic.record.path = paths_.intern(ninja::place(settings, name));
      if (text) {
        dynamic.record.digest = Digest::of(*text);
        dynamic.text = std::move(*text);
      } else if (text.error().errnum != ENOENT && text.error().errnum != ENOTDIR) {
        dynamic.record.problem = "loading " + text.error().to_string();
      }
      dynamics.push_back(std::move(dynamic));
      known = dynamics.end() - 1;
    }
    if (!known->record.problem.empty() || known->record.digest.is_zero()) continue;
    if (auto loaded = ninja::load_dyndep(*manifest, file, known->text); !loaded) {
      if (!made) return std::move(loaded.error());
      known->record.problem = loaded.error().to_string();
    }
  }
  BXL_TRY_ASSIGN(auto set, ninja::make_pips(*manifest, settings, paths_));
  ninja::mark_generators(set.pips, paths_,
                         absolute(request_.workspace, request_.workspace.manifest));
  return set;
}

// The files contradict the manifest or each other (a cycle): those that are older than the others
// may be the reason. They are taken one by one, producers' order first, and those that do not fit
// are left out.
Result<graph::PipGraph> Loader::without_conflicts(const ninja::ReadFile& read_file,
                                                  const ninja::PipSettings& settings,
                                                  std::vector<Dynamic>& dynamics, Error first) {
  std::vector<Dynamic> none = dynamics;
  for (Dynamic& dynamic : none) dynamic.record.digest = Digest();
  BXL_TRY_ASSIGN(auto plain_pips, read_pips(read_file, settings, none));
  BXL_TRY_ASSIGN(auto plain, graph::PipGraph::create(std::move(plain_pips.pips), paths_));
  auto rank = [&](const Dynamic& dynamic) {
    PipId producer = plain.producer(dynamic.record.path);
    return producer == kNoPip ? 0 : plain.rank(producer) + 1;
  };
  std::stable_sort(dynamics.begin(), dynamics.end(),
                   [&](const Dynamic& a, const Dynamic& b) { return rank(a) < rank(b); });
  std::vector<Dynamic> taken;
  for (Dynamic& dynamic : dynamics) {
    taken.push_back(dynamic);
    BXL_TRY_ASSIGN(auto set, read_pips(read_file, settings, taken));
    auto graph = graph::PipGraph::create(std::move(set.pips), paths_);
    if (graph) continue;
    if (rank(dynamic) == 0) return std::move(graph.error());
    dynamic.record.problem = dynamic.name + ": " + graph.error().to_string();
    taken.back() = dynamic;
  }
  dynamics = std::move(taken);
  if (dynamics.empty()) return first;
  BXL_TRY_ASSIGN(auto set, read_pips(read_file, settings, dynamics));
  return graph::PipGraph::create(std::move(set.pips), paths_);
}

// True when a generator ran: what was parsed is old.
Result<bool> Loader::parse_once(const ninja::GeneratorSettings& settings) {
  const Workspace& workspace = request_.workspace;
  paths_ = PathTable();
  record_ = {};
  Reads reads(paths_);
  ninja::ReadFile read_file = [&](const std::string& path) -> Result<std::string> {
    auto text = reads.read(absolute(workspace, path));
    if (!text) return make_error(text.error().errnum, "'" + path + "'");
    return text;
  };
  CMakeDirectories cmake = read_cmake_directories(workspace, reads);
  ninja::PipSettings pip_settings;
  pip_settings.directory = workspace.directory;
  pip_settings.spellings = find_spellings(workspace, cmake);
  pip_settings.exists = [&](const std::string& path) { return reads.exists(path); };
  const std::set<std::string> names = read_cmake_names(workspace, cmake, reads);
  pip_settings.is_name_only = [&](const std::string& path) { return names.contains(path); };
  std::vector<Dynamic> dynamics;
  BXL_TRY_ASSIGN(ninja::PipSet set, read_pips(read_file, pip_settings, dynamics));

  ninja::Generators generators(settings, paths_, reads);
  generators.already() = std::move(already_);
  auto ran = generators.bring_up_to_date(set.pips);
  already_ = std::move(generators.already());
  if (!ran) return ran;
  if (*ran) {
    known_before_run_.clear();
    for (const wire::FrontEndRead& read : reads.take())
      known_before_run_.emplace(paths_.str(read.path), read);
    return true;
  }

  auto created = graph::PipGraph::create(std::move(set.pips), paths_);
  if (!created) {
    if (dynamics.empty()) return std::move(created.error());
    created = without_conflicts(read_file, pip_settings, dynamics, std::move(created.error()));
    if (!created) return std::move(created.error());
  }
  graph::PipGraph& graph = *created;
  const std::vector<std::string> leaves = leaf_inputs(graph, paths_);
  mounts_ = find_mounts(workspace, cmake, leaves, reads);
  record_.front_end = "ninja";
  record_.options = options_;
  for (PipId id : generators.always_run())
    record_.options += std::string(kAlwaysRun) + std::to_string(index(id)) + "\n";
  record_.environment = environment_;
  record_.pips = std::move(graph).take_pips();
  record_.default_targets = std::move(set.default_targets);
  for (Dynamic& dynamic : dynamics) record_.dyndeps.push_back(std::move(dynamic.record));
  std::sort(record_.dyndeps.begin(), record_.dyndeps.end(),
            [&](const wire::Dyndep& a, const wire::Dyndep& b) {
              return paths_.str(a.path) < paths_.str(b.path);
            });
  record_.reads = reads.take();
  return false;
}

Result<void> Loader::parse(const ninja::KnownContent& known) {
  ninja::GeneratorSettings settings;
  settings.manifest = absolute(request_.workspace, request_.workspace.manifest);
  settings.known = &known;
  settings.changed = [this](const wire::Pip& pip) {
    return check_ && check_->id == pip.stable_id && check_->command == pip.command &&
           !check_->changed.empty();
  };
  settings.run = [this](const wire::Pip& pip) { return run_generator(pip, paths_); };
  for (int pass = 0; pass < kMaxRegenerations; ++pass) {
    BXL_TRY_ASSIGN(bool ran, parse_once(settings));
    if (!ran) return {};
    settings.known = &known_before_run_;
    // A generator that rewrites one of its own inputs differently each time would never come to
    // rest.
    settings.known_before_run = pass < kMaxContentPasses;
  }
  return make_error(
      0, request_.workspace.manifest +
             ": still out of date after its generator ran 100 times; is the system time set?");
}

Result<LoadedGraph> Loader::run() {
  LoadedGraph out;
  ninja::KnownContent known;
  if (auto stored = open_stored(request_)) {
    check_ = check_generator(request_.workspace.directory,
                             absolute(request_.workspace, request_.workspace.manifest),
                             request_.variables);
    BXL_TRY_ASSIGN(bool reuse, reusable(*stored));
    reuse = reuse && (!check_ || check_->changed.empty());
    if (reuse) {
      out.stream = std::move(stored->fd);
      out.reused = true;
      out.generator_runs = generator_runs_;
      if (::lseek(out.stream.get(), 0, SEEK_SET) != 0)
        return errno_error("seek in the stored graph");
      return out;
    }
    for (const wire::FrontEndRead& read : stored->frame.reads)
      known.emplace(stored->paths.str(read.path), read);
  }
  BXL_TRY(parse(known));
  BXL_TRY_ASSIGN(out.stream, store_graph(request_, mounts_, paths_, record_));
  out.generator_runs = generator_runs_;
  return out;
}

Result<NinjaGraph> Loader::read(const ninja::KnownContent& known) {
  BXL_TRY(parse(known));
  NinjaGraph out;
  out.runs_always = record_.options != options_;
  out.paths = std::move(paths_);
  out.record = std::move(record_);
  out.generator_runs = generator_runs_;
  return out;
}

}  // namespace

Result<NinjaGraph> read_ninja(const LoadRequest& request, const ninja::KnownContent& known) {
  return Loader(request).read(known);
}

Result<LoadedGraph> load_graph(const LoadRequest& request) {
  switch (request.workspace.front_end) {
    case FrontEnd::Json:
      return json_graph::load(request);
    case FrontEnd::JavaScript:
      return javascript::load(request);
    default:
      return Loader(request).run();
  }
}

}  // namespace bxl::frontend
