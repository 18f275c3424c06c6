// The list itself, with the reason for each group. What is not here is unset for pips: above all
// TERM, COLUMNS and colour switches, who the user is (USER, LOGNAME), the locale, which is one for
// all, session variables (SSH_*, DBUS_*, XDG_RUNTIME_DIR, SHLVL, OLDPWD, _), MAKEFLAGS (a jobserver of the caller's), LD_PRELOAD and LD_AUDIT (they would hide
// work from the sandbox), and cache places of tools.
#include "frontend/environment.h"

#include <algorithm>
#include <map>

#include "base/path_table.h"
#include "os/file.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): only with _GNU_SOURCE

namespace bxl::frontend {
namespace {

// Set for every pip, whatever the caller has.
const std::vector<std::pair<std::string, std::string>> kFixed = {
    // `git status` and `git describe` would otherwise rewrite .git/index, a file pips read.
    {"GIT_OPTIONAL_LOCKS", "0"},
    // Two scripts that import one module would write, and read, one __pycache__ file beside it.
    // What is there already is read as an input.
    {"PYTHONDONTWRITEBYTECODE", "1"},
    // A second cache below HOME: its state is no input, and what it writes is nobody's output.
    {"CCACHE_DISABLE", "1"},
};

// Caught by a '*' of the list, but about the caller's terminal, speed or caches, never about
// results.
constexpr std::string_view kNever[] = {
    "CMAKE_BUILD_PARALLEL_LEVEL", "CMAKE_COLOR_DIAGNOSTICS", "npm_config_cache",
    "npm_config_color",           "npm_config_loglevel",     "npm_config_progress",
    "npm_config_user_agent",      "PYTHONPYCACHEPREFIX",     "PYTHON_COLORS",
};

bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.empty() || pattern.back() != '*') return pattern == name;
  pattern.remove_suffix(1);
  return name.size() >= pattern.size() && name.substr(0, pattern.size()) == pattern;
}

std::string normalise_path_list(std::string_view value) {
  std::vector<std::string> kept;
  for (std::string& entry : path_entries(value)) {
    if (entry.empty()) entry.assign(1, '.');  // an empty entry means the working directory
    if (entry.front() == '/') {
      // Slashes only: folding ".." lexically would be wrong below a symlink.
      entry.erase(std::unique(entry.begin(), entry.end(),
                              [](char a, char b) { return a == '/' && b == '/'; }),
                  entry.end());
      if (entry.size() > 1 && entry.back() == '/') entry.pop_back();
      auto identity = stat_identity(entry);
      if (!identity || identity->kind != FileKind::Directory) continue;
    }
    if (std::find(kept.begin(), kept.end(), entry) == kept.end()) kept.push_back(entry);
  }
  std::string out;
  for (const std::string& entry : kept) out += (out.empty() ? "" : ":") + entry;
  return out;
}

}  // namespace

std::optional<std::string_view> value_of(const std::vector<std::string>& variables,
                                         std::string_view name) {
  for (const std::string& variable : variables)
    if (variable.size() > name.size() && variable[name.size()] == '=' && variable.starts_with(name))
      return std::string_view(variable).substr(name.size() + 1);
  return std::nullopt;
}

std::vector<std::string> path_entries(std::string_view value) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin <= value.size();) {
    const std::size_t end = std::min(value.find(':', begin), value.size());
    out.emplace_back(value.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

const std::vector<EnvironmentGroup>& environment_groups() {
  static const std::vector<EnvironmentGroup> groups = {
      {"commands are found through PATH", {"PATH"}},
      {"tools find their user's configuration through this", {"HOME"}},
      {"dates in outputs", {"TZ", "SOURCE_DATE_EPOCH", "ZERO_AR_DATE"}},
      {"compilers, linkers and their default flags",
       {"CC", "CXX", "CPP", "FC", "LD", "AR", "AS", "NM", "RANLIB", "STRIP", "OBJCOPY", "CFLAGS",
        "CXXFLAGS", "CPPFLAGS", "FFLAGS", "FCFLAGS", "LDFLAGS", "ARFLAGS"}},
      {"where compilers and linkers look",
       {"CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "OBJC_INCLUDE_PATH", "LIBRARY_PATH",
        "LD_LIBRARY_PATH", "LD_RUN_PATH", "COMPILER_PATH", "GCC_*", "DEPENDENCIES_OUTPUT",
        "SUNPRO_DEPENDENCIES"}},
      {"how packages and build files are found",
       {"PKG_CONFIG", "PKG_CONFIG_*", "CMAKE_*", "ACLOCAL_PATH", "QTDIR", "BOOST_ROOT"}},
      {"interpreters and where they look",
       {"PYTHON*", "VIRTUAL_ENV", "PERL5LIB", "PERL5OPT", "PERLLIB", "PERL_HASH_SEED", "RUBYLIB",
        "RUBYOPT", "GEM_HOME", "GEM_PATH", "LUA_PATH", "LUA_CPATH", "TCLLIBPATH", "EMACSLOADPATH"}},
      {"Go, without its caches",
       {"GOPATH", "GOROOT", "GOFLAGS", "GOOS", "GOARCH", "GOARM", "GOAMD64", "GOPROXY", "GOPRIVATE",
        "GONOSUMDB", "GOSUMDB", "GO111MODULE", "GOTOOLCHAIN", "GOWORK", "CGO_*"}},
      {"Rust",
       {"RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "CARGO_HOME", "CARGO_BUILD_*", "RUSTFLAGS", "RUSTC",
        "RUSTC_BOOTSTRAP"}},
      {"the Java virtual machine",
       {"JAVA_HOME", "JDK_HOME", "CLASSPATH", "JAVA_TOOL_OPTIONS", "ANDROID_HOME",
        "ANDROID_SDK_ROOT", "ANDROID_NDK_HOME"}},
      {"Node.js and its package managers, without their caches",
       {"NODE_PATH", "NODE_OPTIONS", "NODE_ENV", "npm_config_*", "COREPACK_*"}},
  };
  return groups;
}

bool passes(std::string_view name) {
  if (std::find(std::begin(kNever), std::end(kNever), name) != std::end(kNever)) return false;
  for (const EnvironmentGroup& group : environment_groups())
    for (std::string_view pattern : group.names)
      if (matches(pattern, name)) return true;
  return false;
}

Environment resolve_environment(const std::vector<std::string>& variables,
                                const std::vector<std::string>& pass_env) {
  std::map<std::string, std::string> out;
  for (const std::string& variable : variables) {
    std::size_t equals = variable.find('=');
    if (equals == std::string::npos || equals == 0) continue;
    std::string name = variable.substr(0, equals);
    bool wanted =
        passes(name) || std::find(pass_env.begin(), pass_env.end(), name) != pass_env.end();
    if (!wanted) continue;
    std::string value = variable.substr(equals + 1);
    if (name == "PATH") value = normalise_path_list(value);
    out.emplace(std::move(name), std::move(value));  // the first of two wins, as with getenv
  }
  for (const auto& [name, value] : kFixed) out[name] = value;
  // Messages, sorting and encodings are the same for everybody, unless --pass-env asks for the
  // user's.
  if (!out.contains("LC_ALL")) out.emplace("LANG", "C.UTF-8");
  return {out.begin(), out.end()};
}

std::vector<std::string> current_variables() {
  std::vector<std::string> out;
  for (char** at = environ; at && *at; ++at) out.emplace_back(*at);
  return out;
}

Result<void> check_pass_env(const std::vector<std::string>& pass_env) {
  for (const std::string& name : pass_env) {
    if (name.empty() || name.find('=') != std::string::npos)
      return make_error(EINVAL, "--pass-env: '" + name + "' is no name of a variable");
    if (name == "LD_PRELOAD" || name == "LD_AUDIT" || name == "PWD")
      return make_error(EINVAL, "--pass-env: " + name + " is set by bxl for each pip");
  }
  return {};
}

}  // namespace bxl::frontend
