// Text made fit for a terminal, and what the environment says about colours.
#include "console/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

#include "os/unique_fd.h"

namespace bxl::console {
namespace {

TEST(Terminal, WhatIsTooLongLosesItsMiddle) {
  EXPECT_EQ(fit("short", 10), "short");
  EXPECT_EQ(fit("Building CXX object a.cc.o", 16), "Buildi... a.cc.o");
  EXPECT_EQ(fit("abcdef", 3), "...");
  EXPECT_EQ(fit("abcdef", 0), "");
}

TEST(Terminal, CharactersAreNeverCutInTwo) {
  EXPECT_EQ(fit("äöüäöüäöü", 9), "äöüäöüäöü");
  EXPECT_EQ(fit("äöüäöüäöü", 7), "äö...öü");
}

TEST(Terminal, OneLineStaysOneLine) { EXPECT_EQ(fit("a\nb\tc\033[1m", 20), "a?b?c?[1m"); }

TEST(Terminal, EscapesAreTakenOut) {
  EXPECT_EQ(without_escapes("\033[1;31merror\033[0m: \033[Kx\n"), "error: x\n");
  EXPECT_EQ(without_escapes("\033]8;;file:///a\033\\a.c\033]8;;\a:1"), "a.c:1");
  EXPECT_EQ(without_escapes("cut \033["), "cut ");
  EXPECT_EQ(without_escapes("open \033]0;title\nnext"), "open \nnext");
  EXPECT_EQ(without_escapes("\033"), "");
}

TEST(Terminal, TimesAreRounded) {
  EXPECT_EQ(brief(400), "0 s");
  EXPECT_EQ(brief(59'400), "59 s");
  EXPECT_EQ(brief(59'600), "1 min 0 s");
  EXPECT_EQ(brief(7'500'000), "2 h 5 min");
}

class TerminalDetection : public testing::Test {
 protected:
  TerminalDetection() {
    int controller = -1, terminal = -1;
    winsize size{};
    size.ws_col = 33;
    EXPECT_EQ(::openpty(&controller, &terminal, nullptr, nullptr, &size), 0);
    controller_.reset(controller);
    terminal_.reset(terminal);
    for (const char* name : {"NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"}) ::unsetenv(name);
    ::setenv("TERM", "xterm", 1);
  }
  Terminal detect() const { return Terminal::detect(terminal_.get()); }
  UniqueFd controller_, terminal_;
};

TEST_F(TerminalDetection, ATerminalHasAStatusLineAndColours) {
  Terminal t = detect();
  EXPECT_EQ(t.status, terminal_.get());
  EXPECT_TRUE(t.colour);
  EXPECT_EQ(t.width(), 33u);
}

TEST_F(TerminalDetection, TheWidthFollowsTheWindow) {
  Terminal t = detect();
  winsize size{};
  size.ws_col = 120;
  ASSERT_EQ(::ioctl(controller_.get(), TIOCSWINSZ, &size), 0);
  EXPECT_EQ(t.width(), 120u);
}

TEST_F(TerminalDetection, ADumbTerminalIsNone) {
  ::setenv("TERM", "dumb", 1);
  EXPECT_EQ(detect().status, -1);
  EXPECT_FALSE(detect().colour);
}

TEST_F(TerminalDetection, ColoursAreTheUsersChoice) {
  ::setenv("CLICOLOR", "0", 1);
  EXPECT_FALSE(detect().colour);
  EXPECT_EQ(detect().status, terminal_.get());
  ::setenv("CLICOLOR_FORCE", "1", 1);
  EXPECT_TRUE(detect().colour);
  ::setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(detect().colour);
}

TEST_F(TerminalDetection, ColoursCanBeForcedIntoAFile) {
  const UniqueFd file(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  EXPECT_FALSE(Terminal::detect(file.get()).colour);
  ::setenv("CLICOLOR_FORCE", "1", 1);
  EXPECT_TRUE(Terminal::detect(file.get()).colour);
  EXPECT_EQ(Terminal::detect(file.get()).status, -1);
  EXPECT_EQ(Terminal::detect(file.get()).out, file.get());
}

}  // namespace
}  // namespace bxl::console
