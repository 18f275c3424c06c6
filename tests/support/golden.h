// Golden files: bytes a test produces against bytes checked in beside it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "os/file.h"

namespace bxl::test {

// The content of BXL_TEST_DATA/`name`; a missing file fails the test.
inline std::string golden(const std::string& name) {
  auto bytes = read_file(std::string(BXL_TEST_DATA) + "/" + name);
  EXPECT_TRUE(bytes) << bytes.error().to_string() << "; BXL_TEST_ACCEPT=1 writes it";
  return bytes ? std::move(*bytes) : std::string();
}

// Compares `bytes` with the golden file. With BXL_TEST_ACCEPT=1 in the environment the file is
// written instead and the test is marked as skipped, so that an accepting run never looks like a
// passing one.
#define BXL_EXPECT_GOLDEN(name, bytes)                                                             \
  do {                                                                                             \
    if (std::getenv("BXL_TEST_ACCEPT")) {                                                          \
      auto bxl_written_ = ::bxl::replace_file(std::string(BXL_TEST_DATA) + "/" + (name), (bytes)); \
      ASSERT_TRUE(bxl_written_) << bxl_written_.error().to_string();                               \
      GTEST_SKIP() << "wrote " << (name);                                                          \
    }                                                                                              \
    EXPECT_TRUE(::bxl::test::golden(name) == (bytes)) << (name) << " differs";                     \
  } while (0)

}  // namespace bxl::test
