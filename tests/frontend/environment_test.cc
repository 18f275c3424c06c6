// What reaches a pip, and what never does.
#include "frontend/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "support/temp_dir.h"

namespace bxl::frontend {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(EnvironmentTest, ListedNamesPassAndSessionNamesDoNot) {
  for (const char* name :
       {"PATH", "HOME", "TZ", "CC", "CFLAGS", "CPATH", "LD_LIBRARY_PATH", "PKG_CONFIG_PATH",
        "CMAKE_PREFIX_PATH", "SOURCE_DATE_EPOCH", "PYTHONPATH", "npm_config_registry",
        "GCC_EXEC_PREFIX", "RUSTFLAGS", "JAVA_HOME", "NODE_PATH"})
    EXPECT_TRUE(passes(name)) << name;
  for (const char* name : {"TERM",
                           "COLUMNS",
                           "SHLVL",
                           "PWD",
                           "OLDPWD",
                           "_",
                           "LD_PRELOAD",
                           "LD_AUDIT",
                           "MAKEFLAGS",
                           "SSH_AUTH_SOCK",
                           "XDG_RUNTIME_DIR",
                           "DISPLAY",
                           "FORCE_COLOR",
                           "NO_COLOR",
                           "GOCACHE",
                           "npm_config_cache",
                           "CMAKE_BUILD_PARALLEL_LEVEL",
                           "PATHX",
                           "XPATH",
                           "LC",
                           "LANG",
                           "LC_ALL",
                           "LC_TIME",
                           "USER",
                           "LOGNAME",
                           ""})
    EXPECT_FALSE(passes(name)) << name;
}

TEST(EnvironmentTest, ResultIsSortedAndHoldsTheFixedValues) {
  EXPECT_THAT(resolve_environment(
                  {"TZ=UTC", "TERM=xterm", "CC=gcc", "GIT_OPTIONAL_LOCKS=1", "=odd", "odd"}, {}),
              ElementsAre(Pair("CC", "gcc"), Pair("CCACHE_DISABLE", "1"),
                          Pair("GIT_OPTIONAL_LOCKS", "0"), Pair("LANG", "C.UTF-8"),
                          Pair("PYTHONDONTWRITEBYTECODE", "1"), Pair("TZ", "UTC")));
}

TEST(EnvironmentTest, PassEnvAddsNamesThatAreSet) {
  EXPECT_THAT(resolve_environment({"TERM=xterm", "MINE="}, {"TERM", "MINE", "UNSET"}),
              ElementsAre(Pair("CCACHE_DISABLE", "1"), Pair("GIT_OPTIONAL_LOCKS", "0"),
                          Pair("LANG", "C.UTF-8"), Pair("MINE", ""),
                          Pair("PYTHONDONTWRITEBYTECODE", "1"), Pair("TERM", "xterm")));
}

TEST(EnvironmentTest, FirstOfTwoValuesCounts) {
  EXPECT_THAT(
      resolve_environment({"CC=a", "CC=b"}, {}),
      ElementsAre(Pair("CC", "a"), Pair("CCACHE_DISABLE", "1"), Pair("GIT_OPTIONAL_LOCKS", "0"),
                  Pair("LANG", "C.UTF-8"), Pair("PYTHONDONTWRITEBYTECODE", "1")));
}

TEST(EnvironmentTest, TheUsersLocaleIsThereWhenItIsAskedFor) {
  auto value = [](const std::vector<std::string>& names, std::string_view name) {
    for (const auto& [variable, text] :
         resolve_environment({"LANG=de_DE.UTF-8", "LC_ALL=C", "USER=me"}, names))
      if (variable == name) return text;
    return std::string("unset");
  };
  EXPECT_EQ(value({}, "LANG"), "C.UTF-8");
  EXPECT_EQ(value({}, "LC_ALL"), "unset");
  EXPECT_EQ(value({"LANG"}, "LANG"), "de_DE.UTF-8");
  EXPECT_EQ(value({"LC_ALL"}, "LANG"), "unset") << "LC_ALL decides";
  EXPECT_EQ(value({"USER"}, "USER"), "me");
}

TEST(EnvironmentTest, PathLosesDuplicatesAndWhatIsNoDirectory) {
  test::TempDir dir;
  std::filesystem::create_directories(dir / "a");
  std::filesystem::create_directories(dir / "b");
  std::string value =
      dir / "b" + ":" + dir / "none" + ":" + dir / "a" + "//:" + dir / "a" + "::rel:" + dir / "b";
  auto environment = resolve_environment({"PATH=" + value}, {});
  auto path = std::find_if(environment.begin(), environment.end(),
                           [](auto& v) { return v.first == "PATH"; });
  ASSERT_NE(path, environment.end());
  EXPECT_EQ(path->second, dir / "b" + ":" + dir / "a" + ":.:rel");
}

TEST(EnvironmentTest, NamesThatBxlSetsCannotBePassed) {
  EXPECT_TRUE(check_pass_env({"FOO", "TERM"}));
  for (const char* name : {"LD_PRELOAD", "PWD", "", "A=B"})
    EXPECT_FALSE(check_pass_env({name})) << name;
}

}  // namespace
}  // namespace bxl::frontend
