// One and the same thing done in several languages, each with the shim and without: whatever its
// runtime does besides, what happens to these files is seen alike.
#include <sys/stat.h>

#include <map>
#include <tuple>

#include "os/file.h"
#include "sandbox/harness.h"

namespace bxl::sandbox {
namespace {

struct Language {
  const char* name;
  const char* needs;    // the program without which it is skipped
  const char* source;   // becomes the file "program"
  const char* prepare;  // a command run beforehand, unobserved; may be empty
  const char* command;
};

// Reads f, looks at g, looks for nope in vain, lists d, writes o (new) and a (more at its end),
// renames t to u, removes h, makes m, and a link l to f.
const Language kLanguages[] = {
    {"Shell", "sh",
     "read x <f; [ -s g ]; [ -e nope ]; for i in d/*; do :; done; echo 1 >o; echo 2 >>a; mv t u; "
     "rm h; "
     "mkdir m; ln -s f l\n",
     "", "sh program"},
    {"Python", "python3",
     "import os\n"
     "open('f').read(); os.stat('g'); assert not os.path.exists('nope'); os.listdir('d')\n"
     "open('o', 'w').write('1'); open('a', 'a').write('2'); os.rename('t', 'u'); os.unlink('h')\n"
     "os.mkdir('m'); os.symlink('f', 'l')\n",
     "", "python3 -S -E program"},
    {"Node", "node",
     "const fs = require('fs');\n"
     "fs.readFileSync('f'); fs.statSync('g'); if (fs.existsSync('nope')) throw 1; "
     "fs.readdirSync('d');\n"
     "fs.writeFileSync('o', '1'); fs.appendFileSync('a', '2'); fs.renameSync('t', 'u');\n"
     "fs.unlinkSync('h'); fs.mkdirSync('m'); fs.symlinkSync('f', 'l');\n",
     "", "node program"},
    {"NodePromises", "node",
     "const fs = require('fs').promises;\n"
     "(async () => {\n"
     "  await Promise.all([fs.readFile('f'), fs.stat('g'), fs.access('nope').catch(() => 0), "
     "fs.readdir('d'),\n"
     "    fs.writeFile('o', '1'), fs.appendFile('a', '2'), fs.rename('t', 'u'), fs.unlink('h'),\n"
     "    fs.mkdir('m'), fs.symlink('f', 'l')]);\n"
     "})();\n",
     "", "node program"},
    {"Perl", "perl",
     "open(F, '<', 'f'); my $x = <F>; stat('g'); -e 'nope' and die; opendir(D, 'd'); readdir(D);\n"
     "open(O, '>', 'o'); print O 1; open(A, '>>', 'a'); print A 2; rename('t', 'u'); unlink('h');\n"
     "mkdir('m'); symlink('f', 'l');\n",
     "", "perl program"},
    {"Rust", "rustc",
     "use std::fs; use std::io::Write;\n"
     "fn main() {\n"
     "  fs::read(\"f\").unwrap(); fs::metadata(\"g\").unwrap(); "
     "assert!(fs::metadata(\"nope\").is_err());\n"
     "  fs::read_dir(\"d\").unwrap().count(); fs::write(\"o\", \"1\").unwrap();\n"
     "  fs::OpenOptions::new().append(true).open(\"a\").unwrap().write_all(b\"2\").unwrap();\n"
     "  fs::rename(\"t\", \"u\").unwrap(); fs::remove_file(\"h\").unwrap(); "
     "fs::create_dir(\"m\").unwrap();\n"
     "  std::os::unix::fs::symlink(\"f\", \"l\").unwrap();\n"
     "}\n",
     "rustc --edition 2021 -o compiled program", "./compiled"},
};

class LanguageOf : public testing::TestWithParam<std::tuple<Shim, int>> {};
INSTANTIATE_TEST_SUITE_P(All, LanguageOf,
                         testing::Combine(testing::Values(Shim::No, Shim::Yes),
                                          testing::Range(0,
                                                         static_cast<int>(std::size(kLanguages)))),
                         [](const auto& one) {
                           return std::string(kLanguages[std::get<1>(one.param)].name) +
                                  name_of(std::get<0>(one.param));
                         });

TEST_P(LanguageOf, DoesTheSame) {
  const auto [shim, index] = GetParam();
  const Language& language = kLanguages[index];
  if (std::system(("command -v " + std::string(language.needs) + " >/dev/null").c_str()) != 0)
    GTEST_SKIP() << "no " << language.needs;
  const test::TempDir dir;
  for (const char* name : {"d", "f", "g", "a", "t", "h"})
    if (*name == 'd')
      ASSERT_EQ(mkdir((dir / name).c_str(), 0755), 0);
    else
      ASSERT_TRUE(replace_file(dir / name, "x\n"));
  ASSERT_TRUE(replace_file(dir / "d/x", ""));
  ASSERT_TRUE(replace_file(dir / "program", language.source));
  if (*language.prepare)
    if (std::system(("cd '" + dir.path() + "' && (" + language.prepare + ") >log 2>&1").c_str()) !=
        0)
      GTEST_SKIP() << language.needs << " cannot compile here: " << *read_file(dir / "log");
  Command command = shell_in(dir.path(), language.command);
  command.environment[0].second = std::getenv("PATH");
  const Outcome outcome = run(command, policy_with(shim));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.console;
  EXPECT_TRUE(outcome.reasons.empty()) << reasons_text(outcome);

  struct Expected {
    FileKind before;
    std::uint32_t has;    // all of these
    std::uint32_t lacks;  // none of these
    bool either = false;  // one of `has` is enough
  };
  using enum FileKind;
  const std::map<std::string, Expected> all = {
      {"f", {File, kRead, kMutations}},
      {"g", {File, kStat, kMutations}},
      {"nope", {Absent, kRead | kStat | kAccess, kMutations, true}},
      {"d", {Directory, kEnumerate, kMutations}},
      {"o", {Absent, kCreate, kUnlink}},
      {"a", {File, kWrite, kUnlink | kCreate}},
      {"t", {File, kUnlink, 0}},
      {"u", {Absent, kCreate, kUnlink}},
      {"h", {File, kUnlink, kWrite | kCreate}},
      {"m", {Absent, kMkdir, kUnlink}},
      {"l", {Absent, kSymlink, kUnlink}},
  };
  for (const auto& [name, expected] : all) {
    const Access* access = find(outcome, dir / name);
    ASSERT_NE(access, nullptr) << name;
    const std::string line = line_of(*access, dir.path());
    EXPECT_EQ(access->first.kind, expected.before) << line;
    EXPECT_TRUE(expected.either ? (access->ops & expected.has) != 0
                                : (access->ops & expected.has) == expected.has)
        << line;
    EXPECT_EQ(access->ops & expected.lacks, 0u) << line;
  }
  EXPECT_EQ(find(outcome, dir / "d")->members, std::vector<std::string>{"x"});
  EXPECT_EQ(find(outcome, dir / "d/x") == nullptr || *language.name == 'S', true)
      << "nobody looks at the members";
}

}  // namespace
}  // namespace bxl::sandbox
