// Damaged manifests: an answer or an error, never a crash or a hang.
#include <gtest/gtest.h>

#include <random>

#include "frontend/ninja_test_support.h"
#include "os/file.h"

namespace bxl::frontend::ninja {
namespace {

test::Files corpus() {
  test::Files files;
  for (const auto& entry : std::filesystem::directory_iterator(BXL_TEST_DATA))
    files[entry.path().filename()] = read_file(entry.path()).value();
  return files;
}

// Whatever parses must also turn into pips with valid ids.
void expect_sane(test::Files files, const std::string& text) {
  files["build.ninja"] = text;
  auto pips = test::make_pips(files);
  if (!pips->error.empty()) return;
  for (const wire::Pip& pip : pips->set.pips) {
    ASSERT_FALSE(pip.outputs.empty());
    ASSERT_LE(pip.explicit_outputs, pip.outputs.size());
    ASSERT_FALSE(pip.stable_id.empty());
    for (PipId id : pip.dependencies) ASSERT_LT(index(id), pips->set.pips.size());
  }
}

TEST(ParserFuzzTest, EveryTruncationIsSurvived) {
  auto files = corpus();
  ASSERT_GE(files.size(), 4u);
  for (const auto& [name, text] : files)
    for (std::size_t size = 0; size <= text.size(); ++size)
      expect_sane(files, text.substr(0, size));
}

TEST(ParserFuzzTest, RandomMutationsAreSurvived) {
  auto files = corpus();
  const std::string tokens[] = {
      "$",   "|",     ":",        "||",      "|@",   "\n", "  ",       "\t",     "build ",
      "$\n", "rule ", "=",        "phony",   "\r\n", "${", "include ", "../",    "subninja ",
      "$in", "pool",  "default ", "command", "\xff", "#",  "$$out",    "depfile"};
  for (const auto& [name, original] : files) {
    for (unsigned seed = 0; seed < 300; ++seed) {
      std::mt19937 random(seed);
      std::string text = original;
      for (unsigned changes = 1 + random() % 8; changes > 0 && !text.empty(); --changes) {
        std::size_t at = random() % text.size();
        switch (random() % 5) {
          case 0:
            text[at] = static_cast<char>(random());
            break;
          case 1:
            text.erase(at, 1 + random() % 10);
            break;
          case 2:
            text.insert(at, tokens[random() % std::size(tokens)]);
            break;
          case 3:
            text.insert(at, text.substr(random() % text.size(), random() % 60));
            break;
          default:
            text[at] = "$:| \n="[random() % 6];
            break;
        }
      }
      SCOPED_TRACE(name + ", seed " + std::to_string(seed));
      expect_sane(files, text);
    }
  }
}

TEST(ParserFuzzTest, RandomBytesAreSurvived) {
  for (unsigned seed = 0; seed < 500; ++seed) {
    std::mt19937 random(seed);
    std::string text(random() % 200, '\0');
    for (char& c : text) c = static_cast<char>(random());
    expect_sane({}, text);
  }
}

// Variables of rules may refer to each other many times over.
TEST(ParserFuzzTest, WideRuleVariablesEnd) {
  auto many = [](const std::string& name) {
    std::string out;
    for (int i = 0; i < 300; ++i) out += "$" + name;
    return out;
  };
  std::string text = "rule r\n  command = " + many("description") +
                     "\n  description = " + many("depfile") + "\n  depfile = " + many("deps") +
                     "\n  deps = " + many("rspfile") + "\nbuild a: r\n";
  EXPECT_NE(test::make_pips(text)->error, "");
}

}  // namespace
}  // namespace bxl::frontend::ninja
