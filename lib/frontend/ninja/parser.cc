// Recursive descent over statements; each function reads one kind of statement.
#include "frontend/ninja/parser.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "frontend/ninja/evaluate.h"

namespace bxl::frontend::ninja {
namespace {

// A file that includes itself must not use up the stack, nor a lattice of includes all time.
constexpr int kMaxDepth = 100;
constexpr std::size_t kMaxFiles = 100'000;

constexpr std::array<std::string_view, 11> kRuleVariables = {
    "command", "depfile", "deps",    "description",     "dyndep",          "generator",
    "pool",    "restat",  "rspfile", "rspfile_content", "msvc_deps_prefix"};

bool is_rule_variable(std::string_view name) {
  return std::find(kRuleVariables.begin(), kRuleVariables.end(), name) != kRuleVariables.end();
}

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

class Parser {
 public:
  Parser(Manifest& manifest, const ReadFile& read_file)
      : manifest_(manifest), read_file_(read_file), evaluator_(manifest) {}

  Result<void> parse_file(const std::string& name, std::string text, Scope& scope, int depth);
  const Pool* add_pool(std::string_view name, std::uint32_t depth);

 private:
  // A path of the statement being read: pieces_[first, first + count).
  struct PathText {
    std::uint32_t first, count;
    std::size_t offset;
  };
  // What one file being parsed needs; includes nest.
  struct File {
    Lexer lexer;
    Scope& scope;
    int depth;
    std::size_t counted_to = 0;  // newlines before this offset are in `line`
    std::uint32_t line = 1;
  };

  bool parse_statement(File& file, Token token, bool* end);
  bool parse_build(File& file);
  bool parse_rule(File& file);
  bool parse_pool(File& file);
  bool parse_default(File& file);
  bool parse_variable(File& file);
  bool parse_include(File& file, bool new_scope);
  bool parse_binding(File& file, std::string_view* key, std::vector<Piece>& value);
  bool read_paths(File& file, std::uint32_t* count);
  bool add_node(File& file, const Edge& edge, const PathText& path, NodeId* id);
  bool add_edge_nodes(File& file, Edge& edge);
  bool check_special(File& file, Edge& edge);
  bool check_version(File& file, std::size_t offset, const std::string& version);
  std::span<const Piece> pieces_of(const PathText& path) const {
    return std::span(pieces_).subspan(path.first, path.count);
  }
  static bool fail_at(File& file, std::size_t offset, const Error& error) {
    return file.lexer.fail_at(offset, error.to_string());
  }

  Manifest& manifest_;
  const ReadFile& read_file_;
  EdgeEvaluator evaluator_;
  std::unordered_map<std::string_view, const Pool*> pools_;
  // Reused from statement to statement.
  std::vector<Piece> pieces_, value_;
  std::vector<PathText> paths_;
  std::string buffer_;
  Error nested_error_;  // of an included file: it points there already
  bool nested_ = false;
};

const Pool* Parser::add_pool(std::string_view name, std::uint32_t depth) {
  const Pool* pool = &manifest_.pools.emplace_back(Pool{name, depth});
  return pools_.emplace(name, pool).second ? pool : nullptr;
}

bool Parser::parse_binding(File& file, std::string_view* key, std::vector<Piece>& value) {
  *key = file.lexer.read_identifier();
  if (key->empty()) return file.lexer.fail("expected variable name");
  if (!file.lexer.expect(Token::Equals)) return false;
  value.clear();
  return file.lexer.read_value(value);
}

bool Parser::parse_variable(File& file) {
  const std::size_t offset = file.lexer.last_offset();
  std::string_view key;
  if (!parse_binding(file, &key, value_)) return false;
  std::string value;
  if (auto done = evaluate(value_, file.scope, value); !done)
    return fail_at(file, offset, done.error());
  // As soon as it is seen: later lines may be in a newer language.
  if (key == "ninja_required_version" && !check_version(file, offset, value)) return false;
  file.scope.set(key, std::move(value));
  return true;
}

bool Parser::check_version(File& file, std::size_t offset, const std::string& version) {
  int major = 0, minor = 0;
  const char* end = version.data() + version.size();
  auto at = std::from_chars(version.data(), end, major);
  if (at.ec == std::errc() && at.ptr != end && *at.ptr == '.')
    at = std::from_chars(at.ptr + 1, end, minor);
  if (at.ec != std::errc())
    return file.lexer.fail_at(offset, "cannot read the version " + quoted(version));
  if (major < kLanguageMajor || (major == kLanguageMajor && minor <= kLanguageMinor)) return true;
  return file.lexer.fail_at(
      offset, "this manifest needs ninja " + version + "; bxl understands the language up to " +
                  std::to_string(kLanguageMajor) + "." + std::to_string(kLanguageMinor));
}

bool Parser::parse_pool(File& file) {
  std::string_view pool = file.lexer.read_identifier();
  if (pool.empty()) return file.lexer.fail("expected pool name");
  const std::size_t offset = file.lexer.last_offset();
  if (!file.lexer.expect(Token::Newline)) return false;
  if (pools_.count(pool)) return file.lexer.fail_at(offset, "duplicate pool " + quoted(pool));
  std::int64_t depth = -1;
  while (file.lexer.peek(Token::Indent)) {
    std::string_view key;
    const std::size_t at = file.lexer.offset();
    if (!parse_binding(file, &key, value_)) return false;
    if (key != "depth") return file.lexer.fail_at(at, "unexpected variable " + quoted(key));
    if (auto done = evaluate(value_, file.scope, buffer_); !done)
      return fail_at(file, at, done.error());
    const char* end = buffer_.data() + buffer_.size();
    auto [stop, ec] = std::from_chars(buffer_.data(), end, depth);
    if (ec != std::errc() || stop != end || depth < 0 || depth > INT32_MAX)
      return file.lexer.fail_at(at, "invalid pool depth " + quoted(buffer_));
  }
  if (depth < 0) return file.lexer.fail_at(file.lexer.offset(), "expected 'depth =' line");
  add_pool(pool, static_cast<std::uint32_t>(depth));
  return true;
}

bool Parser::parse_rule(File& file) {
  std::string_view rule_name = file.lexer.read_identifier();
  if (rule_name.empty()) return file.lexer.fail("expected rule name");
  const std::size_t offset = file.lexer.last_offset();
  if (!file.lexer.expect(Token::Newline)) return false;
  Rule& rule = manifest_.rules.emplace_back();
  rule.name = rule_name;
  if (!file.scope.add_rule(&rule))
    return file.lexer.fail_at(offset, "duplicate rule " + quoted(rule_name));
  while (file.lexer.peek(Token::Indent)) {
    std::string_view key;
    const std::size_t at = file.lexer.offset();
    std::vector<Piece> value;
    if (!parse_binding(file, &key, value)) return false;
    if (!is_rule_variable(key)) return file.lexer.fail_at(at, "unexpected variable " + quoted(key));
    rule.bindings.emplace_back(key, std::move(value));
  }
  auto given = [&](std::string_view key) {
    const auto* pieces = rule.find(key);
    return pieces && !pieces->empty();
  };
  if (given("rspfile") != given("rspfile_content"))
    return file.lexer.fail_at(offset, "rspfile and rspfile_content need to be both specified");
  if (given("command")) return true;
  // A tab in the place of spaces ends the block; it is what is wrong, not the missing line.
  if (file.lexer.peek(Token::Bad)) return file.lexer.fail_bad_token();
  return file.lexer.fail_at(file.lexer.offset(), "expected 'command =' line");
}

bool Parser::parse_default(File& file) {
  pieces_.clear();
  for (bool first = true;; first = false) {
    const std::size_t offset = file.lexer.offset();
    pieces_.clear();
    if (!file.lexer.read_path(pieces_)) return false;
    if (pieces_.empty()) {
      if (first) return file.lexer.fail_at(offset, "expected target name");
      return file.lexer.expect(Token::Newline);
    }
    if (auto done = evaluate(pieces_, file.scope, buffer_); !done)
      return fail_at(file, offset, done.error());
    if (buffer_.empty()) return file.lexer.fail_at(offset, "empty path");
    std::string path = canonical(buffer_);
    auto it = manifest_.by_text.find(path);
    if (it == manifest_.by_text.end())
      return file.lexer.fail_at(offset, "unknown target " + quoted(path));
    manifest_.defaults.push_back(it->second);
  }
}

bool Parser::parse_include(File& file, bool new_scope) {
  const std::size_t offset = file.lexer.offset();
  pieces_.clear();
  if (!file.lexer.read_path(pieces_)) return false;
  std::string path;
  if (auto done = evaluate(pieces_, file.scope, path); !done)
    return fail_at(file, offset, done.error());
  if (path.empty()) return file.lexer.fail_at(offset, "expected path");
  if (file.depth >= kMaxDepth)
    return file.lexer.fail_at(offset, "files include each other more than 100 levels deep");
  if (manifest_.sources.size() >= kMaxFiles)
    return file.lexer.fail_at(offset, "more than 100000 files are included");
  auto text = read_file_(path);
  if (!text) return file.lexer.fail_at(offset, "loading " + text.error().to_string());
  Scope& scope = new_scope ? manifest_.scopes.emplace_back(&file.scope) : file.scope;
  if (auto done = parse_file(path, std::move(*text), scope, file.depth + 1); !done) {
    nested_error_ = std::move(done.error());
    nested_ = true;
    return false;
  }
  return file.lexer.expect(Token::Newline);
}

bool Parser::read_paths(File& file, std::uint32_t* count) {
  for (*count = 0;; ++*count) {
    PathText path{static_cast<std::uint32_t>(pieces_.size()), 0, file.lexer.offset()};
    if (!file.lexer.read_path(pieces_)) return false;
    path.count = static_cast<std::uint32_t>(pieces_.size()) - path.first;
    if (path.count == 0) return true;
    paths_.push_back(path);
  }
}

bool Parser::add_node(File& file, const Edge& edge, const PathText& path, NodeId* id) {
  std::span<const Piece> pieces = pieces_of(path);
  if (pieces.size() == 1 && !pieces[0].variable) {
    *id = manifest_.intern(pieces[0].text, true);
    return true;
  }
  if (auto done = evaluate(pieces, edge, buffer_); !done)
    return fail_at(file, path.offset, done.error());
  if (buffer_.empty()) return file.lexer.fail_at(path.offset, "empty path");
  if (buffer_.find('\0') != std::string::npos)
    return file.lexer.fail_at(path.offset, "a path holds a NUL byte");
  *id = manifest_.intern(buffer_, false);
  return true;
}

bool Parser::add_edge_nodes(File& file, Edge& edge) {
  edge.first = static_cast<std::uint32_t>(manifest_.refs.size());
  const std::uint32_t number = static_cast<std::uint32_t>(manifest_.edges.size());
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    NodeId id{};
    if (!add_node(file, edge, paths_[i], &id)) return false;
    manifest_.refs.push_back(id);
    if (i >= edge.outputs()) continue;
    Node& node = manifest_.nodes[static_cast<std::size_t>(id)];
    if (node.producer == number)
      return file.lexer.fail_at(paths_[i].offset,
                                quoted(node.text) + " is listed as an output twice");
    if (node.producer != kNoEdge) {
      const Edge& other = manifest_.edges[node.producer];
      return file.lexer.fail_at(paths_[i].offset, "multiple rules generate " + quoted(node.text) +
                                                      ": the other is " + other.source->name + ":" +
                                                      std::to_string(other.line));
    }
    node.producer = number;
  }
  return true;
}

// Variables that are looked up while the statement is read: pool, dyndep. ninja does it here too,
// so file variables have the value of this moment.
bool Parser::check_special(File& file, Edge& edge) {
  auto pool = evaluator_.value(edge, "pool", EdgeEvaluator::Quote::Shell);
  if (!pool) return fail_at(file, edge.offset, pool.error());
  if (!pool->empty()) {
    auto it = pools_.find(*pool);
    if (it == pools_.end())
      return file.lexer.fail_at(edge.offset, "unknown pool name " + quoted(*pool));
    edge.pool = it->second;
  }
  auto dyndep = evaluator_.value(edge, "dyndep", EdgeEvaluator::Quote::No);
  if (!dyndep) return fail_at(file, edge.offset, dyndep.error());
  if (dyndep->empty()) return true;
  edge.dyndep = manifest_.intern(*dyndep, false);
  const NodeId* inputs = manifest_.inputs(edge);
  if (std::find(inputs, inputs + edge.inputs(), edge.dyndep) == inputs + edge.inputs())
    return file.lexer.fail_at(edge.offset, "dyndep " + quoted(*dyndep) + " is not an input");
  return true;
}

bool Parser::parse_build(File& file) {
  Lexer& lexer = file.lexer;
  Edge edge;
  edge.scope = &file.scope;
  edge.source = &lexer.source();
  edge.offset = lexer.last_offset();
  std::string_view text = lexer.source().text;
  file.line += static_cast<std::uint32_t>(
      std::count(text.begin() + static_cast<std::ptrdiff_t>(file.counted_to),
                 text.begin() + static_cast<std::ptrdiff_t>(edge.offset), '\n'));
  file.counted_to = edge.offset;
  edge.line = file.line;

  pieces_.clear();
  paths_.clear();
  if (!read_paths(file, &edge.explicit_outputs)) return false;
  if (lexer.peek(Token::Pipe) && !read_paths(file, &edge.implicit_outputs)) return false;
  if (paths_.empty()) return lexer.fail_at(lexer.offset(), "expected path");
  if (!lexer.expect(Token::Colon)) return false;
  std::string_view rule_name = lexer.read_identifier();
  if (rule_name.empty()) return lexer.fail("expected build command name");
  edge.rule = file.scope.find_rule(rule_name);
  if (!edge.rule) return lexer.fail("unknown build rule " + quoted(rule_name));
  if (!read_paths(file, &edge.explicit_inputs)) return false;
  if (lexer.peek(Token::Pipe) && !read_paths(file, &edge.implicit_inputs)) return false;
  if (lexer.peek(Token::PipePipe) && !read_paths(file, &edge.order_only)) return false;
  if (lexer.peek(Token::PipeAt) && !read_paths(file, &edge.validations)) return false;
  if (!lexer.expect(Token::Newline)) return false;

  while (lexer.peek(Token::Indent)) {
    edge.own_scope = true;
    const std::size_t at = lexer.offset();
    std::string_view key;
    if (!parse_binding(file, &key, value_)) return false;
    // In the file's scope: a binding does not see those above it.
    std::string value;
    if (auto done = evaluate(value_, file.scope, value); !done)
      return fail_at(file, at, done.error());
    edge.bindings.emplace_back(key, std::move(value));
  }
  if (!add_edge_nodes(file, edge) || !check_special(file, edge)) return false;
  manifest_.edges.push_back(std::move(edge));
  return true;
}

bool Parser::parse_statement(File& file, Token token, bool* end) {
  switch (token) {
    case Token::Build:
      return parse_build(file);
    case Token::Rule:
      return parse_rule(file);
    case Token::Pool:
      return parse_pool(file);
    case Token::Default:
      return parse_default(file);
    case Token::Include:
      return parse_include(file, false);
    case Token::Subninja:
      return parse_include(file, true);
    case Token::Identifier:
      file.lexer.unread_token();
      return parse_variable(file);
    case Token::Newline:
      return true;
    case Token::End:
      *end = true;
      return true;
    case Token::Bad:
      return file.lexer.fail_bad_token();
    default:
      return file.lexer.fail(std::string("unexpected ") + name(token));
  }
}

Result<void> Parser::parse_file(const std::string& name, std::string text, Scope& scope,
                                int depth) {
  const Source& source = manifest_.sources.emplace_back(Source{name, std::move(text)});
  File file{Lexer(source), scope, depth};
  for (bool end = false; !end;) {
    if (parse_statement(file, file.lexer.read_token(), &end)) continue;
    if (!nested_) return std::move(file.lexer.error());
    return std::move(nested_error_);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Manifest>> parse_manifest(const std::string& name,
                                                 const ReadFile& read_file) {
  auto manifest = std::make_unique<Manifest>();
  Scope& top = manifest->scopes.emplace_back(nullptr);
  Rule& phony = manifest->rules.emplace_back();
  phony.name = "phony";
  top.add_rule(&phony);
  manifest->phony = &phony;
  Parser parser(*manifest, read_file);
  manifest->console = parser.add_pool("console", 1);
  BXL_TRY_ASSIGN(std::string text, read_file(name));
  BXL_TRY(parser.parse_file(name, std::move(text), top, 0));
  return manifest;
}

}  // namespace bxl::frontend::ninja
