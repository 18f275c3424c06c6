// Does what a pip made tell where the workspace lies? Only a result that does not may serve another
// checkout (lib/RULES.md, 17).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bxl::exec {

// The directories to look for, in every spelling that tools are known to write: as they are, as
// UTF-16 and UTF-32, with separators escaped, percent-encoded, replaced (Windows', and those of
// names made from paths), in base64, and cut in pieces of sixteen bytes or, in x86 instructions, of
// eight. Besides, each component of them as a word by itself. Immutable, shared by threads.
class RootPatterns {
 public:
  // `roots`: absolute real paths, none of them "/".
  explicit RootPatterns(const std::vector<std::string>& roots);

  // Components of the roots, each once, in order of appearance.
  const std::vector<std::string>& words() const { return words_; }

 private:
  friend class RootScan;
  struct Match {
    enum class Kind : std::uint8_t { Root, Immediate, Word, Compressed };
    Kind kind = Kind::Root;
    std::uint16_t length = 0;  // of the pattern, bytes
    std::uint16_t which = 0;   // root, word, or kind of compression
  };
  struct Node {
    std::uint32_t match = 0;    // 1-based, into matches_
    std::uint32_t further = 0;  // the longest proper suffix with a match
  };
  void add(std::string_view bytes, Match match);
  void add_spellings(const std::string& root, std::uint16_t which);
  void finish();

  std::vector<std::string> roots_, words_;
  std::vector<std::pair<std::string, Match>> patterns_;  // until finish()
  std::array<std::uint16_t, 256> class_{};               // of bytes; 0: in no pattern
  std::size_t classes_ = 1;
  std::vector<std::uint32_t> next_;  // state * classes_ + class
  std::vector<Node> nodes_;
  std::vector<Match> matches_;
};

// One run of bytes, given in pieces of any size. What is found does not depend on the pieces.
class RootScan {
 public:
  // `random_blocks`: so many blocks of 4 KiB in a row that look random cannot be searched.
  explicit RootScan(const RootPatterns& patterns, std::size_t random_blocks = 1)
      : patterns_(patterns),
        random_blocks_(random_blocks),
        words_(patterns.words().size(), false) {}

  void feed(std::string_view bytes);
  void finish();  // the end of this run; the next one may follow

  // "the path /a/ws", or "gzip data, which cannot be searched"; empty: nothing was found.
  const std::string& found() const { return found_; }
  bool names_root() const { return names_root_; }
  // Which words() occurred, over all runs.
  const std::vector<bool>& words() const { return words_; }

 private:
  void matched(std::uint32_t match, std::size_t end);
  void measure(std::string_view bytes);
  void judge_block();

  const RootPatterns& patterns_;
  std::size_t random_blocks_, random_run_ = 0;
  std::vector<bool> words_;
  std::string found_;
  bool names_root_ = false;
  std::uint32_t state_ = 0;
  std::string buffer_;                     // the piece, after what a match may look back at
  std::vector<std::uint16_t> open_words_;  // seen up to the last byte: the next one decides
  std::array<std::uint32_t, 256> counts_{};
  std::size_t counted_ = 0;
};

// What a pip left, as far as other checkouts are concerned.
struct RootFinding {
  std::string why;          // empty: free of the roots; else as RootScan::found
  std::vector<bool> words;  // as RootScan::words
  bool searched = false;    // false: nobody has looked
};

// Reads the whole file. Files whose content is known to be packed are not free: compressed files
// and archives of them, ELF files with compressed sections or link-time bytecode, bitcode. So are
// files that look random, and those that cannot be read.
RootFinding scan_file(const RootPatterns& patterns, int fd);
RootFinding scan_text(const RootPatterns& patterns, std::string_view bytes);
// Does the file name a root, as far as its bytes show? True when it cannot be read.
bool names_root(const RootPatterns& patterns, int fd);

}  // namespace bxl::exec
