// Reads the fields of a JSON graph.
#include "frontend/json/declaration.h"

#include <algorithm>
#include <limits>

#include "base/expression.h"
#include "frontend/json/base64.h"
#include "frontend/json/fields.h"
#include "json/reader.h"

namespace bxl::frontend::json_graph {
namespace {

using ::bxl::json::Value;

constexpr std::uint64_t kWeek = 7ull * 24 * 3600 * 1000;

class Reader {
 public:
  explicit Reader(Problems& problems) : problems_(problems) {}

  GraphDeclaration graph(const Value& root) {
    GraphDeclaration graph;
    Fields fields(problems_, root, "", "a graph");
    if (!root.object()) return graph;
    fields.find("$schema");
    if (!fields.has("version"))
      problems_.add(fields.origin(), "a graph needs the field \"version\": 1");
    else
      fields.natural("version", 1, 1, 1);
    graph.module = plain(fields.string("module"));
    graph.environment = variables(fields, "env");
    graph.pass_environment = variable_names(fields);
    if (const Value* pools = fields.find("pools")) read_pools(*pools, graph);
    for (auto& [value, pointer] : fields.elements("seals"))
      graph.seals.push_back(seal(*value, std::move(pointer)));
    if (!fields.has("pips")) problems_.add(fields.origin(), "a graph needs the field \"pips\"");
    auto pips = fields.elements("pips");
    graph.pips.reserve(pips.size());
    for (auto& [value, pointer] : pips) graph.pips.push_back(pip(*value, std::move(pointer)));
    graph.defaults = fields.strings("defaults");
    graph.share_checkouts = fields.boolean("shareCheckouts", false);
    fields.finish();
    return graph;
  }

 private:
  // Names that are shown, compared and typed.
  std::string plain(const Located& name) {
    const bool bad = std::any_of(name.text.begin(), name.text.end(),
                                 [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    if (bad) problems_.add(name.origin, "control characters have no place here");
    if (name.text.size() > 4096) problems_.add(name.origin, "this is longer than 4096 bytes");
    return name.text;
  }
  std::string without_nul(const Located& text) {
    if (text.text.find('\0') != std::string::npos)
      problems_.add(text.origin, "a zero byte has no place here");
    return text.text;
  }

  void read_pools(const Value& value, GraphDeclaration& graph) {
    Fields fields(problems_, value, "/pools", "an object of pool depths");
    if (!value.object()) return;
    if (value.object()->size() > 1000) {
      problems_.add(fields.origin(), "more than 1000 pools");
      return;
    }
    for (const auto& [name, depth] : *value.object()) {
      plain({name, fields.origin(name)});
      const std::uint64_t jobs = fields.natural(name, 1, 1, 1'000'000);
      graph.pools.emplace_back(name, static_cast<std::uint32_t>(jobs));
    }
    fields.finish();
  }

  bool may_be_set(const Located& name) {
    const char* why = nullptr;
    if (name.text.empty() || name.text.find('=') != std::string::npos ||
        name.text.find('\0') != std::string::npos)
      why = " is no name of a variable";
    for (const char* own : {"LD_PRELOAD", "LD_AUDIT", "PWD", "TMPDIR", "TMP", "TEMP", "BXL_INSIDE"})
      if (name.text == own) why = " is set by bxl for each pip";
    if (why) problems_.add(name.origin, "\"" + name.text + "\"" + why);
    return !why;
  }
  std::vector<std::pair<Located, std::string>> variables(Fields& fields, const char* key) {
    auto out = fields.string_map(key);
    std::erase_if(out, [&](const auto& variable) {
      without_nul({variable.second, variable.first.origin});
      return !may_be_set(variable.first);
    });
    return out;
  }
  std::vector<Located> variable_names(Fields& fields) {
    std::vector<Located> out = fields.strings("passEnv");
    std::erase_if(out, [&](const Located& name) { return !may_be_set(name); });
    return out;
  }

  SealDeclaration seal(const Value& value, std::string pointer) {
    SealDeclaration out;
    Fields fields(problems_, value, std::move(pointer), "a seal");
    if (!value.object()) return out;
    out.id = fields.required_string("id");
    plain(out.id);
    out.kind = static_cast<SealKind>(fields.word("kind", {"source", "partial", "full"}));
    if (!fields.has("kind")) problems_.add(fields.origin(), "a seal needs the field \"kind\"");
    if (out.kind == SealKind::Source) {
      fields.set_what("a source seal");
      out.path = fields.required_string("path");
      out.recursive = fields.boolean("recursive", true);
    } else {
      fields.set_what(out.kind == SealKind::Full ? "a full seal" : "a partial seal");
      out.path = fields.required_string("path");
      out.files = fields.strings("files");
    }
    fields.finish();
    return out;
  }

  PipDeclaration pip(const Value& value, std::string pointer) {
    PipDeclaration out;
    Fields fields(problems_, value, std::move(pointer), "a pip");
    out.origin = fields.origin();
    if (!value.object()) return out;
    out.id = fields.required_string("id");
    plain(out.id);
    out.kind = static_cast<PipWord>(
        fields.word("kind", {"process", "write-file", "copy-file", "copy-directory"}));
    out.description = plain(fields.string("description"));
    out.module = plain(fields.string("module"));
    out.value = plain(fields.string("value"));
    for (const Located& tag : fields.strings("tags")) out.tags.push_back(plain(tag));
    out.dependencies = fields.strings("dependencies");
    switch (out.kind) {
      case PipWord::Process:
        fields.set_what("a process pip");
        process(fields, out);
        break;
      case PipWord::WriteFile:
        fields.set_what("a write-file pip");
        write_file(fields, out);
        break;
      case PipWord::CopyFile:
      case PipWord::CopyDirectory:
        fields.set_what(out.kind == PipWord::CopyFile ? "a copy-file pip" : "a copy-directory pip");
        out.from = fields.required_string("from");
        out.to = fields.required_string("to");
        break;
    }
    fields.finish();
    return out;
  }

  void write_file(Fields& fields, PipDeclaration& out) {
    out.to = fields.required_string("path");
    out.executable = fields.boolean("executable", false);
    const bool encoded = fields.has("contentBase64");
    if (fields.has("content") == encoded)
      problems_.add(fields.origin(),
                    "a write-file pip needs either \"content\" or \"contentBase64\"");
    out.content = fields.string("content").text;
    if (!encoded) return;
    const Located text = fields.string("contentBase64");
    if (auto bytes = decode_base64(text.text))
      out.content = std::move(*bytes);
    else
      problems_.add(text.origin, "this is not base64");
  }

  void command(Fields& fields, PipDeclaration& out) {
    const Value* value = fields.find("command");
    const Origin where = fields.origin("command");
    if (!value) {
      problems_.add(where, "a process pip needs the field \"command\"");
    } else if (value->array()) {
      for (const Located& word : fields.strings("command")) out.argv.push_back(without_nul(word));
      if (out.argv.empty() || out.argv.front().empty())
        problems_.add(where, "the command is empty");
    } else if (value->string()) {
      out.command = without_nul({*value->string(), where});
      if (out.command.empty()) problems_.add(where, "the command is empty");
    } else {
      problems_.add(where, std::string("this is ") + value->type_name() +
                               ", and should be an array of words, or a string for /bin/sh");
    }
  }

  void inputs(Fields& fields, PipDeclaration& out) {
    for (auto& [value, pointer] : fields.elements("inputs")) {
      if (const std::string* path = value->string()) {
        out.inputs.push_back({*path, {value->offset(), std::move(pointer)}});
      } else if (value->object()) {
        Fields inner(problems_, *value, std::move(pointer), "an input that is a seal");
        out.input_seals.push_back(inner.required_string("seal"));
        inner.finish();
      } else {
        problems_.add({value->offset(), std::move(pointer)},
                      std::string("this is ") + value->type_name() +
                          ", and should be a path, or {\"seal\": \"ID\"}");
      }
    }
  }

  void output_directories(Fields& fields, PipDeclaration& out) {
    for (auto& [value, pointer] : fields.elements("outputDirectories")) {
      DirectoryDeclaration directory;
      Fields inner(problems_, *value, std::move(pointer), "an output directory");
      if (!value->object()) continue;
      directory.path = inner.required_string("path");
      if (!inner.has("kind"))
        problems_.add(inner.origin(), "an output directory needs the field \"kind\"");
      directory.exclusive = inner.word("kind", {"shared", "exclusive"}) == 1;
      inner.finish();
      out.output_directories.push_back(std::move(directory));
    }
  }

  void streams(Fields& fields, PipDeclaration& out) {
    if (const Value* input = fields.find("stdin"); input && input->object()) {
      Fields inner(problems_, *input, fields.origin("stdin").pointer, "a text for stdin");
      out.stdin_text = inner.string("text").text;
      if (!inner.has("text")) problems_.add(inner.origin(), "this needs the field \"text\"");
      inner.finish();
    } else if (input) {
      out.stdin_file = fields.required_string("stdin");
    }
    if (fields.has("stdout")) out.stdout_file = fields.required_string("stdout");
    if (fields.has("stderr")) out.stderr_file = fields.required_string("stderr");
    if (const Value* file = fields.find("responseFile")) {
      Fields inner(problems_, *file, fields.origin("responseFile").pointer, "a response file");
      if (!file->object()) return;
      out.response_file = inner.required_string("path");
      out.response_text = inner.string("content").text;
      if (!inner.has("content"))
        problems_.add(inner.origin(), "a response file needs the field \"content\"");
      inner.finish();
    }
  }

  void undeclared_reads(Fields& fields, PipDeclaration& out) {
    const Value* reads = fields.find("undeclaredReads");
    if (!reads || !reads->object()) {
      out.declared_reads = fields.word("undeclaredReads", {"allow", "deny"}) == 1;
      return;
    }
    Fields inner(problems_, *reads, fields.origin("undeclaredReads").pointer,
                 "a restriction of undeclared reads");
    if (!inner.has("within")) problems_.add(inner.origin(), "this needs the field \"within\"");
    out.declared_reads = out.restricted_reads = true;
    out.readable = inner.strings("within");
    inner.finish();
  }

  std::string program(const Located& name) {
    if (name.text.empty() || name.text.find('/') != std::string::npos)
      problems_.add(name.origin, "programs are named by the last part of their path");
    return without_nul(name);
  }

  void breakaway(Fields& fields, PipDeclaration& out) {
    for (auto& [value, pointer] : fields.elements("breakawayProcesses")) {
      if (const std::string* name = value->string()) {
        out.breakaway.push_back(program({*name, {value->offset(), std::move(pointer)}}));
        continue;
      }
      if (!value->object()) {
        problems_.add({value->offset(), std::move(pointer)},
                      std::string("this is ") + value->type_name() +
                          ", and should be a name, or {\"program\": \"NAME\", \"arguments\": "
                          "\"TEXT\"}");
        continue;
      }
      Fields inner(problems_, *value, std::move(pointer), "a program that breaks away");
      wire::BreakawayCall call;
      call.program = program(inner.required_string("program"));
      call.arguments = without_nul(inner.required_string("arguments"));
      call.ignore_case = inner.boolean("ignoreCase", false);
      inner.finish();
      out.breakaway_calls.push_back(std::move(call));
    }
  }

  std::string expression(Fields& fields, const char* key) {
    const Located text = fields.string(key);
    if (auto compiled = Expression::compile(text.text); !compiled)
      problems_.add(text.origin, compiled.error().message);
    return text.text;
  }

  void process(Fields& fields, PipDeclaration& out) {
    command(fields, out);
    out.directory = fields.string("cwd");
    out.environment = variables(fields, "env");
    out.pass_environment = variable_names(fields);
    inputs(fields, out);
    out.outputs = fields.strings("outputs");
    out.optional_outputs = fields.strings("optionalOutputs");
    output_directories(fields, out);
    out.output_exclusions = fields.strings("outputExclusions");
    streams(fields, out);
    out.untracked = fields.strings("untracked");
    undeclared_reads(fields, out);
    out.keep_sources = fields.word("sourceRewrites", {"allow", "deny"}) == 1;
    out.deny_writes = fields.word("undeclaredWrites", {"report", "deny"}) == 1;
    out.network =
        static_cast<PipDeclaration::Network>(fields.word("network", {"report", "deny", "trusted"}));
    out.temporary_directories = fields.strings("temporaryDirectories");
    for (const Located& name : fields.strings("survivingProcesses"))
      out.surviving.push_back(program(name));
    breakaway(fields, out);
    out.survivor_grace_ms = static_cast<std::uint32_t>(
        fields.natural("survivorGraceMs", wire::kSurvivorGraceMs, 0, 3'600'000));
    out.warning_regex = expression(fields, "warningRegex");
    out.error_regex = expression(fields, "errorRegex");
    out.same_content = fields.word("doubleWrites", {"deny", "allowSameContent"}) == 1;
    out.cacheable = fields.boolean("cacheable", true);
    out.console = fields.boolean("console", false);
    out.timeout_ms = fields.natural("timeoutMs", 0, 1, kWeek);
    out.success_exit_codes = fields.exit_codes("successExitCodes");
    out.uncacheable_exit_codes = fields.exit_codes("uncacheableExitCodes");
    out.retry_exit_codes = fields.exit_codes("retryExitCodes");
    out.retries = static_cast<std::uint32_t>(
        fields.natural("retries", out.retry_exit_codes.empty() ? 0 : 2, 1, 100));
    if (fields.has("retries") && out.retry_exit_codes.empty())
      problems_.add(fields.origin("retries"), "\"retries\" counts only with \"retryExitCodes\"");
    for (std::uint32_t code : out.retry_exit_codes) {
      const auto& good = out.success_exit_codes;
      const auto& uncached = out.uncacheable_exit_codes;
      if ((good.empty() ? code == 0 : std::binary_search(good.begin(), good.end(), code)) ||
          std::binary_search(uncached.begin(), uncached.end(), code))
        problems_.add(fields.origin("retryExitCodes"),
                      std::to_string(code) + " is an exit code of success");
    }
    if (const Located name = fields.string("retryAttemptVariable");
        fields.has("retryAttemptVariable") && may_be_set(name))
      out.retry_attempt_variable = name.text;
    out.stderr_fails = fields.boolean("failOnStderr", false);
    if (out.stderr_fails && !out.stderr_file.text.empty() &&
        out.stderr_file.text == out.stdout_file.text)
      problems_.add(fields.origin("failOnStderr"),
                    "what goes to stdout and stderr cannot be told apart in one file");
    out.weight = static_cast<std::uint32_t>(
        fields.natural("weight", 1, 1, std::numeric_limits<std::int32_t>::max()));
    out.pool = fields.string("pool");
    if (out.console && !out.stdin_file.text.empty() + !out.stdin_text.empty() +
                               !out.stdout_file.text.empty() + !out.stderr_file.text.empty() +
                               out.stderr_fails !=
                           0)
      problems_.add(fields.origin("console"),
                    "a pip at the console has no stdin, stdout or stderr of its own");
  }

  Problems& problems_;
};

}  // namespace

Result<GraphDeclaration> read_declaration(std::string_view text, Problems& problems) {
  auto root = ::bxl::json::parse(text);
  if (!root) return make_error(0, problems.file() + ": " + root.error().message);
  return Reader(problems).graph(*root);
}

}  // namespace bxl::frontend::json_graph
