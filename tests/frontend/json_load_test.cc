// A JSON graph from disk to stream: when the stored one is reused, and what any bytes give.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <random>

#include "frontend/json_test_support.h"
#include "frontend/load.h"
#include "os/file.h"
#include "support/temp_dir.h"
#include "wire/graph_stream.h"

namespace bxl::frontend {
namespace {

using ::testing::HasSubstr;

class JsonLoadTest : public ::testing::Test {
 protected:
  JsonLoadTest() { EXPECT_TRUE(make_directories(root_)); }

  void write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(replace_file(root_ + "/" + name, text));
  }
  struct Loaded {
    bool reused = false;
    std::string error, options;
    std::vector<wire::Pip> pips;
    std::vector<wire::Mount> mounts;
    Environment environment;
  };
  Loaded load() {
    Loaded out;
    LoadRequest request;
    request.workspace.directory = root_;
    request.workspace.manifest = "graph.bxl.json";
    request.workspace.front_end = FrontEnd::Json;
    request.variables = variables_;
    request.pass_env = pass_env_;
    request.warn = [&](const std::string& text) { ADD_FAILURE() << text; };
    request.note = [](const std::string&) {};
    auto graph = load_graph(request);
    if (!graph) {
      out.error = graph.error().to_string();
      return out;
    }
    out.reused = graph->reused;
    PathTable paths;
    auto reader = wire::GraphReader::open(graph->stream.get(), paths);
    EXPECT_TRUE(reader) << reader.error().to_string();
    if (!reader) return out;
    out.mounts = reader->header().mounts;
    out.environment = reader->frame().environment;
    out.options = reader->frame().options;
    EXPECT_EQ(reader->frame().front_end, "json");
    for (std::uint32_t i = 0; i < reader->pip_count(); ++i)
      out.pips.push_back(reader->pip(PipId(i)));
    return out;
  }

  test::TempDir dir_;
  std::string root_ = dir_ / "ws";
  std::vector<std::string> variables_ = {"PATH=/usr/bin", "SECRET=1", "OTHER=x"};
  std::vector<std::string> pass_env_;
};

const std::string kGraph = json_graph::test::with_pips(
    R"({"id": "a", "command": "x", "passEnv": ["SECRET", "ABSENT"], "env": {"B": "1"}})");

TEST_F(JsonLoadTest, OnlyDeclaredPlacesOfTheWorkspaceMayBeWritten) {
  write("graph.bxl.json", kGraph);
  Loaded loaded = load();
  ASSERT_EQ(loaded.error, "");
  ASSERT_FALSE(loaded.mounts.empty());
  EXPECT_EQ(loaded.mounts[0].token, "%ws%");
  EXPECT_EQ(loaded.mounts[0].path, root_);
  for (const wire::Mount& mount : loaded.mounts) EXPECT_FALSE(mount.flags & wire::kMountOutput);
}

TEST_F(JsonLoadTest, TheStoredGraphServesWhileFileAndVariablesAreTheSame) {
  write("graph.bxl.json", kGraph);
  EXPECT_FALSE(load().reused);
  EXPECT_TRUE(load().reused);
  variables_.push_back("UNRELATED=1");
  EXPECT_TRUE(load().reused);
  variables_[1] = "SECRET=2";
  Loaded changed = load();
  EXPECT_FALSE(changed.reused);
  EXPECT_EQ(changed.pips.at(0).more().environment.at(1).second, "2");
  EXPECT_EQ(changed.options.find("SECRET=2"), std::string::npos) << "values stay out of options";
  EXPECT_TRUE(load().reused);
  variables_.push_back("ABSENT=");
  EXPECT_FALSE(load().reused);
  variables_[0] = "PATH=/bin";
  EXPECT_FALSE(load().reused);
  pass_env_ = {"OTHER"};
  EXPECT_FALSE(load().reused);
  EXPECT_TRUE(load().reused);
  write("graph.bxl.json", kGraph + " ");
  EXPECT_FALSE(load().reused);
}

TEST_F(JsonLoadTest, AGraphThatIsNotThereOrTooLargeIsSaid) {
  EXPECT_THAT(load().error, HasSubstr("graph.bxl.json: No such file or directory"));
  write("graph.bxl.json", "");
  ASSERT_EQ(::truncate((root_ + "/graph.bxl.json").c_str(), (256 << 20) + 1), 0);
  EXPECT_THAT(load().error, HasSubstr("graph.bxl.json has more than 256 MiB"));
}

// Everything the language has, to be damaged.
const std::string kRich = json_graph::test::with_pips(
    R"({"id": "a", "command": ["x", "y"], "cwd": "d", "env": {"A": "1"}, "passEnv": ["WHO"],
        "inputs": ["i", {"seal": "s"}, "gen"], "outputs": ["o"], "optionalOutputs": ["p"],
        "outputDirectories": [{"path": "q", "kind": "shared"}], "stdin": {"text": "t"},
        "stdout": "so", "stderr": "se", "responseFile": {"path": "r", "content": "c"},
        "untracked": ["u"], "undeclaredReads": "deny", "timeoutMs": 10, "retryExitCodes": [3],
        "retries": 4, "successExitCodes": [0, 1], "weight": 2, "pool": "p", "tags": ["t"]},
       {"id": "w", "kind": "write-file", "path": "w", "contentBase64": "AAAA", "executable": true},
       {"id": "c", "kind": "copy-file", "from": "w", "to": "v", "dependencies": ["a"]},
       {"id": "t", "kind": "copy-directory", "from": "src", "to": "gen"})",
    R"("seals": [{"id": "s", "kind": "full", "path": "f", "files": ["f/1", "f/2"]}],
       "pools": {"p": 1}, "module": "m", "defaults": ["t"],)");

// A graph or an error that names the file, never a crash; what comes out is a sound graph.
void expect_sane(const std::string& text, std::size_t& graphs) {
  auto made = json_graph::test::make(text);
  if (!made->error.empty()) return;
  ++graphs;
  for (const wire::Pip& pip : made->set.pips) {
    ASSERT_FALSE(pip.stable_id.empty());
    for (PipId id : pip.dependencies) ASSERT_LT(index(id), made->set.pips.size());
  }
}

TEST(JsonFuzz, TheRichGraphIsAGraph) { EXPECT_EQ(json_graph::test::make(kRich)->error, ""); }

TEST(JsonFuzz, NoTruncationIsAGraph) {
  for (std::size_t size = 0; size < kRich.size(); ++size)
    ASSERT_NE(json_graph::test::make(kRich.substr(0, size))->error, "") << size;
}

TEST(JsonFuzz, RandomMutationsGiveAGraphOrAnError) {
  std::mt19937 random(20260101);
  auto below = [&](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
  };
  const std::string_view kPieces[] = {"\"",    "{",    "}",     "[",       "]",       ":",
                                      ",",     "null", "-1",    "1e99",    "\\udc00", "\"..\"",
                                      "\"/\"", "true", "\"a\"", "\"gen\"", "\\u0000", "\"id\""};
  std::size_t graphs = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = kRich;
    for (std::size_t edits = 1 + below(3); edits > 0; --edits) {
      const std::size_t at = below(text.size());
      switch (below(4)) {
        case 0:
          text[at] = static_cast<char>(below(256));
          break;
        case 1:
          text.erase(at, 1 + below(12));
          break;
        case 2:
          text.insert(at, kPieces[below(std::size(kPieces))]);
          break;
        default: {  // a value becomes another one that stands there
          const std::size_t from = below(text.size());
          text.insert(at, text.substr(from, below(40)));
        }
      }
      if (text.empty()) text = "x";
    }
    expect_sane(text, graphs);
  }
  EXPECT_GT(graphs, 100u) << "mutations that only break the syntax test too little";
}

}  // namespace
}  // namespace bxl::frontend
