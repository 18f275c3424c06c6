// ResultWriter: never blocks its caller, loses nothing, keeps the order, and tells a dead reader
// apart.
#include "exec/result_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "os/file.h"
#include "support/temp_dir.h"

namespace bxl::exec {
namespace {

struct Pipe {
  Pipe() {
    int fds[2];
    EXPECT_EQ(::pipe2(fds, O_CLOEXEC), 0);
    read = UniqueFd(fds[0]);
    write = UniqueFd(fds[1]);
  }
  UniqueFd read, write;
};

// Numbered lines, so that a lost, doubled or misplaced piece shows.
std::string line(int i) { return std::to_string(i) + std::string(1000, 'x') + "\n"; }

TEST(ResultWriter, WritesFarMoreThanPipeAndMemoryHoldBeforeAnybodyReads) {
  test::TempDir dir;
  Pipe pipe;
  std::string want;
  auto writer = std::make_unique<ResultWriter>(pipe.write.get(), dir.path(), -1, 8192);
  for (int i = 0; i < 2000; ++i) {
    ASSERT_TRUE(writer->write(line(i)));
    want += line(i);
  }
  std::string got;
  std::thread reader([&] { got = *read_fd(pipe.read.get()); });
  EXPECT_TRUE(writer->finish());
  pipe.write.reset();
  reader.join();
  EXPECT_EQ(got, want);
}

TEST(ResultWriter, KeepsTheOrderWhileReaderAndWriterTakeTurns) {
  test::TempDir dir;
  Pipe pipe;
  std::string want, got;
  std::thread reader([&] {
    char buffer[700];
    ssize_t n;
    while ((n = ::read(pipe.read.get(), buffer, sizeof buffer)) > 0)
      got.append(buffer, static_cast<std::size_t>(n));
  });
  {
    ResultWriter writer(pipe.write.get(), dir.path(), -1, 4096);
    for (int i = 0; i < 3000; ++i) {
      ASSERT_TRUE(writer.write(line(i)));
      want += line(i);
      if (i % 500 == 0) ::usleep(2000);
    }
    EXPECT_TRUE(writer.finish());
  }
  pipe.write.reset();
  reader.join();
  EXPECT_EQ(got, want);
}

TEST(ResultWriter, ADeadReaderShowsAtTheEndAndTheJournalHasEverything) {
  ::signal(SIGPIPE, SIG_IGN);
  test::TempDir dir;
  Pipe pipe;
  pipe.read.reset();
  auto journal = open_file(dir / "journal", O_RDWR | O_CREAT);
  ASSERT_TRUE(journal);
  std::string want;
  ResultWriter writer(pipe.write.get(), dir.path(), journal->get());
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(writer.write(line(i)));
    want += line(i);
  }
  auto finished = writer.finish();
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().errnum, EPIPE);
  EXPECT_EQ(*read_file(dir / "journal"), want);
}

TEST(ResultWriter, WithoutASpillPlaceItUsesMemory) {
  Pipe pipe;
  std::string want, got;
  ResultWriter writer(pipe.write.get(), "/nonexistent", -1, 1024);
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(writer.write(line(i)));
    want += line(i);
  }
  std::thread reader([&] { got = *read_fd(pipe.read.get()); });
  EXPECT_TRUE(writer.finish());
  pipe.write.reset();
  reader.join();
  EXPECT_EQ(got, want);
}

}  // namespace
}  // namespace bxl::exec
