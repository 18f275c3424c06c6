// libFuzzer entry for imports into a cache (cache/transfer.h). tests/fuzz/run.sh builds and runs
// it.
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/byte_io.h"
#include "cache/export_file.h"
#include "cache/machine_salt.h"
#include "cache/transfer.h"
#include "os/file.h"

namespace {

using namespace bxl;
using namespace bxl::cache;

// In memory where there is such a place: every input is a transaction.
struct Place {
  std::string directory;
  Place() {
    std::string text = std::filesystem::is_directory("/dev/shm") ? "/dev/shm/bxl-fuzz-XXXXXX"
                                                                 : "/tmp/bxl-fuzz-XXXXXX";
    if (!::mkdtemp(text.data())) std::abort();
    directory = text;
  }
  ~Place() { std::filesystem::remove_all(directory); }
};

// Gives the records good checksums, and the salt of this machine to begin with: otherwise no input
// but the seeds would ever get past them.
std::string sealed(std::string_view bytes) {
  ByteWriter out;
  auto record = [&](ExportKind kind, std::string_view payload, std::string_view summed) {
    out.u8(static_cast<std::uint8_t>(kind));
    out.u64(payload.size());
    out.u64(checksum64(summed, static_cast<std::uint64_t>(kind)));
    out.bytes(payload);
  };
  out.bytes(kExportMagic);
  const std::string salt = machine_salt();
  record(ExportKind::Salt, salt, salt);
  while (bytes.size() >= 3) {
    const auto kind = static_cast<ExportKind>(bytes[0] % 6);
    const std::size_t wanted = static_cast<std::uint8_t>(bytes[1]) * 4u;
    bytes.remove_prefix(2);
    const std::string_view payload = bytes.substr(0, wanted);
    bytes.remove_prefix(payload.size());
    if (kind == ExportKind::Blob) {  // under its right name, which entries can name as well
      const std::string whole = std::string(Digest::of(payload).view()) + std::string(payload);
      record(kind, whole, std::string_view(whole).substr(0, 16));
    } else {
      record(kind, payload, payload);
    }
  }
  record(ExportKind::End, {}, {});
  return out.take();
}

void import(const std::string& directory, const std::string& bytes) {
  const std::string file = directory + "/export";
  if (!replace_file(file, bytes)) std::abort();
  (void)import_cache(directory + "/cache", file).has_value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const Place place;
  std::string_view input(reinterpret_cast<const char*>(bytes), size);
  import(place.directory, std::string(input));
  import(place.directory, sealed(input));
  return 0;
}
