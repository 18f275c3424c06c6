#include "materialize/note.h"

#include "base/path_table.h"

namespace bxl::materialize {
namespace {

constexpr std::size_t kNamed = 3;

}  // namespace

std::string sentence(const Note& note) {
  switch (note.kind) {
    case Note::Kind::SetAside:
      return "set aside " + note.path + ", which bxl did not make, as " + note.where;
    case Note::Kind::Restored:
      return "restored " + note.path;
    case Note::Kind::LeftAlone:
      return "left " + note.path + " alone: it was changed since bxl made it";
  }
  return {};
}

void NoteLimit::add(const Note& note) {
  Unnamed& kind = kinds_[static_cast<std::size_t>(note.kind)];
  kind.directory = parent_path(note.where.empty() ? note.path : note.where);
  if (++kind.seen <= kNamed || all_) say_(sentence(note));
}

void NoteLimit::finish() {
  for (std::size_t i = 0; i < kinds_.size(); ++i) {
    if (all_ || kinds_[i].seen <= kNamed) continue;
    const std::string more = std::to_string(kinds_[i].seen - kNamed) + " more ";
    const bool one = kinds_[i].seen - kNamed == 1;
    const std::string files = more + (one ? "file" : "files");
    switch (static_cast<Note::Kind>(i)) {
      case Note::Kind::SetAside:
        say_("set aside " + files + " that bxl did not make, in " + kinds_[i].directory +
             " (-v names them)");
        break;
      case Note::Kind::Restored:
        say_("restored " + files + " (-v names them)");
        break;
      case Note::Kind::LeftAlone:
        say_("left " + files + " alone, changed since bxl made them (-v names them)");
        break;
    }
    kinds_[i].seen = 0;
  }
}

}  // namespace bxl::materialize
