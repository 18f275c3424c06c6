// The process around a tool, each claim in a child process of its own.
#include "cli/main.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <new>
#include <stdexcept>

#include "os/file.h"

namespace bxl::cli {
namespace {

using ::testing::HasSubstr;

struct Ended {
  int status = 0;  // exit status, or 128 + signal
  std::string err;
};

// Runs `child` in a fork with stderr collected.
Ended run_child(const std::function<int()>& child) {
  int pipe_fds[2];
  EXPECT_EQ(::pipe2(pipe_fds, O_CLOEXEC), 0);
  pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(pipe_fds[1], STDERR_FILENO);
    std::exit(child());  // not _exit: a coverage build writes its counters at exit
  }
  ::close(pipe_fds[1]);
  UniqueFd reader(pipe_fds[0]);
  Ended ended;
  auto text = read_fd(reader.get());
  EXPECT_TRUE(text.has_value());
  ended.err = text ? *text : "";
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ended;
}

int own(const std::function<int()>& body) { return run_main("bxl-x", OnInterrupt::Own, body); }
int drain(const std::function<int()>& body) { return run_main("bxl-x", OnInterrupt::Drain, body); }

TEST(RunMain, ReturnsWhatTheBodyReturns) {
  EXPECT_EQ(run_child([] { return own([] { return 4; }); }).status, 4);
}

TEST(RunMain, AnEscapedExceptionIsABugAndSaysSo) {
  Ended ended = run_child([] { return own([]() -> int { throw std::runtime_error("broken"); }); });
  EXPECT_EQ(ended.status, kBug);
  EXPECT_EQ(ended.err, "bxl-x: error: internal error: broken\n");
}

TEST(RunMain, OutOfMemoryIsALocalResource) {
  Ended ended = run_child([] { return own([]() -> int { throw std::bad_alloc(); }); });
  EXPECT_EQ(ended.status, kLocalResource);
  EXPECT_EQ(ended.err, "bxl-x: error: out of memory\n");
}

TEST(RunMain, AWriteToAClosedPipeIsAnErrorNotADeath) {
  Ended ended = run_child([] {
    return own([] {
      int fds[2];
      if (::pipe(fds) != 0) return 1;
      ::close(fds[0]);
      auto written = write_all(fds[1], "x");
      return !written && written.error().errnum == EPIPE ? 33 : 1;
    });
  });
  EXPECT_EQ(ended.status, 33);
}

TEST(RunMain, MissingStandardDescriptorsAreFilled) {
  Ended ended = run_child([] {
    ::close(0);
    ::close(1);
    return own([] {
      auto file = open_file("/dev/null", O_RDONLY);
      return file && file->get() > 2 ? 33 : 1;
    });
  });
  EXPECT_EQ(ended.status, 33);
}

TEST(RunMain, AFullStandardOutputIsNotSuccess) {
  Ended ended = run_child([] {
    int full = ::open("/dev/full", O_WRONLY);
    ::dup2(full, STDOUT_FILENO);
    return own([] {
      std::fputs("text", stdout);
      return 0;
    });
  });
  EXPECT_EQ(ended.status, kLocalResource);
  EXPECT_THAT(ended.err, HasSubstr("No space left"));
}

TEST(RunMain, TheFirstInterruptDrainsTheSecondEnds) {
  EXPECT_EQ(run_child([] {
              return drain([] {
                ::raise(SIGINT);
                return 33;
              });
            }).status,
            33);
  EXPECT_EQ(run_child([] {
              return drain([] {
                ::raise(SIGINT);
                ::raise(SIGINT);
                return 33;
              });
            }).status,
            kInterrupted);
}

TEST(RunMain, TerminationEndsAToolThatStandsAlone) {
  ::unsetenv("BXL_WRAPPER_PID");
  EXPECT_EQ(run_child([] {
              return drain([] {
                ::raise(SIGTERM);
                return 33;
              });
            }).status,
            128 + SIGTERM);
}

TEST(RunMain, TerminationDrainsAStageOfTheWrapper) {
  EXPECT_EQ(run_child([] {
              ::setenv("BXL_WRAPPER_PID", std::to_string(::getppid()).c_str(), 1);
              return drain([] {
                ::raise(SIGTERM);
                return 33;
              });
            }).status,
            33);
}

TEST(RunMain, AnIgnoredInterruptIsDeliveredAgainToItsOwner) {
  EXPECT_EQ(run_child([] {
              ::signal(SIGINT, SIG_IGN);
              return own([] {
                ::raise(SIGINT);
                return 33;
              });
            }).status,
            128 + SIGINT);
}

// The wrapper dies: the stage that owns the pips must not outlive it.
TEST(RunMain, TheDeathOfTheWrapperTerminatesTheOwner) {
  int pipe_fds[2];
  ASSERT_EQ(::pipe2(pipe_fds, O_CLOEXEC), 0);
  pid_t wrapper = ::fork();
  if (wrapper == 0) {
    ::setenv("BXL_WRAPPER_PID", std::to_string(::getpid()).c_str(), 1);
    if (::fork() == 0)
      ::_exit(own([&] {
        (void)write_all(pipe_fds[1], "up");
        for (;;) ::pause();
        return 0;
      }));
    char up[2];
    while (::read(pipe_fds[0], up, 2) < 0) {
    }
    ::_exit(0);  // the stage holds the write end until it is gone too
  }
  ::close(pipe_fds[1]);
  ASSERT_EQ(::waitpid(wrapper, nullptr, 0), wrapper);
  auto rest = read_fd(pipe_fds[0]);  // returns only when the stage is dead
  ::close(pipe_fds[0]);
  EXPECT_TRUE(rest.has_value());
}

TEST(Streams, ATerminalIsRefusedForBinary) {
  Ended ended = run_child([] {
    int master = ::posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) return 1;
    int terminal = ::open(::ptsname(master), O_RDWR | O_NOCTTY);
    if (terminal < 0) return 2;
    ::dup2(terminal, 0);
    ::dup2(terminal, 1);
    auto in = open_input({});
    auto out = open_output({});
    if (in || in.error().errnum != EINVAL) return 3;
    if (out || out.error().errnum != EINVAL) return 4;
    return 33;
  });
  EXPECT_EQ(ended.status, 33);
}

TEST(Streams, AStrayPrintDoesNotReachTheStream) {
  int pipe_fds[2];
  ASSERT_EQ(::pipe2(pipe_fds, O_CLOEXEC), 0);
  Ended ended = run_child([&] {
    ::dup2(pipe_fds[1], STDOUT_FILENO);
    ::close(pipe_fds[1]);
    return own([] {
      auto out = open_output({});
      if (!out || !write_all(out->get(), "data")) return 1;
      std::puts("stray");
      return 0;
    });
  });
  ::close(pipe_fds[1]);
  auto seen = read_fd(pipe_fds[0]);
  ::close(pipe_fds[0]);
  EXPECT_EQ(ended.status, 0);
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(*seen, "data");
}

TEST(Streams, AClosedOutputIsNoPlaceForAStream) {
  Ended ended = run_child([] {
    ::close(STDOUT_FILENO);
    return own([] {
      auto out = open_output({});
      return !out && out.error().message.find("closed") != std::string::npos ? 33 : 1;
    });
  });
  EXPECT_EQ(ended.status, 33);
}

TEST(RunMain, WhatWasPrintedOnAClosedOutputIsMissed) {
  Ended ended = run_child([] {
    ::close(STDOUT_FILENO);
    return own([] {
      std::puts("text");
      return 0;
    });
  });
  EXPECT_EQ(ended.status, kLocalResource);
  EXPECT_THAT(ended.err, HasSubstr("standard output is closed"));
}

// Of a stage: stdout is its stream. Of a tool that stands alone: the next one's input.
TEST(RunMain, AStageTalksWhereTheWrapperSays) {
  int pipe_fds[2];
  ASSERT_EQ(::pipe2(pipe_fds, O_CLOEXEC), 0);
  for (bool stage : {true, false}) {
    Ended ended = run_child([&] {
      if (stage) ::setenv("BXL_WRAPPER_PID", std::to_string(::getppid()).c_str(), 1);
      const int talk = ::fcntl(pipe_fds[1], F_DUPFD, 10);
      ::setenv("BXL_TALK_FD", std::to_string(talk).c_str(), 1);
      return own([&] {
        print_note("tool", "a note");
        print_warning("tool", "a warning");
        if (!stage) return talk_fd() == STDERR_FILENO ? 33 : 1;
        // No child of a stage keeps it open.
        return talk_fd() == talk && ::fcntl(talk, F_GETFD) == FD_CLOEXEC ? 33 : 1;
      });
    });
    EXPECT_EQ(ended.status, 33);
    EXPECT_EQ(ended.err,
              stage ? "tool: warning: a warning\n" : "tool: a note\ntool: warning: a warning\n");
  }
  ::close(pipe_fds[1]);
  auto said = read_fd(pipe_fds[0]);
  ::close(pipe_fds[0]);
  ASSERT_TRUE(said.has_value());
  EXPECT_EQ(*said, "tool: a note\n");
}

TEST(Streams, NamedFilesReplaceStandardStreams) {
  char directory[] = "/tmp/bxl-cli-test-XXXXXX";
  ASSERT_NE(::mkdtemp(directory), nullptr);
  Options options;
  options.in = options.out = std::string(directory) + "/stream";
  auto missing = open_input(options);
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().errnum, ENOENT);
  {
    auto out = open_output(options);
    ASSERT_TRUE(out.has_value());
    ASSERT_TRUE(write_all(out->get(), "kept").has_value());
  }
  auto in = open_input(options);
  ASSERT_TRUE(in.has_value());
  auto text = read_fd(in->get());
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(*text, "kept");
  ::unlink(options.in.c_str());
  ::rmdir(directory);
}

TEST(ExitCodes, StreamDamageAndFullDisksHaveTheirOwn) {
  EXPECT_EQ(exit_code_for(make_error(EBADMSG, "x"), kGraph), kUpstream);
  EXPECT_EQ(exit_code_for(make_error(EPROTO, "x"), kGraph), kUpstream);
  for (int full : {ENOSPC, EDQUOT, EIO, EROFS, ENOMEM})
    EXPECT_EQ(exit_code_for(make_error(full, "x"), kGraph), kLocalResource);
  EXPECT_EQ(exit_code_for(make_error(ENOENT, "x"), kGraph), kGraph);
}

}  // namespace
}  // namespace bxl::cli
