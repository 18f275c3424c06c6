// The names that "did you mean" offers.
#include "base/nearest.h"

#include <gtest/gtest.h>

namespace bxl {
namespace {

TEST(Nearest, SwappedNeighboursAreOneSlip) {
  EXPECT_EQ(edit_distance("wyh", "why"), 1u);
  EXPECT_EQ(edit_distance("clena", "clean"), 1u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("ca", "abc"), 3u);  // no character is touched twice
  EXPECT_EQ(edit_distance("same", "same"), 0u);
}

TEST(Nearest, WhatSharesNoLetterIsNoSuggestion) {
  EXPECT_EQ(nearest("wyh", {"net", "why"}), "why");
  EXPECT_EQ(nearest("wyh", {"net"}), "");
  EXPECT_EQ(nearest("bin/apq", {"bin/app", "bin/apps"}), "bin/app");
}

TEST(Nearest, OfShortWordsOneSlipIsForgiven) {
  EXPECT_EQ(nearest_word("lgo", {"gc", "log"}), "log");
  EXPECT_EQ(nearest_word("docter", {"doctor"}), "doctor");
  EXPECT_EQ(nearest_word("main", {"plan"}), "");  // a target, and no command
  EXPECT_EQ(nearest_word("foo", {"log"}), "");
  EXPECT_EQ(nearest_word("x", {"gc"}), "");
}

}  // namespace
}  // namespace bxl
