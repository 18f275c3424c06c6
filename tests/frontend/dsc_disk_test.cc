// Configurations on disk: what they read is recorded, and every value says where it is from.
#include <gtest/gtest.h>

#include "frontend/dsc/disk.h"
#include "frontend/dsc/explain.h"
#include "support/temp_dir.h"

namespace bxl::frontend::dsc {
namespace {

class DscDiskTest : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(make_directories(std::string(parent_path(dir_.path() + "/" + name))));
    ASSERT_TRUE(replace_file(dir_.path() + "/" + name, text));
  }
  // Evaluates, and keeps what was read.
  std::unique_ptr<Evaluation> run() {
    Reads reads(paths_);
    auto out = Evaluation::run(dir_.path() + "/config.dsc", disk_world(reads, {"A=1", "A=2"}));
    EXPECT_TRUE(out) << out.error().to_string();
    reads_ = reads.take();
    return std::move(*out);
  }
  bool all_unchanged() const {
    for (const wire::FrontEndRead& read : reads_)
      if (!unchanged(read, paths_.str(read.path))) return false;
    return true;
  }

  test::TempDir dir_;
  PathTable paths_;
  std::vector<wire::FrontEndRead> reads_;
};

TEST_F(DscDiskTest, WhateverWasLookedAtCountsWhenItChanges) {
  write("lib/h.dsc", "export const h = glob(d`../src`);");
  write("src/a", "");
  write("config.dsc",
        "config({a: importFile(f`lib/h.dsc`).h, b: File.exists(f`maybe`), c: glob(d`none`)});");
  run();
  EXPECT_TRUE(all_unchanged());
  const std::pair<const char*, const char*> changes[] = {
      {"lib/h.dsc", "export const h = glob(d`../src`).slice(0);"},
      {"src/b", ""},
      {"maybe", ""},
      {"none/x", ""}};
  for (const auto& [name, text] : changes) {
    write(name, text);
    EXPECT_FALSE(all_unchanged()) << name;
    run();
    EXPECT_TRUE(all_unchanged()) << name;
  }
  write("src/a", "its content was not looked at");
  write("other", "");
  EXPECT_TRUE(all_unchanged());
}

TEST_F(DscDiskTest, EveryValueHasAnOrigin) {
  write("lib/h.dsc", "export const root = d`x`;\n");
  write("config.dsc", R"(config({
  resolvers: [{
    kind: "Lage",
    root: importFile(f`lib/h.dsc`).root,
    environment: Map.empty<string, string>().add("A", Environment.getStringValue("A")),
    "execute": [],
    "odd key": { n: -1.5, u: undefined, f: () => 1 },
  }],
  ci: Environment.getFlag("CI"),
});
)");
  auto evaluation = run();
  ASSERT_TRUE(evaluation);
  EXPECT_EQ(
      explain_text(*evaluation),
      "resolvers[0].kind = \"Lage\"  # config.dsc:3:11\n"
      "resolvers[0].root = d`" +
          dir_.path() +
          "/lib/x`  # lib/h.dsc:1:21\n"
          "resolvers[0].environment[\"A\"] = \"1\"  # config.dsc:5:67, environment variable A\n"
          "resolvers[0].execute = []  # config.dsc:6:16\n"
          "resolvers[0][\"odd key\"].n = -1.5  # config.dsc:7:21\n"
          "resolvers[0][\"odd key\"].u = undefined  # config.dsc:7:30\n"
          "resolvers[0][\"odd key\"].f = a function  # config.dsc:7:44\n"
          "ci = false  # config.dsc:9:19, environment variable CI\n"
          "# environment variable CI is not set\n");
  EXPECT_NE(explain_json(*evaluation)
                .find(R"({"name":"resolvers[0].environment[\"A\"]","type":"a string","value":"1",)"
                      R"("origin":"config.dsc:5:67","variable":"A"})"),
            std::string::npos);
  EXPECT_NE(explain_json(*evaluation).find(R"("variables":{"A":"1","CI":null})"),
            std::string::npos);
}

}  // namespace
}  // namespace bxl::frontend::dsc
