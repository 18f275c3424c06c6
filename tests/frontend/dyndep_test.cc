// What dyndep files add to edges, and what is refused.
#include "frontend/ninja/dyndep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "frontend/ninja_test_support.h"

namespace bxl::frontend::ninja {
namespace {

using ::testing::ElementsAre;

const std::string kManifest =
    "rule r\n  command = run $in : $out\n"
    "build dd: r\nbuild other: r\n"
    "build a | ai: r x | y || z dd |@ v\n  dyndep = dd\n"
    "build b: r || dd\n  dyndep = ./dd\n"
    "build v: r\n";
const std::string kVersion = "ninja_dyndep_version = 1\n";

struct Loaded {
  std::unique_ptr<Manifest> manifest;
  std::string error = "no error";
};

Loaded load(const std::string& text) {
  Loaded out;
  auto manifest = test::parse_files({{"build.ninja", kManifest}});
  EXPECT_TRUE(manifest) << manifest.error().to_string();
  out.manifest = std::move(*manifest);
  auto files = dyndep_files(*out.manifest);
  EXPECT_EQ(files.size(), 1u);
  EXPECT_EQ(out.manifest->text(files.at(0)), "dd");
  if (auto done = load_dyndep(*out.manifest, files.at(0), text); !done) {
    out.error = done.error().to_string();
    out.error = out.error.substr(0, out.error.find('\n'));
  }
  return out;
}

std::vector<std::string> nodes(const Manifest& manifest, const NodeId* first, std::uint32_t count) {
  std::vector<std::string> out;
  for (std::uint32_t i = 0; i < count; ++i) out.emplace_back(manifest.text(first[i]));
  return out;
}

TEST(DyndepTest, AdditionsStandAfterTheImplicitOnes) {
  Loaded loaded = load(kVersion +
                       "# comment\nbuild a | ao: dyndep | ./q/../ay ay b\n  restat = 1\n"
                       "build b: dyndep\n");
  ASSERT_EQ(loaded.error, "no error");
  const Manifest& m = *loaded.manifest;
  const Edge& a = m.edges.at(2);
  EXPECT_THAT(nodes(m, m.outputs(a), a.outputs()), ElementsAre("a", "ai", "ao"));
  EXPECT_EQ(a.explicit_outputs, 1u);
  EXPECT_THAT(nodes(m, m.inputs(a), a.inputs()), ElementsAre("x", "y", "ay", "b", "z", "dd"));
  EXPECT_EQ(a.order_only, 2u);
  EXPECT_THAT(nodes(m, m.inputs(a) + a.inputs(), a.validations), ElementsAre("v"));
  EXPECT_EQ(m.nodes.at(static_cast<std::size_t>(m.by_text.at("ao"))).producer, 2u);

  PathTable paths;
  PipSettings settings;
  settings.directory = "/b";
  settings.exists = [](const std::string&) { return false; };
  auto set = make_pips(m, settings, paths);
  ASSERT_TRUE(set);
  const wire::Pip& pip = set->pips.at(2);
  EXPECT_EQ(pip.command, "run x : a");
  EXPECT_EQ(pip.stable_id, "a");
  EXPECT_TRUE(pip.flags & wire::kPipRestat);
  EXPECT_EQ(paths.str(pip.dyndep), "/b/dd");
  EXPECT_THAT(pip.dependencies, ElementsAre(PipId{0}, PipId{3}));
  EXPECT_EQ(set->pips.at(1).dyndep, kNoPath);
}

TEST(DyndepTest, VersionsAreNinjas) {
  const std::string rest = "\nbuild a: dyndep\nbuild b: dyndep\n";
  for (const char* good : {"1", "1.0", "1.0-cmake", "1-x"})
    EXPECT_EQ(load(std::string("ninja_dyndep_version = ") + good + rest).error, "no error") << good;
  for (const char* bad : {"2", "0", "1.1", "10", "", "x"})
    EXPECT_EQ(load(std::string("ninja_dyndep_version = ") + bad + rest).error,
              std::string("dd:1:1: unsupported 'ninja_dyndep_version = ") + bad + "'")
        << bad;
}

TEST(DyndepTest, ErrorsNameLineAndColumnAndChangeNothing) {
  const std::string both = "build a: dyndep\nbuild b: dyndep\n";
  const std::pair<std::string, std::string> cases[] = {
      {"", "dd:1:1: expected 'ninja_dyndep_version = ...'"},
      {both, "dd:1:1: expected 'ninja_dyndep_version = ...'"},
      {"x = 1\n" + both, "dd:1:1: expected 'ninja_dyndep_version = ...'"},
      {kVersion + "x = 1\n" + both, "dd:2:1: unexpected identifier"},
      {kVersion + "build a: dyndep\n", "'b' is not mentioned in its dyndep file 'dd'"},
      {kVersion + both + "build nobody: dyndep\n",
       "dd:4:7: no build statement exists for 'nobody'"},
      {kVersion + both + "build x: dyndep\n", "dd:4:7: no build statement exists for 'x'"},
      {kVersion + both + "build ai: dyndep\n", "dd:4:7: multiple statements for 'ai'"},
      {kVersion + both + "build other: dyndep\n",
       "dd:4:7: the build statement of 'other' has no dyndep binding for this file"},
      {kVersion + "build a: r\n", "dd:2:10: expected build command name 'dyndep'"},
      {kVersion + "build a a2: dyndep\n", "dd:2:9: explicit outputs not supported"},
      {kVersion + "build a: dyndep q\n", "dd:2:17: explicit inputs not supported"},
      {kVersion + "build a: dyndep || q\n", "dd:2:17: order-only inputs not supported"},
      {kVersion + "build a: dyndep\n  generator = 1\n", "dd:3:3: binding is not 'restat'"},
      {kVersion + "build a | other: dyndep\nbuild b: dyndep\n",
       "dd:2:1: multiple rules generate 'other': the other is build.ninja:4"},
      {kVersion + "build a | n: dyndep\nbuild b | n: dyndep\n",
       "dd:3:1: multiple rules generate 'n': the other is build.ninja:5"},
      {kVersion + "build a | $none: dyndep\n", "dd:2:11: empty path"},
      {kVersion + "rule q\n", "dd:2:1: unexpected 'rule'"},
      {kVersion + std::string("build a\0: dyndep\n", 17), "dd:2:8: "},
  };
  for (const auto& [text, error] : cases) {
    Loaded loaded = load(text);
    EXPECT_EQ(loaded.error.substr(0, error.size()), error) << text;
    const Edge& a = loaded.manifest->edges.at(2);
    EXPECT_EQ(a.outputs() + a.inputs(), 6u) << text;
  }
}

}  // namespace
}  // namespace bxl::frontend::ninja
