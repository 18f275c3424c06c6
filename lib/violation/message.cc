// Words for violations, in terms of what the user wrote: build statements, or fields of a JSON
// graph.
#include "violation/message.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "violation/javascript.h"

namespace bxl::violation {
namespace {

constexpr std::size_t kMostInputs = 4;

// A name as it would stand in the manifest.
std::string name_of(const PathTable& paths, const wire::Pip& pip, PathId path) {
  std::string text = paths.str(path), directory = paths.str(pip.working_directory);
  if (path_within(text, directory) && text != directory) {
    text.erase(0, directory.size() + (directory == "/" ? 0 : 1));
  } else if (std::string parent(parent_path(directory));
             parent != "/" && path_within(text, parent)) {
    text = ".." + text.substr(parent.size());
  }
  std::string escaped;
  for (char c : text) {
    if (c == '$' || c == ' ' || c == ':') escaped += '$';
    escaped += c;
  }
  return escaped;
}

std::string statement(const PathTable& paths, const wire::Pip& pip, const std::string& more_output,
                      const std::string& more_order_only) {
  std::string text = "build";
  for (std::size_t i = 0; i < pip.outputs.size(); ++i) {
    if (i == pip.explicit_outputs && i != 0) text += " |";
    text += " " + name_of(paths, pip, pip.outputs[i]);
  }
  if (!more_output.empty())
    text += (pip.outputs.size() > pip.explicit_outputs ? " " : " | ") + more_output;
  text += ": " + (pip.rule.empty() ? "RULE" : pip.rule);
  auto list = [&](const std::vector<PathId>& inputs) {
    for (std::size_t i = 0; i < inputs.size() && i < kMostInputs; ++i)
      text += " " + name_of(paths, pip, inputs[i]);
    if (inputs.size() > kMostInputs) text += " …";
  };
  list(pip.inputs);
  if (!pip.order_only.empty() || !more_order_only.empty()) text += " ||";
  list(pip.order_only);
  if (!more_order_only.empty()) text += " " + more_order_only;
  return text;
}

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

bool declares(const wire::Pip& pip, PathId path) {
  return std::find(pip.outputs.begin(), pip.outputs.end(), path) != pip.outputs.end();
}

std::string meaning(std::string_view letter) {
  if (letter == "P") return "probed a path that another pip makes";
  if (letter == "R")
    return "read a file that another pip makes, without depending on that pip, or a source that it "
           "may not read";
  if (letter == "W") return "wrote where it may not write";
  if (letter == "DW") return "wrote or removed a file that another pip also writes";
  if (letter == "MD")
    return "missing dependency: looked for or read what another pip makes or changes [R], or the "
           "reverse [W]";
  return {};
}

// What to change in a JSON graph.
std::string json_advice(const graph::PipGraph& graph, const PathTable& paths,
                        const wire::Violation& v) {
  const wire::Pip& pip = graph.pip(graph.find(v.pip));
  const PipId other = graph.find(v.related);
  const std::string path = quoted(paths.str(v.path));
  auto in = [](const wire::Pip& of) { return " of pip " + quoted(of.stable_id); };
  if (v.code == "DX5034")
    return "add " + path + " to \"inputs\"" + in(pip) + ", or a directory that holds it to " +
           "\"within\" of its \"undeclaredReads\"";
  if (v.code == "DX5033" || v.code == "DX5023")
    return "let " + quoted(v.pip) + " write a copy elsewhere, and declare that as its output";
  if (v.code == "DX5029")
    return "let " + quoted(v.pip) + " write into $TMPDIR, or into a temporary directory of its own";
  if (v.code == "DX5006")
    return "add " + path + " to \"inputs\"" + in(pip) + ", or a source seal that holds it";
  if (v.code == "DX5008" || v.code == "DX5047" || v.code == "DX14533") {
    if (other != kNoPip)
      return "let " + quoted(v.pip) + " write elsewhere, or share the directory: give both pips " +
             "\"outputDirectories\" with \"kind\": \"shared\" for it";
    return "add " + path + " to \"outputs\"" + in(pip) +
           ", or a directory that holds it to \"outputDirectories\"";
  }
  if (other == kNoPip) return {};
  const bool mine_reads = v.role == "R";
  const wire::Pip& reader = mine_reads ? pip : graph.pip(other);
  const wire::Pip& writer = mine_reads ? graph.pip(other) : pip;
  if (v.code == "DX5003" || v.code == "DX5009" || v.code == "DX5026" || v.code == "DX5025")
    return "add " + quoted(writer.stable_id) + " to \"dependencies\"" + in(reader) +
           (declares(writer, v.path) ? ", or " + path + " to its \"inputs\"" : "");
  if (v.code == "DX5007")
    return quoted(writer.stable_id) + " depends on " + quoted(reader.stable_id) +
           ", which therefore cannot read " + path + ": let another pip make it";
  if (v.code == "DX5032")
    return "let each command choose a name of its own, such as one below $TMPDIR";
  if (v.code == "DX5002")
    return "let one of the two write " + path + ", and the other depend on it";
  return {};
}

}  // namespace

std::string advice(const graph::PipGraph& graph, const PathTable& paths, const wire::Violation& v) {
  const PipId id = graph.find(v.pip), other = graph.find(v.related);
  if (id == kNoPip) return {};
  if (v.path == kNoPath)
    return v.code == "DX5000" ? "let another command fetch it, or give pip " + quoted(v.pip) +
                                    " \"network\": \"report\""
                              : std::string();
  if (graph.pip(id).flags & wire::kPipJson) return json_advice(graph, paths, v);
  if (graph.pip(id).flags & wire::kPipJavaScript) return javascript_advice(graph, paths, v);
  const wire::Pip& pip = graph.pip(id);
  const std::string path = name_of(paths, pip, v.path);
  auto lines = [](const std::string& sentence, const std::string& below) {
    return sentence + ":\n  " + below;
  };
  if (v.code == "DX5033")
    return lines("let " + pip.stable_id + " write its own copy of " + path + ", and let " +
                     v.related + " take that",
                 statement(paths, pip, path + ".new", ""));
  if (v.code == "DX5008" || v.code == "DX5047")
    return lines("declare " + path + " as an output of " + pip.stable_id + ", if it is one",
                 statement(paths, pip, path, ""));
  if (other == kNoPip) return {};
  const bool mine_reads = v.role == "R";
  const wire::Pip& reader = mine_reads ? pip : graph.pip(other);
  const wire::Pip& writer = mine_reads ? graph.pip(other) : pip;
  if (v.code == "DX5003" || v.code == "DX5009" || v.code == "DX5026") {
    if (reader.flags & wire::kPipJavaScript) return foreign_dependency(reader, writer);
    // Ordered after a pip, all it makes may be read: of an undeclared output the first declared one
    // stands for it.
    const std::string input = declares(writer, v.path) ? path
                              : writer.outputs.empty()
                                  ? writer.stable_id
                                  : name_of(paths, reader, writer.outputs.front());
    return lines("add " + input + " to the inputs of " + reader.stable_id,
                 statement(paths, reader, "", input));
  }
  if (v.code == "DX5007")
    return writer.stable_id + " depends on " + reader.stable_id + ", which therefore cannot read " +
           path + ": let another build statement make it";
  if (v.code == "DX5025")
    return lines(
        "let " + writer.stable_id + " write its own copy of " + path + ", and " + reader.stable_id +
            " read that, or wait for it",
        statement(paths, reader, "",
                  writer.outputs.empty() ? writer.stable_id
                                         : name_of(paths, reader, writer.outputs.front())));
  if (v.code == "DX5032")
    return "let each command choose a name of its own, such as one below $TMPDIR";
  if (v.code == "DX5002") {
    const wire::Pip& owner = graph.pip(other);
    if (v.message.find(" removed ") != std::string::npos)
      return "take the removal of " + path + " out of one of the two commands";
    if (declares(owner, v.path))
      return lines(
          "let only " + owner.stable_id + " write " + path + "; " + pip.stable_id + " may read it",
          statement(paths, pip, "", path));
    return lines("let one of the two write " + path + ", and declare it there",
                 statement(paths, owner, path, ""));
  }
  return {};
}

std::string message(const graph::PipGraph& graph, const PathTable& paths,
                    const graph::Mounts& mounts, const wire::PipResult& result, std::size_t most,
                    Tone tone) {
  const wire::Pip& pip = graph.pip(result.pip);
  std::string text = tone == Tone::Error ? "error DX0500: [" : "warning DX0501: [";
  text += pip.stable_id + "] - Disallowed file accesses were detected (" + pip.spec + ")\n";
  auto more = [&](std::size_t all) {
    return all <= most ? "" : "  … and " + std::to_string(all - most) + " more (-v: all)\n";
  };
  std::vector<std::string> letters, related, fixes;
  auto add = [](std::vector<std::string>& to, const std::string& value) {
    if (!value.empty() && std::find(to.begin(), to.end(), value) == to.end()) to.push_back(value);
  };
  std::size_t shown = 0;
  for (const wire::Violation& v : result.violations) {
    add(letters, v.letter);
    add(related, v.related);
    if (++shown > most) continue;
    add(fixes, advice(graph, paths, v));
    text += "  " + v.letter + (v.letter.size() < 2 ? " " : "") +
            (v.letter == "MD" ? " [" + v.role + "] " : " ");
    if (v.path != kNoPath) text += mounts.tokenise(paths.str(v.path));
    text += "  (" + v.code + ": " + v.message + ")\n";
  }
  text += more(result.violations.size());
  std::sort(letters.begin(), letters.end());
  std::sort(related.begin(), related.end());
  for (const std::string& letter : letters)
    if (std::string words = meaning(letter); !words.empty())
      text += "  " + letter + " = " + words + "\n";
  for (std::size_t i = 0; i < related.size() && i < most; ++i) {
    const PipId other = graph.find(related[i]);
    text += "  Related pip: " + related[i] +
            (other == kNoPip ? "" : " (" + graph.pip(other).spec + ")") + "\n";
  }
  text += more(related.size());
  for (std::string& fix : fixes) {
    for (std::size_t at = fix.find('\n'); at != std::string::npos; at = fix.find('\n', at + 1))
      fix.insert(at + 1, "  ");
    text += "  To fix it, " + fix + "\n";
  }
  return text;
}

}  // namespace bxl::violation
