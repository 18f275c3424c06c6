// Filters: what they match, what is refused, and random ones against an evaluator that knows no
// shortcuts.
#include "plan/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <set>

namespace bxl::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Graph {
 public:
  PathTable paths;
  std::vector<wire::Pip> pips;

  // `inputs`, `outputs`: names below /b, or absolute.
  PipId add(const std::string& id, const std::vector<std::string>& inputs,
            const std::vector<std::string>& outputs, const std::string& rule = "r",
            wire::PipKind kind = wire::PipKind::Process,
            const std::string& spec = "build.ninja:1") {
    wire::Pip pip;
    pip.kind = kind;
    pip.stable_id = id;
    pip.rule = rule;
    pip.spec = spec;
    for (const std::string& name : inputs) pip.inputs.push_back(path(name));
    for (const std::string& name : outputs) pip.outputs.push_back(path(name));
    pip.explicit_outputs = static_cast<std::uint32_t>(pip.outputs.size());
    for (std::size_t i = 0; i < pips.size(); ++i)
      for (PathId input : pip.inputs)
        if (std::find(pips[i].outputs.begin(), pips[i].outputs.end(), input) !=
                pips[i].outputs.end() &&
            std::find(pip.dependencies.begin(), pip.dependencies.end(), PipId(i)) ==
                pip.dependencies.end())
          pip.dependencies.push_back(PipId(i));
    pips.push_back(std::move(pip));
    return PipId(pips.size() - 1);
  }
  PathId path(const std::string& name) {
    return paths.intern(name[0] == '/' ? name : "/b/" + name);
  }

  graph::PipGraph build() const {
    auto graph = graph::PipGraph::create(pips, paths);
    EXPECT_TRUE(graph) << graph.error().to_string();
    return std::move(*graph);
  }
};

std::vector<std::string> matched(const Graph& made, const std::string& text,
                                 const std::vector<PipId>* asked = nullptr) {
  const graph::PipGraph graph = made.build();
  const graph::Mounts mounts({{"%build%", "/b", 0}, {"%src%", "/s", 0}});
  auto filter = Filter::parse(text);
  if (!filter) return {filter.error().to_string()};
  auto pips = filter->evaluate({graph, made.paths, mounts, "/b", "project", nullptr, asked});
  if (!pips) return {pips.error().to_string()};
  std::vector<std::string> out;
  for (PipId id : *pips) out.push_back(graph.pip(id).stable_id);
  return out;
}

Graph example() {
  Graph g;
  g.add("a.o", {"/s/a.c", "/s/h.h"}, {"a.o", "a.d"}, "cc");
  g.add("b.o", {"/s/b.c", "/s/h.h"}, {"sub/b.o"}, "cc", wire::PipKind::Process,
        "sub/rules.ninja:7");
  g.add("lib", {"a.o", "sub/b.o"}, {"lib.a"}, "ar");
  g.add("objects", {"a.o", "sub/b.o"}, {"objects"}, "", wire::PipKind::Alias);
  g.add("app", {"objects", "lib.a"}, {"bin/app"}, "link");
  g.add("copy", {"bin/app"}, {"dist/app"}, "cp", wire::PipKind::CopyFile);
  g.add("copy2", {"dist/app"}, {"dist/app2"}, "cp", wire::PipKind::CopyFile);
  g.add("other", {"/s/o"}, {"other"}, "r");
  return g;
}

TEST(FilterTest, PathsMatchInAllForms) {
  const Graph g = example();
  EXPECT_THAT(matched(g, "output='a.o'"), ElementsAre("a.o"));
  EXPECT_THAT(matched(g, "output='./sub/../a.d'"), ElementsAre("a.o"));
  EXPECT_THAT(matched(g, "output='/b/sub/b.o'"), ElementsAre("b.o"));
  EXPECT_THAT(matched(g, "output='dist/*'"), ElementsAre("copy", "copy2"));
  EXPECT_THAT(matched(g, "output='./.'"), ElementsAre("a.o", "b.o", "lib", "other"));
  EXPECT_THAT(matched(g, "output='sub/.'"), ElementsAre("b.o"));
  EXPECT_THAT(matched(g, "output='dist/app*'"), ElementsAre("copy", "copy2"));
  EXPECT_THAT(matched(g, "output='a*'"), ElementsAre("a.o"));
  EXPECT_THAT(matched(g, "output='*/app'"), ElementsAre("app", "copy"));
  EXPECT_THAT(matched(g, "output='*.o'"), ElementsAre("a.o", "b.o"));
  EXPECT_THAT(matched(g, "output='*b*'").size(), 7u);  // "/b/..."
  EXPECT_THAT(matched(g, "output='*'").size(), 7u);
  EXPECT_THAT(matched(g, "input='/s/h.h'"), ElementsAre("a.o", "b.o"));
  EXPECT_THAT(matched(g, "input='Mount[src]/h.h'"), ElementsAre("a.o", "b.o"));
  EXPECT_THAT(matched(g, "input='Mount[src]'"), ElementsAre("a.o", "b.o", "other"));
  EXPECT_THAT(matched(g, "output='Mount[build]/dist/*'"), ElementsAre("copy", "copy2"));
  EXPECT_THAT(matched(g, "output='Mount[none]/x'"),
              ElementsAre("filter: there is no mount 'none'"));
}

TEST(FilterTest, TuplesMatchWhatTheyName) {
  const Graph g = example();
  EXPECT_THAT(matched(g, "value='cc'"), ElementsAre("a.o", "b.o"));
  EXPECT_THAT(matched(g, "valuetransitive='ar'"), ElementsAre("a.o", "b.o", "lib"));
  EXPECT_THAT(matched(g, "spec='*rules.ninja'"), ElementsAre("b.o"));
  EXPECT_THAT(matched(g, "spec='sub/.'"), ElementsAre("b.o"));
  EXPECT_THAT(matched(g, "id='lib'"), ElementsAre("lib"));
  EXPECT_THAT(matched(g, "id='" + short_id("lib") + "'"), ElementsAre("lib"));
  EXPECT_THAT(matched(g, "id='" + short_id("lib").substr(3) + "'"), ElementsAre("lib"));
  EXPECT_THAT(matched(g, "module='project'").size(), 7u);
  EXPECT_THAT(matched(g, "module='another'"), IsEmpty());
  EXPECT_THAT(matched(g, "output='objects'"), ElementsAre("a.o", "b.o"));
}

TEST(FilterTest, FunctionsWalkTheGraph) {
  const Graph g = example();
  EXPECT_THAT(matched(g, "dpt(id='b.o')"), ElementsAre("b.o", "lib", "app", "copy", "copy2"));
  EXPECT_THAT(matched(g, "+id='b.o'"), ElementsAre("b.o", "lib", "app", "copy", "copy2"));
  EXPECT_THAT(matched(g, "dpc(id='app')"), ElementsAre("a.o", "b.o", "lib", "app"));
  EXPECT_THAT(matched(g, "requiredfor(id='app')"), ElementsAre("a.o", "b.o", "lib"));
  EXPECT_THAT(matched(g, "copydpt(id='app')"), ElementsAre("app", "copy", "copy2"));
}

TEST(FilterTest, AndBindsTighterThanOr) {
  const Graph g = example();
  EXPECT_THAT(matched(g, "id='other' or value='cc' and input='*/a.c'"),
              ElementsAre("a.o", "other"));
  EXPECT_THAT(matched(g, "(id='other' or value='cc') and input='*/a.c'"), ElementsAre("a.o"));
  EXPECT_EQ(Filter::parse("id='a' or id='b'and id='c'")->to_string(),
            "(id='a' or (id='b' and id='c'))");
}

TEST(FilterTest, ComplementIsOverOutputs) {
  const Graph g = example();
  // a.o makes a.d too.
  EXPECT_THAT(matched(g, "~(output='a.o') and value='cc'"), ElementsAre("a.o", "b.o"));
  EXPECT_THAT(matched(g, "~(output='a.o' or output='a.d') and value='cc'"), ElementsAre("b.o"));
  EXPECT_THAT(matched(g, "~(output='*')"), IsEmpty());
}

// As CMake's install, which needs all and which nobody asks for: `app` is what a plain build makes.
TEST(FilterTest, WhatNoBuildAsksForIsSelectedByItsOwnNameOnly) {
  Graph g = example();
  g.add("install.util", {"bin/app"}, {"install.util"}, "run");
  g.add("install", {"install.util"}, {"install"}, "", wire::PipKind::Alias);
  const std::vector<PipId> asked{PipId(4)};
  ASSERT_EQ(g.pips[4].stable_id, "app");
  auto selected = [&](const std::string& text) { return matched(g, text, &asked); };
  EXPECT_THAT(selected("output='*'"), ElementsAre("a.o", "b.o", "lib", "app"));
  EXPECT_THAT(selected("~(value='cc')"), ElementsAre("lib", "app"));
  EXPECT_THAT(selected("~(~(value='run'))"), ElementsAre());
  EXPECT_THAT(selected("module='project'"), ElementsAre("a.o", "b.o", "lib", "app"));
  EXPECT_THAT(selected("dpt(value='ar')"), ElementsAre("lib", "app"));
  EXPECT_THAT(selected("value='run'"), ElementsAre());
  EXPECT_THAT(selected("output='install.*'"), ElementsAre());
  EXPECT_THAT(selected("output='install'"), ElementsAre("install.util"));
  EXPECT_THAT(selected("output='install.util'"), ElementsAre("install.util"));
  EXPECT_THAT(selected("id='install.util' or value='ar'"), ElementsAre("lib", "install.util"));
  EXPECT_THAT(selected("dpc(id='copy')"), ElementsAre("a.o", "b.o", "lib", "app", "copy"));
}

TEST(FilterTest, ErrorsNameTheColumn) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "filter, column 1: expected a filter such as tag='x'"},
      {"tag", "filter, column 4: expected '='"},
      {"tag=x", "filter, column 5: expected a value in '…'"},
      {"tag='x", "filter, column 5: the value has no closing quote"},
      {"tag=''", "filter, column 5: the value is empty"},
      {"tag='x' tag='y'", "filter, column 9: expected 'and', 'or' or the end"},
      {"tag='x' or", "filter, column 11: expected a filter such as tag='x'"},
      {"~tag='x'", "filter, column 2: expected '('"},
      {"dpt tag='x'", "filter, column 5: expected '('"},
      {"(tag='x'", "filter, column 9: expected ')'"},
      {"tag='x' or +tag='y'",
       "filter, column 12: '+' stands for the whole filter and only at its beginning"},
      {"output='a*b'", "filter, column 8: a '*' stands at the beginning or the end of a path"},
      {"valueTransitive='x'",
       "filter, column 1: unknown filter 'valueTransitive'; there are id, "
       "input, output, spec, specref, spec_valuetransitive, tag, value, "
       "valuetransitive, module, dpt(), dpc(), requiredfor(), copydpt()"},
  };
  for (const auto& [text, error] : cases) {
    auto filter = Filter::parse(text);
    ASSERT_FALSE(filter) << text;
    EXPECT_EQ(filter.error().to_string(), error) << text;
  }
  EXPECT_FALSE(Filter::parse(std::string(100'000, '(')));
  std::string many = "id='a'";
  for (int i = 0; i < 50'000; ++i) many += " or id='a'";
  auto filter = Filter::parse(many);
  ASSERT_TRUE(filter);
  EXPECT_GT(filter->to_string().size(), 400'000u);
}

TEST(FilterTest, ArgumentsAreShortForms) {
  EXPECT_EQ(Filter::of_arguments({"app"})->to_string(),
            "(output='*/app' or spec='*/app' or tag='app')");
  EXPECT_EQ(Filter::of_arguments({"*x"})->to_string(), "(output='*x' or spec='*x')");
  EXPECT_THAT(Filter::of_arguments({"Pip00AB"})->to_string(), HasSubstr("or id='Pip00AB'"));
  EXPECT_FALSE(Filter::of_arguments({"it's"}));
}

// --- random filters against the plainest evaluator -----------------------------------------------

// Sets of output paths, by definition and without any index; no aliases.
class Plain {
 public:
  using Paths = std::set<std::string>;
  explicit Plain(const Graph& graph) : graph_(graph) {}

  Paths outputs(std::size_t pip) const {
    Paths out;
    for (PathId path : graph_.pips[pip].outputs) out.insert(graph_.paths.str(path));
    return out;
  }
  Paths all() const {
    Paths out;
    for (std::size_t i = 0; i < graph_.pips.size(); ++i) out.merge(outputs(i));
    return out;
  }
  bool makes_one_of(std::size_t pip, const Paths& set) const {
    const Paths made = outputs(pip);
    return std::any_of(made.begin(), made.end(), [&](const auto& p) { return set.count(p) != 0; });
  }
  Paths where(const std::function<bool(std::size_t)>& holds) const {
    Paths out;
    for (std::size_t i = 0; i < graph_.pips.size(); ++i)
      if (holds(i)) out.merge(outputs(i));
    return out;
  }
  bool depends(std::size_t on, std::size_t pip) const {
    for (PipId dep : graph_.pips[pip].dependencies)
      if (index(dep) == on || depends(on, index(dep))) return true;
    return false;
  }

 private:
  const Graph& graph_;
};

struct Random {
  std::mt19937 bits;
  std::size_t below(std::size_t n) { return bits() % n; }

  // A filter as text, and what it means.
  std::string filter(const Graph& g, const Plain& plain, int depth, Plain::Paths* meaning) {
    switch (depth == 0 ? below(4) : below(10)) {
      case 0: {
        const std::size_t pip = below(g.pips.size());
        *meaning = plain.outputs(pip);
        return "id='" + g.pips[pip].stable_id + "'";
      }
      case 1: {
        const std::string path = g.paths.str(g.pips[below(g.pips.size())].outputs[0]);
        *meaning = {path};
        return "output='" + path + "'";
      }
      case 2: {
        const std::string rule = "r" + std::to_string(below(3));
        *meaning = plain.where([&](std::size_t i) { return g.pips[i].rule == rule; });
        return "value='" + rule + "'";
      }
      case 3: {
        const std::string tail = std::to_string(below(4)) + ".x";
        *meaning = {};
        for (const std::string& path : plain.all())
          if (path.ends_with(tail)) meaning->insert(path);
        return "output='*" + tail + "'";
      }
      case 4:
      case 5: {
        Plain::Paths left, right;
        const bool both = below(2) == 0;
        const std::string text = "(" + filter(g, plain, depth - 1, &left) +
                                 (both ? " and " : " or ") + filter(g, plain, depth - 1, &right) +
                                 ")";
        *meaning = {};
        for (const std::string& path : plain.all())
          if (both ? left.count(path) && right.count(path) : left.count(path) || right.count(path))
            meaning->insert(path);
        return text;
      }
      case 6: {
        Plain::Paths inner;
        const std::string text = "~(" + filter(g, plain, depth - 1, &inner) + ")";
        *meaning = {};
        for (const std::string& path : plain.all())
          if (!inner.count(path)) meaning->insert(path);
        return text;
      }
      default: {
        Plain::Paths inner;
        const std::size_t function = below(3);
        const char* names[] = {"dpt", "dpc", "requiredfor"};
        const std::string text =
            std::string(names[function]) + "(" + filter(g, plain, depth - 1, &inner) + ")";
        std::vector<std::size_t> roots;
        for (std::size_t i = 0; i < g.pips.size(); ++i)
          if (plain.makes_one_of(i, inner)) roots.push_back(i);
        *meaning = plain.where([&](std::size_t i) {
          return std::any_of(roots.begin(), roots.end(), [&](std::size_t root) {
            if (function == 0) return plain.depends(root, i);
            if (function == 1) return plain.depends(i, root);
            const auto& deps = g.pips[root].dependencies;
            return std::find(deps.begin(), deps.end(), PipId(i)) != deps.end();
          });
        });
        if (function != 2) meaning->merge(inner);
        return text;
      }
    }
  }
};

TEST(FilterTest, RandomFiltersMeanWhatTheyAreDefinedAs) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    Random random{std::mt19937(seed)};
    Graph g;
    const std::size_t count = 1 + random.below(12);
    for (std::size_t i = 0; i < count; ++i) {
      std::vector<std::string> inputs{"/s/in"}, outputs;
      for (std::size_t k = 0; k < i; ++k)
        if (random.below(4) == 0)
          inputs.push_back(g.paths.str(g.pips[k].outputs[random.below(g.pips[k].outputs.size())]));
      for (std::size_t k = 0; k <= random.below(3); ++k)
        outputs.push_back("p" + std::to_string(i) + "-" + std::to_string(k) + ".x");
      g.add("p" + std::to_string(i), inputs, outputs, "r" + std::to_string(random.below(3)));
    }
    const Plain plain(g);
    for (int k = 0; k < 20; ++k) {
      Plain::Paths meaning;
      const std::string text = random.filter(g, plain, 4, &meaning);
      std::vector<std::string> expected;
      for (std::size_t i = 0; i < g.pips.size(); ++i)
        if (plain.makes_one_of(i, meaning)) expected.push_back(g.pips[i].stable_id);
      ASSERT_EQ(matched(g, text), expected) << "seed " << seed << ": " << text;
      ASSERT_EQ(Filter::parse(Filter::parse(text)->to_string())->to_string(),
                Filter::parse(text)->to_string());
    }
  }
}

TEST(FilterTest, AnyBytesAreAFilterOrAnError) {
  std::mt19937 bits(7);
  const std::string alphabet = "()~+='*/.adnorptgieu \t\xff";
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (std::size_t n = bits() % 40; n > 0; --n) text += alphabet[bits() % alphabet.size()];
    auto filter = Filter::parse(text);
    if (filter) {
      EXPECT_TRUE(Filter::parse(filter->to_string())) << text;
    } else {
      EXPECT_THAT(filter.error().to_string(), HasSubstr("filter, column "));
    }
  }
}

TEST(Filter, TagsModulesAndOutputDirectoriesAreThePips) {
  Graph g;
  g.add("gen", {}, {});
  g.add("app", {}, {"app"});
  g.add("test", {}, {"log"});
  g.pips[0].options.make().directory_outputs = {{g.path("gen/out"), true}};
  g.pips[0].options.make().tags = {"codegen", "slow"};
  g.pips[1].options.make().module = "core";
  g.pips[2].options.make().tags = {"slow"};
  EXPECT_THAT(matched(g, "tag='slow'"), ElementsAre("gen", "test"));
  EXPECT_THAT(matched(g, "tag='Slow'"), IsEmpty());
  EXPECT_THAT(matched(g, "tag='slow' and ~(tag='codegen')"), ElementsAre("test"));
  EXPECT_THAT(matched(g, "module='core'"), ElementsAre("app"));
  EXPECT_THAT(matched(g, "module='project'"), ElementsAre("gen", "test"));
  EXPECT_THAT(matched(g, "output='gen/out'"), ElementsAre("gen"));
  EXPECT_THAT(matched(g, "output='gen/out/sub/a.h'"), ElementsAre("gen"));
  EXPECT_THAT(matched(g, "output='gen/out/sub/*'"), ElementsAre("gen"));
  EXPECT_THAT(matched(g, "output='*/a.h'"), IsEmpty());
}

}  // namespace
}  // namespace bxl::plan
