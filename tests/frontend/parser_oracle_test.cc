// ninja itself as the oracle: command strings by `-t compdb`, edges by `-t query`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "frontend/ninja/evaluate.h"
#include "frontend/ninja_test_support.h"
#include "os/file.h"
#include "support/temp_dir.h"

namespace bxl::frontend::ninja {
namespace {

using Commands = std::multiset<std::pair<std::string, std::string>>;  // first output, command

std::string unescape_json(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
    } else if (text[++i] == 'n') {
      out += '\n';
    } else if (text[i] == 'u') {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 4)), nullptr, 16));
      i += 4;
    } else {
      out += text[i] == 't' ? '\t' : text[i] == 'r' ? '\r' : text[i];
    }
  }
  return out;
}

// One field per line, as ninja prints them.
Commands ninja_commands(const std::string& directory, const std::string& file) {
  std::istringstream lines(test::shell(directory, "ninja -f " + file + " -t compdb"));
  Commands out;
  std::string line, command;
  auto value = [&](const std::string& key) -> std::optional<std::string> {
    std::string head = "    \"" + key + "\": \"";
    if (line.compare(0, head.size(), head) != 0) return {};
    return unescape_json(line.substr(head.size(), line.rfind('"') - head.size()));
  };
  while (std::getline(lines, line)) {
    if (auto text = value("command")) command = *text;
    if (auto text = value("output")) out.emplace(*text, command);
  }
  return out;
}

std::unique_ptr<Manifest> parse_in(const std::string& directory, const std::string& file) {
  auto manifest = parse_manifest(file, [&](const std::string& path) {
    return read_file(path.front() == '/' ? path : directory + "/" + path);
  });
  if (!manifest) ADD_FAILURE() << manifest.error().to_string();
  return manifest ? std::move(*manifest) : nullptr;
}

// What `-t compdb` shows: edges with inputs. Phony ones are included there with whatever `command`
// means to them.
Commands our_commands(const Manifest& manifest) {
  EdgeEvaluator evaluator(manifest);
  Commands out;
  for (const Edge& edge : manifest.edges) {
    if (edge.inputs() == 0) continue;
    auto command = evaluator.value(edge, "command", EdgeEvaluator::Quote::Shell);
    if (!command) ADD_FAILURE() << command.error().to_string();
    out.emplace(manifest.text(manifest.outputs(edge)[0]), command ? *command : "");
  }
  return out;
}

// As `-t query` prints them: the rule, then the inputs with their marks.
std::map<std::string, std::string> our_queries(const Manifest& manifest) {
  std::map<std::string, std::string> out;
  for (const Edge& edge : manifest.edges) {
    std::string text = "  input: " + std::string(edge.rule->name) + "\n";
    for (std::uint32_t i = 0; i < edge.inputs(); ++i) {
      const char* mark = i < edge.explicit_inputs                          ? ""
                         : i < edge.explicit_inputs + edge.implicit_inputs ? "| "
                                                                           : "|| ";
      text +=
          "    " + std::string(mark) + std::string(manifest.text(manifest.inputs(edge)[i])) + "\n";
    }
    for (std::uint32_t i = 0; i < edge.outputs(); ++i)
      out[std::string(manifest.text(manifest.outputs(edge)[i]))] = text;
  }
  return out;
}

std::map<std::string, std::string> ninja_queries(const std::string& directory,
                                                 const std::string& file,
                                                 const std::map<std::string, std::string>& wanted) {
  std::string names;
  for (const auto& [name, text] : wanted) {
    std::string quoted = name.front() == '-' ? "./" : "";  // no option
    for (char c : name) quoted += c == '\'' ? "'\\''" : std::string(1, c);
    names += " '" + quoted + "'";
  }
  std::istringstream lines(test::shell(directory, "ninja -f " + file + " -t query" + names));
  std::map<std::string, std::string> out;
  std::string line, name;
  bool inputs = false;
  while (std::getline(lines, line)) {
    if (line.empty() || line[0] != ' ') {
      name = line.substr(0, line.size() - 1);
      inputs = false;
    } else if (line.compare(0, 9, "  input: ") == 0) {
      inputs = true;
    } else if (line == "  outputs:") {
      inputs = false;
    }
    if (inputs) out[name] += line + "\n";
  }
  return out;
}

class OracleTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!test::has_program("ninja")) GTEST_SKIP() << "ninja is not installed";
    for (const auto& entry : std::filesystem::directory_iterator(BXL_TEST_DATA))
      std::filesystem::copy(entry.path(), directory_.path());
  }
  test::TempDir directory_;
};

TEST_P(OracleTest, CommandsAreNinjas) {
  auto manifest = parse_in(directory_.path(), GetParam());
  ASSERT_TRUE(manifest);
  Commands expected = ninja_commands(directory_.path(), GetParam());
  EXPECT_FALSE(expected.empty());
  EXPECT_THAT(our_commands(*manifest), ::testing::ContainerEq(expected));
}

TEST_P(OracleTest, InputsAreNinjas) {
  auto manifest = parse_in(directory_.path(), GetParam());
  ASSERT_TRUE(manifest);
  auto ours = our_queries(*manifest);
  EXPECT_THAT(ours, ::testing::ContainerEq(ninja_queries(directory_.path(), GetParam(), ours)));
}

INSTANTIATE_TEST_SUITE_P(Corpus, OracleTest,
                         ::testing::Values("scopes.ninja", "quoting.ninja", "paths.ninja",
                                           "edges.ninja"),
                         [](const auto& file) {
                           return file.param.substr(0, file.param.find('.'));
                         });

}  // namespace
}  // namespace bxl::frontend::ninja
