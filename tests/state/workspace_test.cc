// The lock of a workspace, also while `bxl clean --all` takes the directory it lies in away.
#include "state/workspace.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "support/temp_dir.h"

namespace bxl::state {
namespace {

TEST(WorkspaceLock, HeldElsewhereIsBusyWithoutWaiting) {
  test::TempDir dir;
  Workspace workspace{dir / "ws"};
  ASSERT_TRUE(workspace.create());
  auto first = lock_workspace(workspace, "test", true);
  ASSERT_TRUE(first);
  auto second = lock_workspace(workspace, "test", true);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().errnum, EBUSY);
}

TEST(WorkspaceLock, ADirectoryRemovedJustBeforeIsMadeAgain) {
  test::TempDir dir;
  Workspace workspace{dir / "ws"};
  auto taken = lock_workspace(workspace, "test", true);
  ASSERT_TRUE(taken) << taken.error().to_string();
  EXPECT_FALSE(lock_workspace(workspace, "test", true));
}

TEST(WorkspaceLock, TheLockOfWhoComesWhileAllIsRemovedStays) {
  test::TempDir dir;
  Workspace workspace{dir / "ws"};
  ASSERT_TRUE(workspace.create());
  std::filesystem::remove(workspace.lock());
  ASSERT_TRUE(remove_lock(workspace));
  ASSERT_TRUE(workspace.create());
  ASSERT_TRUE(replace_file(workspace.dir() + "/other", ""));
  EXPECT_TRUE(remove_lock(workspace)) << "what is not empty stays";
  EXPECT_TRUE(lstat_identity(workspace.dir() + "/other")->exists());
}

TEST(WorkspaceLock, WaitingForALockThatIsRemovedEndsWithOneThatOthersFind) {
  test::TempDir dir;
  Workspace workspace{dir / "ws"};
  ASSERT_TRUE(workspace.create());
  auto holder = lock_workspace(workspace, "test", true);
  ASSERT_TRUE(holder);
  std::thread remover([&] {
    // As clean --all does: everything goes while the lock is held, then it is let go.
    for (const auto& entry : std::filesystem::directory_iterator(workspace.dir()))
      if (entry.path() != workspace.lock() && entry.path().filename() != "lock-holder")
        std::filesystem::remove_all(entry.path());
    EXPECT_TRUE(remove_lock(workspace));
    FileLock let_go = std::move(*holder);
  });
  auto waited = lock_workspace(workspace, "test", false);
  remover.join();
  ASSERT_TRUE(waited) << waited.error().to_string();
  auto held = fstat_identity(waited->fd());
  auto named = lstat_identity(workspace.lock());
  ASSERT_TRUE(held && named);
  EXPECT_EQ(held->ino, named->ino);
  EXPECT_FALSE(lock_workspace(workspace, "test", true));
}

}  // namespace
}  // namespace bxl::state
