// Which places are caches of tools, and who met whom there.
#include "exec/tool_cache.h"

#include <gtest/gtest.h>

#include "base/path_table.h"
#include "support/graph_text.h"

namespace bxl::exec {
namespace {

TEST(ToolCacheTest, NamesBelowTheRootDecide) {
  for (const char* path :
       {"/ws/node_modules/.cache", "/ws/packages/a/node_modules/.cache/babel/1.json",
        "/ws/node_modules/.vite/deps/x.js", "/ws/.nx/cache/d/1", "/ws/a/.eslintcache",
        "/ws/a/.turbo/cache/1", "/ws/a/.next/cache/webpack/1", "/ws/.parcel-cache/data.mdb"})
    EXPECT_TRUE(is_tool_cache(path, "/ws")) << path;
  for (const char* path :
       {"/ws", "/ws/", "/ws/.cache/x", "/ws/src/cache/x", "/ws/node_modules/cache/x",
        "/ws/.nx/installation/x", "/ws/.next/static/x", "/ws/a.tsbuildinfo", "/ws/.eslintcache2",
        "/wsnode_modules/.cache/x", "/elsewhere/node_modules/.cache/x"})
    EXPECT_FALSE(is_tool_cache(path, "/ws")) << path;
  EXPECT_TRUE(is_tool_cache("/node_modules/.cache/x", "/"));
  // What lies above the workspace says nothing.
  EXPECT_FALSE(is_tool_cache("/x/node_modules/.cache/ws/src", "/x/node_modules/.cache/ws"));
}

TEST(ToolCacheTest, TasksMeetWhereOneWroteWhileTheOtherRan) {
  using Use = ToolCaches::Use;
  PathTable paths;
  auto graph = graph::PipGraph::create({}, paths);
  ASSERT_TRUE(graph);
  ToolCaches caches(*graph, paths, "/ws");
  const PathId path = paths.intern("/ws/node_modules/.cache/index");
  const PipId a{0}, b{1}, c{2}, d{3};
  EXPECT_TRUE(caches.used(path, {a, Use::Wrote, 100, 200}).empty());
  EXPECT_TRUE(caches.used(path, {b, Use::Wrote, 201, 300}).empty()) << "one after the other";
  auto met = caches.used(path, {c, Use::Looked, 150, 190});
  ASSERT_EQ(met.size(), 1u);
  EXPECT_EQ(met[0].pip, a);
  EXPECT_TRUE(caches.used(path, {a, Use::Wrote, 301, 310}).empty());
  met = caches.used(path, {d, Use::Wrote, 180, 190});
  ASSERT_EQ(met.size(), 2u) << "the writer, and who looked";
  EXPECT_EQ(met[1].pip, c);
  EXPECT_EQ(met[1].use, Use::Looked);
  EXPECT_TRUE(caches.used(path, {b, Use::Looked, 301, 305}).size() == 1);
  EXPECT_TRUE(
      caches.used(paths.intern("/ws/node_modules/.cache/other"), {d, Use::Wrote, 0, 999}).empty());
}

}  // namespace
}  // namespace bxl::exec
