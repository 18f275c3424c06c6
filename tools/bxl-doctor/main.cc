// bxl-doctor: what bxl can do on this machine, in this directory, with this cache; and what to do
// where it cannot.
#include "cli/main.h"

#include "checks.h"
#include "frontend/workspace.h"
#include "os/file.h"

namespace {

using namespace bxl;

constexpr const char* kTool = "bxl-doctor";

// The directory itself when it has been built, else where its build files are; empty: nowhere.
std::string find_workspace(const cli::Options& options) {
  auto here = real_path(options.directory);
  if (!here) return {};
  auto own = lstat_identity(*here + "/.bxl");
  if (own && own->kind == FileKind::Directory) return *here;
  auto found = frontend::find_workspace(options.directory, options.config);
  return found ? found->directory : std::string();
}

int run(const cli::Options& options) {
  doctor::Findings findings;
  const std::string workspace = find_workspace(options);
  doctor::check_observation(findings);
  doctor::check_verification(findings);
  doctor::check_tools(findings);
  doctor::check_file_systems(options, workspace, findings);
  doctor::check_cache(options, findings);
  doctor::check_workspace(options, workspace, findings);
  const std::string text = options.json ? doctor::to_json(findings) : doctor::to_text(findings);
  std::fputs(text.c_str(), stdout);
  return findings.has_errors() ? 1 : cli::kOk;
}

}  // namespace

int main(int argc, char** argv) {
  return cli::run_main(kTool, cli::OnInterrupt::Own, [&] {
    const cli::Parsed parsed =
        cli::parse(argc, argv,
                   {kTool,
                    "Says what bxl can do here, and what to do where it cannot.",
                    {},
                    "  bxl-doctor -C out              this machine, that workspace, the cache\n"
                    "  bxl-doctor --json | jq .result\n"});
    return parsed.exit ? parsed.code : run(parsed.options);
  });
}
