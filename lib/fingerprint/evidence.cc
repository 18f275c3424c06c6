// Evidence is the weak fingerprint's text, then one short line per observation.
#include "fingerprint/evidence.h"

#include <algorithm>
#include <charconv>

namespace bxl::fingerprint {
namespace {

constexpr std::string_view kMagic = "bxl-evidence 1\n";
constexpr std::string_view kMagicOfAnyVersion = "bxl-evidence ";
constexpr std::size_t kMemberBytes =
    64 << 10;  // a listing of node_modules or /usr/include takes about 10 KiB
constexpr std::size_t kDigestDigits = 12;  // two contents collide once in 2.8e14 comparisons

void put_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ' ';
  out += std::to_string(value.size());
  out += ' ';
  out += value;
  out += '\n';
}

// Reads from the front of a text. Once something was not as expected, ok() is false and the rest is
// empty.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  std::string_view until(char end) {
    std::size_t at = rest_.find(end);
    if (at == std::string_view::npos) return fail();
    std::string_view taken = rest_.substr(0, at);
    rest_.remove_prefix(at + 1);
    return taken;
  }
  std::string_view bytes(std::size_t count) {
    if (count > rest_.size()) return fail();
    std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  std::size_t number(char end) {
    std::string_view digits = until(end);
    std::size_t value = 0;
    auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || stop != digits.data() + digits.size() || digits.empty()) fail();
    return value;
  }
  void expect(char c) {
    if (rest_.empty() || rest_.front() != c)
      fail();
    else
      rest_.remove_prefix(1);
  }

 private:
  std::string_view fail() {
    ok_ = false;
    rest_ = {};
    return {};
  }
  std::string_view rest_;
  bool ok_ = true;
};

bool next_field(Reader& in, std::string_view* name, std::string_view* value) {
  *name = in.until(' ');
  std::size_t size = in.number(' ');
  *value = in.bytes(size);
  in.expect('\n');
  return in.ok();
}

std::string_view cut_digest(std::string_view line) {
  std::size_t space = line.rfind(' ');
  return space == std::string_view::npos ? line : line.substr(0, space + 1 + kDigestDigits);
}

}  // namespace

bool speaks_of_secrets(std::string_view variable) {
  std::string upper(variable);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : static_cast<char>(c);
  });
  for (std::string_view word :
       {"TOKEN", "SECRET", "PASSW", "CREDENTIAL", "AUTH", "_KEY", "APIKEY", "PRIVATE"})
    if (upper.find(word) != std::string::npos) return true;
  return false;
}

std::string encode_evidence(View& view, PipId pip, std::string_view weak_text, const PathSet& set,
                            std::string_view strong_text) {
  std::string out(kMagic);
  out.reserve(weak_text.size() + strong_text.size() / 2 + 128);
  std::string_view name, value;
  for (Reader in(weak_text); !in.at_end() && next_field(in, &name, &value);) {
    std::size_t equals = value.find('=');
    if (name == "env" && equals != std::string_view::npos &&
        speaks_of_secrets(value.substr(0, equals)))
      put_field(out, name,
                std::string(value.substr(0, equals + 1)) + "(digest " +
                    Digest::of(value.substr(equals + 1)).hex().substr(0, kDigestDigits) + ")");
    else
      put_field(out, name, value);
  }
  out += "path-set ";
  if (!strong_text.empty()) out += set.digest.hex();
  out += '\n';
  if (strong_text.empty()) return out;

  Reader lines(strong_text);
  for (int i = 0; i < 3; ++i) (void)lines.until('\n');  // version, weak fingerprint, path set
  std::size_t member_bytes = 0;
  for (const Observation& o : set.observations) {
    std::string_view line = lines.until('\n');
    out += cut_digest(line);
    if (line.starts_with("E ")) {
      auto names = view.members(pip, o.path);
      std::string text;
      if (names && *names)
        for (const std::string& member : **names) text.append(member.c_str(), member.size() + 1);
      if (names && *names && member_bytes + text.size() <= kMemberBytes) {
        member_bytes += text.size();
        out += ' ';
        out += std::to_string(text.size());
        out += ' ';
        out += text;
      }
    }
    out += '\n';
  }
  return out;
}

Result<Evidence> decode_evidence(std::string_view bytes) {
  if (!bytes.starts_with(kMagic))
    return bytes.starts_with(kMagicOfAnyVersion) ? make_error(EPROTO, "evidence of another version")
                                                 : make_error(EBADMSG, "no evidence");
  const Error damaged = make_error(EBADMSG, "damaged evidence");
  Evidence evidence;
  Reader in(bytes.substr(kMagic.size()));
  for (;;) {
    std::string_view name = in.until(' ');
    if (!in.ok()) return damaged;
    if (name == "path-set") break;
    std::size_t size = in.number(' ');
    std::string_view value = in.bytes(size);
    in.expect('\n');
    if (!in.ok()) return damaged;
    evidence.fields.emplace_back(name, value);
  }
  std::string_view digest = in.until('\n');
  if (!in.ok()) return damaged;
  if (!digest.empty()) {
    auto parsed = Digest::from_hex(digest);
    if (!parsed) return damaged;
    evidence.path_set = *parsed;
  }
  while (!in.at_end()) {
    ObservedValue& o = evidence.observations.emplace_back();
    // Only listings hold bytes of their own; "E <digest>" has a fixed length, so a newline in a
    // name ends nothing.
    Reader ahead = in;
    std::string_view head = ahead.bytes(2 + kDigestDigits);
    if (ahead.ok() && head.starts_with("E ")) {
      o.value = head;
      char next = ahead.bytes(1) == " " ? ' ' : '\n';
      if (next == ' ') {
        std::size_t size = ahead.number(' ');
        std::string_view text = ahead.bytes(size);
        ahead.expect('\n');
        for (Reader names(text); !names.at_end();) {
          o.members.emplace_back(names.until('\0'));
          if (!names.ok()) return damaged;
        }
        o.listed = true;
      }
      if (!ahead.ok()) return damaged;
      in = ahead;
      continue;
    }
    o.value = in.until('\n');
    if (!in.ok() || o.value.empty()) return damaged;
  }
  return evidence;
}

}  // namespace bxl::fingerprint
