// Parses dyndep files and merges them into the manifest.
#include "frontend/ninja/dyndep.h"

#include <algorithm>
#include <unordered_set>

#include "frontend/ninja/evaluate.h"

namespace bxl::frontend::ninja {
namespace {

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

// What one statement says of one edge.
struct Addition {
  std::uint32_t edge = kNoEdge;
  std::size_t offset = 0;
  std::vector<NodeId> outputs, inputs;
  bool restat = false;
};

class DyndepParser {
 public:
  DyndepParser(Manifest& manifest, NodeId file, const Source& source)
      : manifest_(manifest), file_(file), lexer_(source), scope_(nullptr) {}

  Result<std::vector<Addition>> run() {
    if (!parse()) return std::move(lexer_.error());
    return std::move(additions_);
  }

 private:
  bool parse();
  bool parse_version();
  bool parse_build();
  bool parse_restat(Addition& addition);
  // Fails on an empty path; false with no error pending at the end of the list.
  bool read_paths(std::vector<NodeId>& out);
  bool read_name(std::string& out);

  Manifest& manifest_;
  NodeId file_;
  Lexer lexer_;
  Scope scope_;
  std::vector<Piece> pieces_;
  std::vector<Addition> additions_;
  std::unordered_set<std::uint32_t> edges_;
};

bool DyndepParser::parse() {
  bool version_known = false;
  for (;;) {
    const Token token = lexer_.read_token();
    switch (token) {
      case Token::Newline:
        continue;
      case Token::Bad:
        return lexer_.fail_bad_token();
      case Token::Identifier:
        if (version_known) return lexer_.fail(std::string("unexpected ") + name(token));
        lexer_.unread_token();
        if (!parse_version()) return false;
        version_known = true;
        continue;
      case Token::Build:
      case Token::End:
        if (!version_known) return lexer_.fail("expected 'ninja_dyndep_version = ...'");
        if (token == Token::End) return true;
        if (!parse_build()) return false;
        continue;
      default:
        return lexer_.fail(std::string("unexpected ") + name(token));
    }
  }
}

bool DyndepParser::parse_version() {
  const std::size_t offset = lexer_.offset();
  const std::string_view key = lexer_.read_identifier();
  if (key != "ninja_dyndep_version")
    return lexer_.fail_at(offset, "expected 'ninja_dyndep_version = ...'");
  if (!lexer_.expect(Token::Equals)) return false;
  pieces_.clear();
  if (!lexer_.read_value(pieces_)) return false;
  std::string value;
  if (auto done = evaluate(pieces_, scope_, value); !done)
    return lexer_.fail_at(offset, done.error().to_string());
  // "1", "1.0" and either with a suffix such as "-cmake".
  std::string_view rest = value;
  const bool one = rest.substr(0, 1) == "1";
  rest.remove_prefix(one ? 1 : 0);
  if (rest.substr(0, 2) == ".0") rest.remove_prefix(2);
  if (!one ||
      (!rest.empty() && (rest.front() == '.' || (rest.front() >= '0' && rest.front() <= '9'))))
    return lexer_.fail_at(offset, "unsupported 'ninja_dyndep_version = " + value + "'");
  scope_.set(key, std::move(value));
  return true;
}

bool DyndepParser::read_name(std::string& out) {
  const std::size_t offset = lexer_.offset();
  pieces_.clear();
  if (!lexer_.read_path(pieces_)) return false;
  out.clear();
  if (pieces_.empty()) return true;
  if (auto done = evaluate(pieces_, scope_, out); !done)
    return lexer_.fail_at(offset, done.error().to_string());
  if (out.empty()) return lexer_.fail_at(offset, "empty path");
  if (out.find('\0') != std::string::npos) return lexer_.fail_at(offset, "a path holds a NUL byte");
  return true;
}

bool DyndepParser::read_paths(std::vector<NodeId>& out) {
  for (std::string path;;) {
    if (!read_name(path)) return false;
    if (path.empty()) return true;
    const NodeId id = manifest_.intern(path, false);
    if (std::find(out.begin(), out.end(), id) == out.end()) out.push_back(id);
  }
}

bool DyndepParser::parse_restat(Addition& addition) {
  const std::size_t offset = lexer_.offset();
  const std::string_view key = lexer_.read_identifier();
  if (key.empty()) return lexer_.fail("expected variable name");
  if (key != "restat") return lexer_.fail_at(offset, "binding is not 'restat'");
  if (!lexer_.expect(Token::Equals)) return false;
  pieces_.clear();
  if (!lexer_.read_value(pieces_)) return false;
  std::string value;
  if (auto done = evaluate(pieces_, scope_, value); !done)
    return lexer_.fail_at(offset, done.error().to_string());
  addition.restat = !value.empty();
  return true;
}

bool DyndepParser::parse_build() {
  Addition addition;
  addition.offset = lexer_.last_offset();
  const std::size_t at = lexer_.offset();
  std::string output;
  if (!read_name(output)) return false;
  if (output.empty()) return lexer_.fail_at(at, "expected path");
  const std::string path = canonical(output);
  auto node = manifest_.by_text.find(path);
  addition.edge = node == manifest_.by_text.end()
                      ? kNoEdge
                      : manifest_.nodes[static_cast<std::size_t>(node->second)].producer;
  if (addition.edge == kNoEdge)
    return lexer_.fail_at(at, "no build statement exists for " + quoted(path));
  if (!edges_.insert(addition.edge).second)
    return lexer_.fail_at(at, "multiple statements for " + quoted(path));
  if (manifest_.edges[addition.edge].dyndep != file_)
    return lexer_.fail_at(
        at, "the build statement of " + quoted(path) + " has no dyndep binding for this file");

  std::string extra;
  const std::size_t more = lexer_.offset();
  if (!read_name(extra)) return false;
  if (!extra.empty()) return lexer_.fail_at(more, "explicit outputs not supported");
  if (lexer_.peek(Token::Pipe) && !read_paths(addition.outputs)) return false;
  if (!lexer_.expect(Token::Colon)) return false;
  if (lexer_.read_identifier() != "dyndep")
    return lexer_.fail("expected build command name 'dyndep'");
  const std::size_t inputs = lexer_.offset();
  if (!read_name(extra)) return false;
  if (!extra.empty()) return lexer_.fail_at(inputs, "explicit inputs not supported");
  if (lexer_.peek(Token::Pipe) && !read_paths(addition.inputs)) return false;
  if (lexer_.peek(Token::PipePipe)) return lexer_.fail("order-only inputs not supported");
  if (!lexer_.expect(Token::Newline)) return false;
  if (lexer_.peek(Token::Indent) && !parse_restat(addition)) return false;
  additions_.push_back(std::move(addition));
  return true;
}

// The edge's nodes move to the end of `refs`, with the new ones in their places.
void extend(Manifest& manifest, const Addition& addition) {
  Edge& edge = manifest.edges[addition.edge];
  const std::vector<NodeId> old(
      manifest.refs.begin() + edge.first,
      manifest.refs.begin() + edge.first + edge.outputs() + edge.inputs() + edge.validations);
  const auto inputs_begin = old.begin() + edge.outputs();
  const auto order_only_begin = inputs_begin + edge.explicit_inputs + edge.implicit_inputs;
  edge.first = static_cast<std::uint32_t>(manifest.refs.size());
  manifest.refs.insert(manifest.refs.end(), old.begin(), inputs_begin);
  for (NodeId output : addition.outputs) {
    manifest.nodes[static_cast<std::size_t>(output)].producer = addition.edge;
    manifest.refs.push_back(output);
  }
  manifest.refs.insert(manifest.refs.end(), inputs_begin, order_only_begin);
  manifest.refs.insert(manifest.refs.end(), addition.inputs.begin(), addition.inputs.end());
  manifest.refs.insert(manifest.refs.end(), order_only_begin, old.end());
  edge.implicit_outputs += static_cast<std::uint32_t>(addition.outputs.size());
  edge.implicit_inputs += static_cast<std::uint32_t>(addition.inputs.size());
  if (addition.restat) edge.bindings.emplace_back("restat", "1");
}

}  // namespace

std::vector<NodeId> dyndep_files(const Manifest& manifest) {
  std::vector<NodeId> files;
  std::unordered_set<std::uint32_t> seen;
  for (const Edge& edge : manifest.edges)
    if (edge.dyndep != kNoNode && seen.insert(static_cast<std::uint32_t>(edge.dyndep)).second)
      files.push_back(edge.dyndep);
  return files;
}

Result<void> load_dyndep(Manifest& manifest, NodeId file, std::string text) {
  const std::string file_name(manifest.text(file));
  const Source& source = manifest.sources.emplace_back(Source{file_name, std::move(text)});
  BXL_TRY_ASSIGN(std::vector<Addition> additions, DyndepParser(manifest, file, source).run());

  // Everything is checked before anything changes.
  std::unordered_set<std::uint32_t> mentioned;
  std::unordered_map<std::uint32_t, std::uint32_t> made;  // output -> edge
  for (const Addition& addition : additions) {
    mentioned.insert(addition.edge);
    for (NodeId output : addition.outputs) {
      const Node& node = manifest.nodes[static_cast<std::size_t>(output)];
      auto [other, first] = made.emplace(static_cast<std::uint32_t>(output), addition.edge);
      const std::uint32_t producer = first ? node.producer : other->second;
      if (producer == kNoEdge) continue;
      const Edge& edge = manifest.edges[producer];
      return error_at(source, addition.offset,
                      "multiple rules generate " + quoted(node.text) + ": the other is " +
                          edge.source->name + ":" + std::to_string(edge.line));
    }
  }
  for (std::uint32_t i = 0; i < manifest.edges.size(); ++i) {
    const Edge& edge = manifest.edges[i];
    if (edge.dyndep == file && !mentioned.count(i))
      return make_error(0, quoted(manifest.text(manifest.outputs(edge)[0])) +
                               " is not mentioned in its dyndep file " + quoted(file_name));
  }
  for (const Addition& addition : additions) extend(manifest, addition);
  return {};
}

}  // namespace bxl::frontend::ninja
