// Trees that CMake generates: the same commands as ninja's, and CMake's own re-run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <regex>

#include "frontend/load.h"
#include "frontend/ninja_test_support.h"
#include "os/file.h"
#include "support/temp_dir.h"
#include "wire/graph_stream.h"

namespace bxl::frontend {
namespace {

using test::write_file;

const char* kProject = R"(
cmake_minimum_required(VERSION 3.16)
project(sample C)
enable_testing()
file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/lib/*.c)
add_library(part STATIC ${sources})
target_include_directories(part PUBLIC lib "${CMAKE_BINARY_DIR}/gen dir")
add_custom_command(OUTPUT "${CMAKE_BINARY_DIR}/gen dir/made.h"
  COMMAND ${CMAKE_COMMAND} -E make_directory "${CMAKE_BINARY_DIR}/gen dir"
  COMMAND ${CMAKE_COMMAND} -E touch "${CMAKE_BINARY_DIR}/gen dir/made.h"
  DEPENDS input.txt COMMENT "Making made.h" VERBATIM)
add_custom_target(headers DEPENDS "${CMAKE_BINARY_DIR}/gen dir/made.h")
add_dependencies(part headers)
add_custom_target(always ALL COMMAND ${CMAKE_COMMAND} -E echo "it's $HOME; done" VERBATIM)
add_executable(main main.c)
target_link_libraries(main part)
target_compile_definitions(main PRIVATE "TEXT=\"a b\"" "COLON=a:b")
add_test(NAME runs COMMAND main)
install(TARGETS main)
)";

class CMakeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!test::has_program("cmake") || !test::has_program("ninja") || !test::has_program("cc"))
      GTEST_SKIP() << "cmake, ninja or cc is not installed";
    write_file(source_ + "/CMakeLists.txt", kProject);
    write_file(source_ + "/lib/a.c", "int a(void) { return 0; }\n");
    write_file(source_ + "/main.c", "int a(void); int main(void) { return a(); }\n");
    write_file(source_ + "/input.txt", "");
    int status = 1;
    test::shell(dir_.path(), "cmake -G Ninja -S 'source dir' -B build >cmake.log 2>&1", &status);
    ASSERT_EQ(status, 0) << read_file(dir_ / "cmake.log").value();
  }

  struct Loaded {
    bool reused;
    std::uint32_t generator_runs;
    PathTable paths;
    std::vector<wire::Pip> pips;
    wire::Header header;
  };
  std::unique_ptr<Loaded> load(const std::string& directory) {
    LoadRequest request;
    auto workspace = find_workspace(directory, "");
    if (!workspace) {
      ADD_FAILURE() << workspace.error().to_string();
      return nullptr;
    }
    request.workspace = *workspace;
    request.variables = current_variables();
    request.warn = [](const std::string& text) { ADD_FAILURE() << text; };
    request.note = [](const std::string&) {};
    auto graph = load_graph(request);
    if (!graph) {
      ADD_FAILURE() << graph.error().to_string();
      return nullptr;
    }
    auto out = std::make_unique<Loaded>();
    out->reused = graph->reused;
    out->generator_runs = graph->generator_runs;
    auto reader = wire::GraphReader::open(graph->stream.get(), out->paths);
    if (!reader) {
      ADD_FAILURE() << reader.error().to_string();
      return nullptr;
    }
    out->header = reader->header();
    for (std::uint32_t i = 0; i < reader->pip_count(); ++i)
      out->pips.push_back(reader->pip(PipId(i)));
    return out;
  }

  test::TempDir dir_;
  std::string source_ = dir_ / "source dir", build_ = dir_ / "build";
};

TEST_F(CMakeTest, CommandsAreThoseOfNinja) {
  auto graph = load(build_);
  ASSERT_TRUE(graph);
  std::multiset<std::string> ours, expected;
  for (const wire::Pip& pip : graph->pips)
    if (pip.kind == wire::PipKind::Process && !(pip.inputs.empty() && pip.order_only.empty()))
      ours.insert(pip.command);
  const std::string head = "    \"command\": \"";
  std::istringstream lines(test::shell(build_, "ninja -t compdb"));
  for (std::string line; std::getline(lines, line);) {
    if (line.compare(0, head.size(), head) != 0) continue;
    std::string text = line.substr(head.size(), line.rfind('"') - head.size());
    if (text.empty()) continue;  // phony
    expected.insert(std::regex_replace(text, std::regex(R"(\\(.))"), "$1"));
  }
  EXPECT_GT(expected.size(), 5u);
  EXPECT_THAT(ours, ::testing::ContainerEq(expected));
}

TEST_F(CMakeTest, SecondLoadReusesTheGraphAndRunsNoCMake) {
  ASSERT_TRUE(load(build_));
  auto again = load(build_);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->reused);
  EXPECT_EQ(again->generator_runs, 1u);  // the check of globs, which is always dirty
}

TEST_F(CMakeTest, NewGlobMemberAndEditedListRunCMake) {
  auto first = load(build_);
  ASSERT_TRUE(first);
  write_file(source_ + "/lib/b.c", "int b;\n");
  auto member = load(build_);
  ASSERT_TRUE(member);
  EXPECT_FALSE(member->reused);
  EXPECT_EQ(member->pips.size(), first->pips.size() + 1);
  EXPECT_EQ(member->generator_runs, 2u);  // the check of globs, CMake
  write_file(source_ + "/CMakeLists.txt",
             std::string(kProject) + "add_executable(second main.c)\n");
  auto edited = load(build_);
  ASSERT_TRUE(edited);
  EXPECT_GT(edited->pips.size(), member->pips.size());
  auto last = load(build_);
  ASSERT_TRUE(last);
  EXPECT_TRUE(last->reused);
}

TEST_F(CMakeTest, ActionsAreMarkedSoThatTheyAlwaysRun) {
  auto graph = load(build_);
  ASSERT_TRUE(graph);
  for (const wire::Pip& pip : graph->pips)
    if (pip.stable_id == "CMakeFiles/install.util" || pip.stable_id == "CMakeFiles/test.util") {
      EXPECT_TRUE(pip.flags & wire::kPipConsole) << pip.stable_id;
    }
  std::string tokens;
  for (const wire::Mount& mount : graph->header.mounts)
    if (mount.token == "%build%" || mount.token == "%src%") tokens += mount.path + "|";
  EXPECT_EQ(tokens, build_ + "|" + source_ + "|");
}

// The manifest then says /…/link/build while the build runs in /…/build.
TEST_F(CMakeTest, TreeConfiguredThroughALinkHasNoSecondNames) {
  std::filesystem::create_symlink(dir_.path(), dir_ / "link");
  int status = 1;
  test::shell(dir_.path(),
              "cmake -G Ninja -S \"$PWD/link/source dir\" -B \"$PWD/link/build2\" >log 2>&1",
              &status);
  ASSERT_EQ(status, 0);
  auto graph = load(dir_ / "build2");
  ASSERT_TRUE(graph);
  for (const wire::Pip& pip : graph->pips)
    for (const auto* list : {&pip.inputs, &pip.outputs, &pip.order_only})
      for (PathId path : *list)
        EXPECT_FALSE(path_within(graph->paths.str(path), dir_ / "link")) << graph->paths.str(path);
}

}  // namespace
}  // namespace bxl::frontend
