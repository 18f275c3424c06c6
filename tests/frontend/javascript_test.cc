// JavaScript repositories: packages, ranges, the order of scripts, and what lage prints.
#include <gtest/gtest.h>

#include "frontend/javascript/lage.h"
#include "frontend/javascript/package_json.h"
#include "frontend/javascript/semver.h"
#include "frontend/javascript/tasks.h"
#include "frontend/javascript/workspaces.h"
#include "support/temp_dir.h"

namespace bxl::frontend::javascript {
namespace {

TEST(SemverTest, RangesAreNpms) {
  const std::tuple<const char*, const char*, bool> cases[] = {{"1.2.3", "1.2.3", true},
                                                              {"1.2.3", "^1.0.0", true},
                                                              {"2.0.0", "^1.0.0", false},
                                                              {"0.2.3", "^0.2.0", true},
                                                              {"0.3.0", "^0.2.0", false},
                                                              {"0.0.3", "^0.0.3", true},
                                                              {"0.0.4", "^0.0.3", false},
                                                              {"1.3.0", "~1.2.0", false},
                                                              {"1.2.9", "~1.2", true},
                                                              {"1.2.9", "1.x", true},
                                                              {"1.2.9", "1.2", true},
                                                              {"1.3.0", "1.2.*", false},
                                                              {"1.0.0", "*", true},
                                                              {"1.0.0", "", true},
                                                              {"1.5.0", ">=1.2 <2", true},
                                                              {"2.0.0", ">=1.2 <2", false},
                                                              {"1.0.0", "2 || 1", true},
                                                              {"1.5.0", "1.0.0 - 2.0.0", true},
                                                              {"2.1.0", "1 - 2", true},
                                                              {"3.0.0", "1 - 2", false},
                                                              {"1.0.0", "> 1.0.0", false},
                                                              {"1.0.1", "> 1.0.0", true},
                                                              {"1.9.0", ">1", false},
                                                              {"2.0.0", ">1", true},
                                                              {"1.0.0-a.2", "^1.0.0", false},
                                                              {"1.0.0-a.10", ">=1.0.0-a.9", true},
                                                              {"2.0.0-a", "^1.0.0", false},
                                                              {"1.0.0", "latest", false},
                                                              {"1.0.0", "npm:x@1", false},
                                                              {"1.0.0", "https://x/y", false},
                                                              {"", "*", true},
                                                              {"", "^1.0.0", false}};
  for (const auto& [version, range, fits] : cases)
    EXPECT_EQ(satisfies(version, range), fits) << version << " in " << range;
}

class WorkspacesTest : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    const std::string path = dir_.path() + "/" + name;
    ASSERT_TRUE(make_directories(std::string(parent_path(path))));
    ASSERT_TRUE(replace_file(path, text));
  }
  // "a -> b c; b ->", or the error without the root's path.
  std::string packages() {
    PathTable paths;
    Reads reads(paths);
    auto graph = read_workspaces(dir_.path(), reads);
    if (!graph) {
      std::string text = graph.error().to_string();
      for (std::size_t at; (at = text.find(dir_.path())) != std::string::npos;)
        text.replace(at, dir_.path().size(), "ROOT");
      return text;
    }
    manager_ = graph->manager;
    std::string out;
    for (const Package& package : graph->packages) {
      out += (out.empty() ? "" : "; ") + package.name + " ->";
      for (const std::string& other : package.dependencies) out += " " + other;
    }
    return out;
  }

  test::TempDir dir_;
  Manager manager_ = Manager::Npm;
};

TEST_F(WorkspacesTest, GlobsNamePackagesAndRangesTheirOrder) {
  write("package.json",
        R"({"name": "root", "workspaces": ["packages/*", "tools/**", "!tools/old", "one/{x,y}"]})");
  write("packages/a/package.json",
        R"({"name": "@s/a", "version": "1.2.0", "dependencies": {"lodash": "^4"}})");
  write("packages/b/package.json",
        R"({"name": "b", "version": "1.0.0", "dependencies": {"@s/a": "^1.0.0"},
            "devDependencies": {"deep": "workspace:*", "b": "*"}})");
  write("packages/c/package.json", R"({"name": "c", "dependencies": {"@s/a": "^2.0.0"}})");
  write("packages/none/readme", "");
  write("packages/node_modules/q/package.json", R"({"name": "q"})");
  write(
      "tools/x/deep/package.json",
      R"({"name": "deep", "version": "0.1.0", "peerDependencies": {"y": "link:../../../one/y"}})");
  write("tools/old/package.json", R"({"name": "old"})");
  write("one/y/package.json", R"({"name": "y", "version": "1.0.0"})");
  EXPECT_EQ(packages(), "y ->; @s/a ->; b -> @s/a deep; c ->; deep -> y");
  EXPECT_EQ(manager_, Manager::Npm);
  write("yarn.lock", "# yarn lockfile v1\n");
  packages();
  EXPECT_EQ(manager_, Manager::Yarn);
  write("yarn.lock", "# x\n\n__metadata:\n  version: 8\n");
  packages();
  EXPECT_EQ(manager_, Manager::YarnBerry);
}

TEST_F(WorkspacesTest, PnpmSaysItInYaml) {
  write("pnpm-workspace.yaml",
        "# comment\nsharedWorkspaceLockfile: true\npackages:\n  - 'a'\n  - \"b/*\"  # two\n"
        "  - '!b/no'\ncatalog:\n  x: 1\n");
  write("a/package.json", R"({"name": "a", "dependencies": {"c": "workspace:^"}})");
  write("b/c/package.json", R"({"name": "c"})");
  write("b/no/package.json", R"({"name": "no"})");
  EXPECT_EQ(packages(), "a -> c; c ->");
  EXPECT_EQ(manager_, Manager::Pnpm);
  write("pnpm-workspace.yaml", "packages: [a, 'b/*']\n");
  EXPECT_EQ(packages(), "a -> c; c ->; no ->");
  write("pnpm-workspace.yaml", "packages:\n  x: y\n");
  EXPECT_EQ(packages(), "ROOT/pnpm-workspace.yaml:2: expected '- folder'");
}

TEST_F(WorkspacesTest, WhatIsWrongIsNamed) {
  write("package.json", R"({"version": "1.0.0"})");
  EXPECT_EQ(packages(), "ROOT/package.json names no workspaces");
  write("package.json", R"({"workspaces": ["p/*"]})");
  write("p/a/package.json", "{\"name\": \"a\",\n oops}");
  EXPECT_NE(packages().find("ROOT/p/a/package.json: "), std::string::npos);
  EXPECT_NE(packages().find(", column "), std::string::npos);
  write("p/a/package.json", R"({"name": "a"})");
  write("p/b/package.json", R"({"name": "a"})");
  EXPECT_EQ(packages(), "two packages are named 'a': ROOT/p/a and ROOT/p/b");
  write("p/b/package.json", R"({"type": "module"})");
  EXPECT_EQ(packages(), "a ->") << "no package: there is nothing to run";
  write("p/b/package.json", R"({"scripts": {"build": "x"}})");
  EXPECT_EQ(packages(), "a ->; b ->") << "by its folder, as to npm";
  write("p/b/package.json", R"({"name": "b", "scripts": {"build": 1}})");
  EXPECT_EQ(packages(),
            "'build' in 'scripts' in ROOT/p/b/package.json must be a string, not an integer");
  write("p/b/package.json", R"({"name": "b#c"})");
  EXPECT_EQ(packages(), "ROOT/p/b/package.json: 'b#c' is no name for a package");
  write("p/b/package.json", R"({"name": "b"})");
  write("p/b/bxlconfig.json", R"({"outputDirectories": ["../../../out"]})");
  EXPECT_EQ(packages(),
            "'outputDirectories' in ROOT/p/b/bxlconfig.json: '../../../out' lies outside ROOT; "
            "a place elsewhere is named by its absolute path");
  write("p/b/bxlconfig.json", R"({"outputs": []})");
  EXPECT_EQ(packages(),
            "ROOT/p/b/bxlconfig.json: unknown key 'outputs'; there are outputDirectories and "
            "sourceFiles");
}

TEST_F(WorkspacesTest, NewPackagesAndChangedOnesAreSeen) {
  write("package.json", R"({"workspaces": ["p/*"]})");
  write("p/a/package.json", R"({"name": "a"})");
  auto changed_by = [&](const std::string& file, const std::string& text) {
    PathTable paths;
    Reads reads(paths);
    EXPECT_TRUE(read_workspaces(dir_.path(), reads));
    auto all = reads.take();
    auto as_it_was = [&] {
      for (const auto& read : all)
        if (!unchanged(read, paths.str(read.path))) return false;
      return true;
    };
    EXPECT_TRUE(as_it_was());
    write(file, text);
    return !as_it_was();
  };
  EXPECT_TRUE(changed_by("p/b/package.json", R"({"name": "b"})"));
  EXPECT_TRUE(changed_by("p/b/package.json", R"({"name": "c"})"));
  EXPECT_TRUE(changed_by("p/b/bxlconfig.json", "{}"));
  EXPECT_TRUE(changed_by("pnpm-workspace.yaml", "packages: [p/a]\n"));
  EXPECT_FALSE(changed_by("p/b/index.js", ""));
}

// --- tasks ---------------------------------------------------------------------------------------

Package package(const std::string& name, std::map<std::string, std::string> scripts,
                std::vector<std::string> dependencies = {}) {
  Package out;
  out.name = name;
  out.folder = "/r/" + name;
  out.scripts = std::move(scripts);
  out.dependencies = std::move(dependencies);
  return out;
}

std::string shown(const Result<TaskGraph>& graph) {
  if (!graph) return graph.error().to_string();
  std::string out;
  for (const Task& task : graph->tasks) {
    out += (out.empty() ? "" : "; ") + task.id;
    for (const std::string& id : task.dependencies) out += " " + id;
  }
  return out;
}

TEST(TasksTest, TheFirstCommandFollowsPackagesTheNextTheOneBefore) {
  const std::vector<Package> packages = {package("a", {{"build", "x"}, {"test", "y"}}, {"b"}),
                                         package("b", {{"build", "x"}, {"test", "y"}})};
  EXPECT_EQ(shown(make_tasks(packages, {{"build", {}, {}}, {"test", {}, {}}}, Hooks::Yes)),
            "a#build b#build; a#test a#build; b#build; b#test b#build");
  const std::vector<DependsOn> both = {{DependsOn::Kind::Local, "build"},
                                       {DependsOn::Kind::Package, "test"}};
  EXPECT_EQ(shown(make_tasks(packages, {{"build", {}, {}}, {"test", both, {}}}, Hooks::Yes)),
            "a#build b#build; a#test a#build b#test; b#build; b#test b#build");
}

TEST(TasksTest, APackageWithoutTheScriptHandsItsDependenciesOn) {
  const std::vector<Package> packages = {
      package("a", {{"build", "x"}}, {"b"}), package("b", {}, {"c", "d"}),
      package("c", {{"build", "x"}}), package("d", {{"build", "  "}}, {"b", "c"})};
  EXPECT_EQ(shown(make_tasks(packages, {{"build", {}, {}}}, Hooks::Yes)),
            "a#build c#build; c#build");
  EXPECT_EQ(shown(make_tasks(packages, {{"lint", {}, {}}}, Hooks::Yes)),
            "no package has a script 'lint'");
}

TEST(TasksTest, HooksRunAroundAScript) {
  const Package one = package("a", {{"build", "x"}, {"prebuild", "p"}, {"postbuild", "q"}});
  EXPECT_EQ(find_script(one, "build", Hooks::Yes)->before, "p");
  EXPECT_EQ(find_script(one, "build", Hooks::Yes)->after, "q");
  EXPECT_EQ(find_script(one, "build", Hooks::No)->before, "");
}

TEST(TasksTest, AGroupIsOneTask) {
  const std::vector<Package> packages = {
      package("a", {{"build", "x"}, {"lint", "y"}, {"test", "z"}}, {"b"}),
      package("b", {{"lint", "y"}})};
  const std::vector<DependsOn> lint = {{DependsOn::Kind::Local, "lint"},
                                       {DependsOn::Kind::Package, "lint"}};
  auto graph =
      make_tasks(packages, {{"all", {}, {"build", "lint"}}, {"test", lint, {}}}, Hooks::Yes);
  EXPECT_EQ(shown(graph), "a#all b#all; a#test a#all b#all; b#all");
  ASSERT_TRUE(graph);
  EXPECT_EQ(graph->tasks[0].scripts.size(), 2u);
  EXPECT_EQ(graph->tasks[2].scripts.size(), 1u);
}

TEST(TasksTest, OutputDirectoriesBelongToTheirScripts) {
  Package one = package("a", {{"build", "x"}, {"test", "y"}});
  one.output_directories = {{"/r/all", {}}, {"/r/out", {"test"}}};
  auto graph = make_tasks({one}, {{"build", {}, {}}, {"test", {}, {}}}, Hooks::Yes);
  ASSERT_TRUE(graph);
  EXPECT_EQ(graph->tasks[0].output_directories, std::vector<std::string>{"/r/all"});
  EXPECT_EQ(graph->tasks[1].output_directories, (std::vector<std::string>{"/r/all", "/r/out"}));
}

TEST(TasksTest, CirclesAreNamed) {
  const std::vector<Package> packages = {package("a", {{"build", "x"}}, {"b"}),
                                         package("b", {{"build", "x"}}, {"c"}),
                                         package("c", {{"build", "x"}}, {"b"})};
  EXPECT_EQ(shown(make_tasks(packages, {{"build", {}, {}}}, Hooks::Yes)),
            "tasks depend on each other in a circle: b#build -> c#build -> b#build; take one of "
            "these dependencies out of its package.json");
  auto commands = [](const std::vector<Command>& list) {
    auto checked = check_commands(list);
    return checked ? std::string() : checked.error().to_string();
  };
  const std::vector<DependsOn> on_test = {{DependsOn::Kind::Local, "test"}};
  EXPECT_EQ(commands({{"build", on_test, {}}, {"test", {}, {}}}),
            "commands of 'execute' depend on each other in a circle: build -> test -> build");
  EXPECT_EQ(commands({{"build", on_test, {}}}),
            "the command 'build' depends on 'test', which 'execute' does not name");
  EXPECT_EQ(commands({{"a", {}, {}}, {"b", {}, {"a"}}}),
            "the command 'a' stands twice in 'execute'");
  EXPECT_EQ(commands({}), "'execute' names no command");
}

// --- lage
// ------------------------------------------------------------------------------------------

Result<std::optional<Package>> any_package(const std::string& folder) {
  Package out = package("p", {{"build", "tsc"}, {"test", "jest"}, {"pretest", "tsc -p test"}});
  out.folder = folder;
  return std::optional(out);
}

Result<TaskGraph> read_sample(const std::string& name) {
  return read_lage_graph(read_file(BXL_TEST_DATA + ("/../js_data/" + name)).value(), "/repo",
                         any_package);
}

TEST(LageTest, TheGraphsOfSeveralVersionsAreRead) {
  for (const char* name : {"lage-2.17-info.json", "lage-2.10-info.json"}) {
    auto graph = read_sample(name);
    ASSERT_TRUE(graph) << graph.error().to_string();
    EXPECT_EQ(graph->tasks.size(), 10u) << name;
    EXPECT_EQ(graph->tasks[2].id, "@gen/p001#build");
    EXPECT_EQ(graph->tasks[2].dependencies, std::vector<std::string>{"@gen/p000#build"});
    EXPECT_EQ(graph->tasks[2].folder, "/repo/packages/p001");
    ASSERT_EQ(graph->tasks[2].scripts.size(), 1u);
    EXPECT_EQ(graph->tasks[2].scripts[0].text, "tsc");
  }
  // A script that is a plain node command is one already.
  EXPECT_EQ(read_sample("lage-2.17-info.json")->tasks[1].argv,
            (std::vector<std::string>{"node", "test.js"}));
}

TEST(LageTest, WorkersRunInTheirPip) {
  for (const char* name : {"lage-2.17-info-worker.json", "lage-2.17-info-server.json"}) {
    auto graph = read_sample(name);
    ASSERT_TRUE(graph) << graph.error().to_string();
    const Task& worker = graph->tasks[1];
    EXPECT_EQ(worker.argv,
              (std::vector<std::string>{"/bin/sh", "-c",
                                        "cd /repo && LAGE_LOGGER_REPORTER=default exec "
                                        "/repo/node_modules/.bin/lage exec app transpile"}));
    EXPECT_EQ(worker.weight, 3u);
    EXPECT_TRUE(worker.dependencies.empty()) << "__start is no task";
  }
  EXPECT_EQ(read_sample("lage-2.17-info-server.json")->notes.size(), 1u);
}

TEST(LageTest, NoiseIsToleratedAndNonsenseIsNot) {
  auto read = [](const std::string& text) {
    return shown(read_lage_graph(text, "/repo", any_package));
  };
  const std::string task =
      R"({"id":"a#build","package":"a","task":"build","workingDirectory":"a",)"
      R"("dependencies":["gone#build"],"command":["npm","run","build","--","x y"]})";
  const std::string graph = R"({"command":["build"],"packageTasks":[)" + task + "]}";
  EXPECT_EQ(read(graph), "a#build");
  EXPECT_EQ(read("hello {}\n{\"a\":1}\n{\"data\":" + graph + "}\nDone.\n"), "a#build");
  auto parsed = read_lage_graph(graph, "/repo", any_package);
  EXPECT_EQ(parsed->tasks[0].scripts[0].arguments, std::vector<std::string>{"x y"});
  EXPECT_EQ(parsed->notes,
            std::vector<std::string>{
                "a#build depends on 'gone#build', which is no task; this is ignored"});
  EXPECT_EQ(read(""), "lage printed no task graph; bxl needs lage 2.10 or newer (`lage info`)");
  EXPECT_EQ(read("Summary\n"),
            "lage printed no task graph, but: Summary; bxl needs lage 2.10 or newer (`lage info`)");
  EXPECT_EQ(read(R"({"packageTasks":[]})"),
            "lage knows no task of these names: its graph is empty; look at the pipeline in "
            "lage.config.js");
  EXPECT_EQ(read(R"({"packageTasks":[)" + task + "," + task + "]}"),
            "two tasks have the id 'a#build': in /repo/a and in /repo/a");
  EXPECT_EQ(read(R"({"packageTasks":[{"id":"a#b","workingDirectory":"../x"}]})"),
            "lage: a#b runs in ../x, outside /repo");
  EXPECT_EQ(read(R"({"packageTasks":[{"id":1}]})"),
            "lage: 'id' of a task must be a string, not an integer");
  EXPECT_EQ(read(R"({"packageTasks":[{"id":"a#b","command":"npm run b"}]})"),
            "lage: 'command' of a#b must be an array, not a string");
}

TEST(JsonWithCommentsTest, CommentsAndTrailingCommasAreNothing) {
  auto value = parse_json("// a\n{ \"x\": [1, /* two */ 2,], \"y\": \"// no\\\",\", }\n",
                          "rush.json", Comments::Yes);
  ASSERT_TRUE(value) << value.error().to_string();
  EXPECT_EQ(value->find("x")->array()->size(), 2u);
  EXPECT_EQ(*value->find("y")->string(), "// no\",");
  EXPECT_NE(parse_json("{,}", "f", Comments::No).error().to_string().find("f: "),
            std::string::npos);
}

}  // namespace
}  // namespace bxl::frontend::javascript
