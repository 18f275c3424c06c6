// Paths of the configuration language: f`…`, d`…`, p`…`, r`…`, a`…` with interpolation.
#include "base/path_table.h"
#include "frontend/dsc/evaluator.h"

namespace bxl::frontend::dsc {
namespace {

constexpr std::size_t kMaxPathBytes = 4096;  // PATH_MAX

Result<void> clean(std::string& text) {
  for (char& c : text)
    if (c == '\\') c = '/';
  if (text.empty()) return make_error(0, "a path is never empty; write . for this directory");
  if (text.find('\0') != std::string::npos)
    return make_error(0, "a path cannot hold a zero character");
  if (text.size() > kMaxPathBytes)
    return make_error(0, "this path has more than " + std::to_string(kMaxPathBytes) + " bytes");
  return {};
}

}  // namespace

Result<std::string> absolute_path(const std::string& directory, std::string text) {
  BXL_TRY(clean(text));
  if (text.size() > 2 && text[1] == ':' && text[2] == '/')
    return make_error(0, "paths with a drive letter do not exist here");
  return normalize_path(text.front() == '/' ? text : directory + "/" + text);
}

Result<std::string> relative_path(std::string text) {
  BXL_TRY(clean(text));
  if (text.front() == '/') return make_error(0, "a relative path does not begin with a separator");
  // Leading ".." are kept: they leave the directory that the path will be relative to.
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    std::size_t end = std::min(text.find('/', begin), text.size());
    std::string_view part = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..")
      parts.pop_back();
    else
      parts.push_back(part);
  }
  std::string out;
  for (std::string_view part : parts) out += (out.empty() ? "" : "/") + std::string(part);
  return out.empty() ? std::string(".") : out;
}

Result<std::string> path_atom(std::string text) {
  if (text.find_first_of("/\\") != std::string::npos)
    return make_error(0, "a path atom is one name, without separators");
  BXL_TRY(clean(text));
  if (text == "." || text == "..") return make_error(0, "a path atom is a name, not . or ..");
  return text;
}

// An absolute path at the beginning replaces the directory of the file; between pieces there is
// what is written there, so that d`${x}y` is no way to write d`${x}/y`.
Result<Value> Evaluator::path_literal(const Node& node, Frame& frame) {
  const Origin origin = origin_of(node, frame);
  std::string spelled;
  for (const Node* kid : node.kids) {
    BXL_TRY_ASSIGN(Value value, evaluate(*kid, frame));
    if (value.is_absolute_path() && !spelled.empty())
      return error(origin_of(*kid, frame), "an absolute path can only begin a path");
    BXL_TRY_ASSIGN(std::string piece, to_text(value, origin_of(*kid, frame)));
    spelled += piece;
    // A path literal with thousands of pieces would otherwise cost a square of its length.
    if (spelled.size() > kMaxPathBytes)
      return error(origin, "this path has more than " + std::to_string(kMaxPathBytes) + " bytes");
  }
  const char tag = node.text.front();
  Result<std::string> path = tag == 'r'   ? relative_path(std::move(spelled))
                             : tag == 'a' ? path_atom(std::move(spelled))
                                          : absolute_path(directory(origin), std::move(spelled));
  if (!path) return error(origin, path.error().message);
  const Type type = tag == 'f'   ? Type::File
                    : tag == 'd' ? Type::Directory
                    : tag == 'p' ? Type::Path
                    : tag == 'r' ? Type::Relative
                                 : Type::Atom;
  return text(origin, type, std::move(*path));
}

}  // namespace bxl::frontend::dsc
