// What differs between the outputs of two runs of a pip.
#include "finding.h"

#include <map>
#include <utility>

#include "base/byte_io.h"
#include "wire/names.h"

namespace bxl::verify {

std::vector<Difference> differences(const std::vector<wire::Output>& before,
                                    const std::vector<wire::Output>& after,
                                    const PathTable& paths) {
  std::map<std::string, std::pair<const wire::Output*, const wire::Output*>> both;
  for (const wire::Output& output : before) both[paths.str(output.path)].first = &output;
  for (const wire::Output& output : after) both[paths.str(output.path)].second = &output;
  std::vector<Difference> out;
  for (const auto& [path, pair] : both) {
    const auto& [a, b] = pair;
    Difference difference{path, {}, {}};
    if (!b)
      difference.text = "was not made";
    else if (!a)
      difference.text = "was not made before";
    else if (a->kind != b->kind)
      difference.text = std::string("is a ") + name(b->kind) + ", was a " + name(a->kind);
    else if (a->kind == wire::OutputKind::File && a->digest != b->digest)
      difference.text = "differs";
    else if (a->kind == wire::OutputKind::Symlink && a->link_target != b->link_target)
      difference.text = "leads to " + b->link_target + ", led to " + a->link_target;
    else if (a->kind == wire::OutputKind::File && a->executable != b->executable)
      difference.text = b->executable ? "is executable, was not" : "is not executable, was";
    else
      continue;
    if (b && b->kind == wire::OutputKind::File) difference.other = b->digest;
    out.push_back(std::move(difference));
  }
  return out;
}

std::string encode(const Finding& finding) {
  ByteWriter out;
  out.u32(index(finding.pip));
  out.text(finding.failure);
  out.text(finding.doubt);
  out.u8(finding.console_differs);
  out.varint(finding.differences.size());
  for (const Difference& difference : finding.differences) {
    out.text(difference.path);
    out.text(difference.text);
    out.bytes(difference.other.view());
  }
  return out.take();
}

std::optional<Finding> decode(std::string_view bytes) {
  ByteReader in(bytes);
  Finding finding;
  finding.pip = PipId{in.u32()};
  finding.failure = in.text();
  finding.doubt = in.text();
  finding.console_differs = in.u8() != 0;
  for (std::uint64_t n = in.varint(); in.ok() && n != 0; --n) {
    Difference difference;
    difference.path = in.text();
    difference.text = in.text();
    if (auto digest = Digest::from_bytes(in.bytes(sizeof(Digest::bytes))))
      difference.other = *digest;
    finding.differences.push_back(std::move(difference));
  }
  if (!in.ok() || !in.at_end()) return {};
  return finding;
}

}  // namespace bxl::verify
