// What the kernel loads to execute a file, from honest and from damaged bytes.
#include "sandbox/exec_image.h"

#include <elf.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "os/file.h"
#include "sandbox/harness.h"

namespace bxl::sandbox {
namespace {

ExecImage image_of(const std::string& bytes) {
  const test::TempDir dir;
  EXPECT_TRUE(replace_file(dir / "x", bytes, Durable::No, 0755).has_value());
  return read_exec_image(dir / "x");
}

std::string elf64(Elf64_Ehdr header, const Elf64_Phdr& segment, const std::string& tail) {
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  std::string out(reinterpret_cast<const char*>(&header), sizeof header);
  out.append(reinterpret_cast<const char*>(&segment), sizeof segment);
  return out + tail;
}

constexpr std::uint64_t kTail = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr);

Elf64_Ehdr one_segment() {
  Elf64_Ehdr header{};
  header.e_phoff = sizeof(Elf64_Ehdr);
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 1;
  return header;
}

Elf64_Phdr interpreter(std::uint64_t offset, std::uint64_t size) {
  Elf64_Phdr segment{};
  segment.p_type = PT_INTERP;
  segment.p_offset = offset;
  segment.p_filesz = size;
  return segment;
}

TEST(ExecImage, ScriptsNameTheirInterpreter) {
  EXPECT_EQ(image_of("#!/bin/sh\n").interpreter, "/bin/sh");
  EXPECT_EQ(image_of("#! \t/usr/bin/env -S x y\n").interpreter, "/usr/bin/env");
  EXPECT_EQ(image_of("#!rel/ative").interpreter, "rel/ative");
  EXPECT_TRUE(image_of("#!/bin/sh\n").is_script);
  EXPECT_EQ(image_of("#!").interpreter, "");
  EXPECT_EQ(image_of("#!   \n/bin/sh").interpreter, "");
  EXPECT_EQ(image_of("#!" + std::string(5000, 'x')).interpreter.size(),
            254u);  // as far as the kernel reads
}

TEST(ExecImage, ElfNamesItsLoader) {
  const std::string good = elf64(one_segment(), interpreter(kTail, 8), std::string("/lib/ld\0", 8));
  EXPECT_EQ(image_of(good).interpreter, "/lib/ld");
  EXPECT_FALSE(image_of(good).is_script);
}

TEST(ExecImage, WhatIsRememberedIsReadAgainWhenTheFileIsAnother) {
  const test::TempDir dir;
  PathTable paths;
  const PathId id = paths.intern(dir / "x");
  ExecImages images;
  EXPECT_EQ(images.of(id, dir / "x").interpreter, "");
  ASSERT_TRUE(replace_file(dir / "x", "#!/bin/sh\n", Durable::No, 0755));
  EXPECT_EQ(images.of(id, dir / "x").interpreter, "/bin/sh");
  EXPECT_EQ(images.of(id, dir / "x").interpreter, "/bin/sh");
  ASSERT_TRUE(replace_file(dir / "x", "#!/bin/csh\n", Durable::No, 0755));
  EXPECT_EQ(images.of(id, dir / "x").interpreter, "/bin/csh");
  ASSERT_EQ(chmod((dir / "x").c_str(), 04755), 0);
  EXPECT_TRUE(images.of(id, dir / "x").may_gain_rights());
}

TEST(ExecImage, DamagedElfNamesNothing) {
  const std::string name("/lib/ld\0", 8);
  EXPECT_EQ(image_of(ELFMAG).interpreter, "");
  EXPECT_EQ(image_of(elf64(one_segment(), interpreter(kTail, 8), name).substr(0, 100)).interpreter,
            "");
  EXPECT_EQ(image_of(elf64(one_segment(), interpreter(~0ull, 8), name)).interpreter, "");
  EXPECT_EQ(image_of(elf64(one_segment(), interpreter(kTail, ~0ull), name)).interpreter, "");
  Elf64_Ehdr many = one_segment();
  many.e_phnum = 0xffff;
  EXPECT_EQ(image_of(elf64(many, interpreter(kTail, 8), name)).interpreter, "");
  Elf64_Ehdr far = one_segment();
  far.e_phoff = ~0ull - 3;
  EXPECT_EQ(image_of(elf64(far, interpreter(kTail, 8), name)).interpreter, "");
}

TEST(ExecImage, ThirtyTwoBitProgramsAndTheirScriptsRefuseThePreload) {
  const test::TempDir dir;
  Elf32_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS32;
  const std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
  ASSERT_TRUE(replace_file(dir / "narrow", bytes, Durable::No, 0755).has_value());
  ASSERT_TRUE(replace_file(dir / "script", "#! " + (dir / "narrow") + " -x\n").has_value());
  ASSERT_TRUE(replace_file(dir / "loop", "#!" + (dir / "loop") + "\n").has_value());
  EXPECT_TRUE(refuses_preload(dir / "narrow"));
  EXPECT_TRUE(refuses_preload(dir / "script"));
  for (const std::string& other :
       {dir / "loop", dir / "absent", std::string("/"), std::string("/bin/sh")})
    EXPECT_FALSE(refuses_preload(other)) << other;
}

TEST(ExecImage, RightsOfAnotherAreAReason) {
  const test::TempDir dir;
  ASSERT_TRUE(replace_file(dir / "x", "#!/bin/sh\n", Durable::No, 0755).has_value());
  ASSERT_EQ(chmod((dir / "x").c_str(), 04755), 0);
  EXPECT_TRUE(read_exec_image(dir / "x").may_gain_rights());
  EXPECT_FALSE(read_exec_image(dir / "x").gains_rights(geteuid(), getegid()));
  EXPECT_TRUE(read_exec_image(dir / "x").gains_rights(geteuid() + 1, getegid()));
}

TEST(ExecImage, WhatIsNoRegularFileIsLeftAlone) {
  const test::TempDir dir;
  ASSERT_EQ(mkfifo((dir / "pipe").c_str(), 0755), 0);  // opening it would block for ever
  EXPECT_EQ(read_exec_image(dir / "pipe").error, 0);
  EXPECT_EQ(read_exec_image(dir / "none").error, 0);
}

}  // namespace
}  // namespace bxl::sandbox
