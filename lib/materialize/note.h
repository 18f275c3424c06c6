// What befell files of the user, as data: who prints it decides how much of it to print.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <string>

namespace bxl::materialize {

struct Note {
  enum class Kind { SetAside, Restored, LeftAlone };
  Kind kind;
  std::string path;
  std::string where;  // SetAside, Restored: the file in `.bxl/saved`
};

// "set aside /w/out, which bxl did not make, as /w/.bxl/saved/…"
std::string sentence(const Note& note);

// Says the first three of each kind one by one and counts the others: adopting a tree that another
// tool built sets hundreds of files aside.
class NoteLimit {
 public:
  // `all`: says every one.
  NoteLimit(bool all, std::function<void(const std::string&)> say)
      : all_(all), say_(std::move(say)) {}
  void add(const Note& note);
  // Says how many were not named. To be called at the end.
  void finish();

 private:
  struct Unnamed {
    std::size_t seen = 0;
    std::string directory;  // where the last of them lies
  };
  bool all_;
  std::function<void(const std::string&)> say_;
  std::array<Unnamed, 3> kinds_{};
};

}  // namespace bxl::materialize
