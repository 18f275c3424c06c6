// Evaluates a configuration file: config.dsc with what it imports.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "frontend/dsc/value.h"
#include "os/file.h"

namespace bxl::frontend::dsc {

// All that an evaluation can learn of the world. Paths are absolute.
struct World {
  std::function<Result<std::string>(const std::string&)> read_file;
  // Sorted names of the members of a directory.
  std::function<Result<std::vector<std::string>>(const std::string&)> list_directory;
  std::function<FileKind(const std::string&)> kind;  // symlinks followed
  std::function<std::optional<std::string>(const std::string&)> variable;
};

class Evaluator;

// The argument of config({...}) in one file, evaluated as far as it has no parameters. Time and
// memory are bounded by kMaxSteps and kMaxBytes, and by kMaxDepth calls and values within each
// other, for this file and all later calls together: beyond that there is an error.
class Evaluation {
 public:
  // `path`: absolute. Errors: "config.dsc:3:7: …" with the line quoted, for whatever the file says
  // wrongly; those of read_file.
  static Result<std::unique_ptr<Evaluation>> run(const std::string& path, World world);
  ~Evaluation();

  const Value& configuration() const { return configuration_; }
  // What a function of the configuration returns. Errors as above.
  Result<Value> call(const Value& function, const std::vector<Value>& arguments);
  // An object of what another file declares. Errors as above; `origin`: who asks.
  Result<Value> import_file(const Origin& origin, const std::string& path);
  // Values to call functions with.
  Result<Value> text(Type type, std::string text);
  Result<Value> object(std::vector<std::pair<std::string, Value>> members);
  Result<Value> array(std::vector<Value> items);

  std::string place(const Origin& origin) const;     // "config.dsc:3:7"
  std::string variable(const Origin& origin) const;  // name of the environment variable, or ""
  Error error(const Origin& origin, const std::string& message) const;
  // Every environment variable that was asked for, with its value or absent.
  const std::map<std::string, std::optional<std::string>>& variables() const;

 private:
  Evaluation();
  std::unique_ptr<Evaluator> evaluator_;
  Value configuration_;
};

// The one key of what Transformer.execute returns; its value is what the function was given.
inline constexpr std::string_view kExecuted = "Transformer.execute";

inline constexpr std::uint64_t kMaxSteps = 5'000'000;
inline constexpr std::uint64_t kMaxBytes = 256u << 20;
inline constexpr int kMaxDepth = 400;

}  // namespace bxl::frontend::dsc
