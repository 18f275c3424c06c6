#include "cache/machine_salt.h"

#include <gnu/libc-version.h>
#include <sys/utsname.h>

#include <algorithm>
#include <iterator>
#include <sstream>

#include "base/digest.h"
#include "fingerprint/projection.h"
#include "fingerprint/version.h"
#include "os/file.h"

namespace bxl::cache {
namespace {

// The flags of the first processor, sorted; the model and its speed do not matter.
std::string processor_features() {
  auto text = read_file("/proc/cpuinfo");
  if (!text) return "unknown";
  std::size_t at = text->find("\nflags");
  if (at == std::string::npos) at = text->find("\nFeatures");
  if (at == std::string::npos) return "unknown";
  at = text->find(':', at);
  std::istringstream words(text->substr(at + 1, text->find('\n', at) - at - 1));
  std::vector<std::string> flags;
  for (std::string word; words >> word;) flags.push_back(word);
  std::sort(flags.begin(), flags.end());
  std::string all;
  for (const std::string& flag : flags) all += flag + " ";
  return Digest::of(all).hex();
}

}  // namespace

std::string machine_salt() {
  utsname system{};
  const char* architecture = ::uname(&system) == 0 ? system.machine : "unknown";
  std::string salt;
  salt += "architecture " + std::string(architecture) + "\n";
  salt += "fingerprints " + std::to_string(fingerprint::kFingerprintVersion) + "\n";
  salt += "projections " + std::to_string(fingerprint::kProjectionVersion) + "\n";
  salt += "C-library " + std::string(::gnu_get_libc_version()) + "\n";
  salt += "processor-features " + processor_features() + "\n";
  return salt;
}

std::vector<std::string> salt_differences(const std::string& a, const std::string& b) {
  std::vector<std::string> lines[2];
  for (int side = 0; side < 2; ++side) {
    std::istringstream text(side == 0 ? a : b);
    for (std::string line; std::getline(text, line);) lines[side].push_back(line);
    std::sort(lines[side].begin(), lines[side].end());
  }
  std::vector<std::string> differing, names;
  std::set_symmetric_difference(lines[0].begin(), lines[0].end(), lines[1].begin(), lines[1].end(),
                                std::back_inserter(differing));
  for (const std::string& line : differing) names.push_back(line.substr(0, line.find(' ')));
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace bxl::cache
