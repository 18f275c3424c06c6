// Path sets: one encoding per set of observations, whatever the order; untrusted bytes never crash.
#include "fingerprint/path_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "support/graph_text.h"

namespace bxl::fingerprint {
namespace {

std::vector<std::pair<std::string, int>> readable(const PathSet& set, const PathTable& paths) {
  std::vector<std::pair<std::string, int>> out;
  for (const Observation& o : set.observations) out.emplace_back(paths.str(o.path), o.flags);
  return out;
}

TEST(PathSet, RoundTripKeepsPathsAndFlags) {
  PathTable paths;
  auto mounts = test::make_mounts();
  std::vector<Observation> observations = {{paths.intern("/w/b/a.h"), kContent | kProbe},
                                           {paths.intern("/w/b"), kEnumerate},
                                           {paths.intern("/usr/include/stdio.h"), kContent},
                                           {paths.intern("/srv/x"), kProbe}};
  std::string bytes = encode_path_set(observations, paths, mounts);
  PathTable other;
  auto set = decode_path_set(bytes, other, mounts);
  ASSERT_TRUE(set) << set.error().to_string();
  auto got = readable(*set, other);
  std::sort(got.begin(), got.end());
  EXPECT_EQ(got, (std::vector<std::pair<std::string, int>>{{"/srv/x", kProbe},
                                                           {"/usr/include/stdio.h", kContent},
                                                           {"/w/b", kEnumerate},
                                                           {"/w/b/a.h", kContent | kProbe}}));
  EXPECT_EQ(set->digest, Digest::of(bytes));
}

TEST(PathSet, CommonIsWhatEnoughSetsObserved) {
  PathTable paths;
  const PathId a = paths.intern("/a"), b = paths.intern("/b"), c = paths.intern("/c");
  const PathSet one{{{a, kProbe}, {b, kContent}}, {}}, two{{{a, kEnumerate}, {c, kContent}}, {}};
  const PathSet three{{{b, kContent}, {a, kProbe}}, {}};
  auto common = common_observations({&one, &two, &three}, 2);
  std::sort(common.begin(), common.end(),
            [](const Observation& x, const Observation& y) { return x.path < y.path; });
  ASSERT_EQ(common.size(), 2u);
  EXPECT_EQ(common[0].path, a);
  EXPECT_EQ(common[0].flags, kProbe | kEnumerate);
  EXPECT_EQ(common[1].path, b);
  EXPECT_TRUE(common_observations({&one, &two}, 3).empty());
}

TEST(PathSet, OrderAndDuplicatesDoNotMatter) {
  auto mounts = test::make_mounts();
  std::mt19937 random(7);
  std::string first;
  for (int round = 0; round < 50; ++round) {
    PathTable paths;
    std::vector<Observation> observations;
    for (int i = 0; i < 40; ++i)
      observations.push_back(
          {paths.intern("/w/b/d" + std::to_string(i % 7) + "/f" + std::to_string(i)), kProbe});
    observations.push_back({paths.intern("/w/b/d1/f1"), kContent});
    std::shuffle(observations.begin(), observations.end(), random);
    std::string bytes = encode_path_set(observations, paths, mounts);
    if (round == 0) first = bytes;
    ASSERT_EQ(bytes, first) << "round " << round;
  }
}

TEST(PathSet, NamesPlacesByTokenSoThatTheRootDoesNotMatter) {
  PathTable a, b;
  graph::Mounts here({{"%build%", "/w/b", wire::kMountOutput}}),
      there({{"%build%", "/elsewhere", wire::kMountOutput}});
  EXPECT_EQ(encode_path_set({{a.intern("/w/b/x"), kProbe}}, a, here),
            encode_path_set({{b.intern("/elsewhere/x"), kProbe}}, b, there));
}

TEST(PathSet, UnknownMountIsRefused) {
  PathTable paths;
  std::string bytes =
      encode_path_set({{paths.intern("/w/s/x"), kProbe}}, paths, test::make_mounts());
  auto set = decode_path_set(bytes, paths, graph::Mounts({{"%build%", "/w/b", 0}}));
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().errnum, EINVAL);
}

TEST(PathSet, DamagedBytesNeverCrashAndNeverEscapeTheirMount) {
  PathTable paths;
  auto mounts = test::make_mounts();
  std::string bytes = encode_path_set(
      {{paths.intern("/w/b/one/two"), kProbe}, {paths.intern("/w/b/one/three"), kContent}}, paths,
      mounts);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      PathTable fresh;
      auto set = decode_path_set(damaged, fresh, mounts);
      if (!set) continue;
      for (const Observation& o : set->observations)
        EXPECT_EQ(fresh.str(o.path).find("/../"), std::string::npos);
    }
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    PathTable fresh;
    auto set = decode_path_set(std::string_view(bytes).substr(0, n), fresh, mounts);
    if (set) {
      EXPECT_LT(set->observations.size(), 2u);
    }
  }
}

}  // namespace
}  // namespace bxl::fingerprint
