// Can an executable live with a preloaded library? Judged from its bytes, which are not trusted.
#pragma once

#include <elf.h>

#include <cstddef>
#include <cstdint>

namespace bxl::shim {

inline constexpr std::size_t kImageHead = 256;  // what the kernel reads of a "#!" line

namespace image {

inline bool starts_with(const char* text, const char* prefix, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i)
    if (text[i] != prefix[i]) return false;
  return true;
}

}  // namespace image

// A 32-bit program: its loader complains on standard error about a 64-bit library.
inline bool is_32_bit(const char* head, std::size_t size) {
  return size > EI_CLASS && image::starts_with(head, ELFMAG, SELFMAG) &&
         head[EI_CLASS] == ELFCLASS32;
}

// "#! /usr/bin/env -S x": the length of "/usr/bin/env" and where it begins; 0: no script.
inline std::size_t interpreter_of(const char* head, std::size_t size, const char** begin) {
  if (size < 2 || head[0] != '#' || head[1] != '!') return 0;
  std::size_t at = 2;
  while (at < size && (head[at] == ' ' || head[at] == '\t')) ++at;
  *begin = head + at;
  std::size_t length = 0;
  while (at + length < size && head[at + length] != ' ' && head[at + length] != '\t' &&
         head[at + length] != '\n' && head[at + length] != '\0')
    ++length;
  return length;
}

// Does the image (the whole file) ask for the address sanitizer's library? Its runtime ends the
// program when another library was loaded before it.
inline bool needs_asan(const char* bytes, std::uint64_t size) {
  if (size < sizeof(Elf64_Ehdr)) return false;
  const auto* elf = reinterpret_cast<const Elf64_Ehdr*>(bytes);
  if (!image::starts_with(bytes, ELFMAG, SELFMAG) || elf->e_ident[EI_CLASS] != ELFCLASS64 ||
      elf->e_phentsize != sizeof(Elf64_Phdr) || elf->e_phoff >= size || elf->e_phoff % 8 != 0 ||
      elf->e_phnum > (size - elf->e_phoff) / sizeof(Elf64_Phdr))
    return false;
  const auto* segments = reinterpret_cast<const Elf64_Phdr*>(bytes + elf->e_phoff);
  const Elf64_Phdr* dynamic = nullptr;
  for (int i = 0; i < elf->e_phnum; ++i)
    if (segments[i].p_type == PT_DYNAMIC) dynamic = &segments[i];
  if (!dynamic || dynamic->p_offset >= size || dynamic->p_filesz > size - dynamic->p_offset ||
      dynamic->p_offset % 8 != 0)
    return false;
  const auto offset_of = [&](std::uint64_t address) -> std::uint64_t {
    for (int i = 0; i < elf->e_phnum; ++i)
      if (segments[i].p_type == PT_LOAD && address >= segments[i].p_vaddr &&
          address - segments[i].p_vaddr < segments[i].p_filesz)
        return address - segments[i].p_vaddr + segments[i].p_offset;
    return size;
  };
  const auto* entries = reinterpret_cast<const Elf64_Dyn*>(bytes + dynamic->p_offset);
  const std::uint64_t count = dynamic->p_filesz / sizeof(Elf64_Dyn);
  std::uint64_t strings = size;
  for (std::uint64_t i = 0; i < count; ++i)
    if (entries[i].d_tag == DT_STRTAB) strings = offset_of(entries[i].d_un.d_ptr);
  for (std::uint64_t i = 0; i < count && strings < size; ++i) {
    if (entries[i].d_tag != DT_NEEDED || entries[i].d_un.d_val >= size - strings) continue;
    const std::uint64_t name = strings + entries[i].d_un.d_val;
    if (size - name > 20 && (image::starts_with(bytes + name, "libasan.so", 10) ||
                             image::starts_with(bytes + name, "libclang_rt.asan", 16)))
      return true;
  }
  return false;
}

}  // namespace bxl::shim
