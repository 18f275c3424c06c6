// The disk as the rest of the system may look at it; tests use an in-memory twin that counts looks.
#pragma once

#include <string>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "cas/hash_memo.h"
#include "os/file.h"

namespace bxl::fingerprint {

class Tree {
 public:
  virtual ~Tree() = default;
  // Absent is a value. Errors: EACCES, ELOOP, EIO, ENAMETOOLONG…
  virtual Result<FileIdentity> lstat(const std::string& path) = 0;
  // Digest of a regular file whose identity was just seen. Errors: EAGAIN when it changed
  // meanwhile, EACCES…
  virtual Result<Digest> digest(const std::string& path, const FileIdentity& identity) = 0;
  virtual Result<std::string> read_link(const std::string& path) = 0;
  virtual Result<std::vector<std::string>> list(const std::string& path) = 0;  // sorted names
  virtual Result<std::string> read(const std::string& path) = 0;
};

// The real disk; digests through the memo.
class DiskTree : public Tree {
 public:
  explicit DiskTree(cas::HashMemo& memo) : memo_(memo) {}
  Result<FileIdentity> lstat(const std::string& path) override { return lstat_identity(path); }
  Result<Digest> digest(const std::string& path, const FileIdentity& id) override {
    return memo_.digest(path, id);
  }
  Result<std::string> read_link(const std::string& path) override { return bxl::read_link(path); }
  Result<std::vector<std::string>> list(const std::string& path) override {
    return list_directory(path);
  }
  Result<std::string> read(const std::string& path) override { return read_file(path); }

 private:
  cas::HashMemo& memo_;
};

}  // namespace bxl::fingerprint
