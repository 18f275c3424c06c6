// Reading and checking the JSON of a policy.
#include "policy_file.h"

#include <cerrno>

#include "base/path_table.h"
#include "json/reader.h"
#include "os/file.h"

namespace bxl::sandbox_tool {

namespace {

Error wrong(const std::string& path, const std::string& text) {
  return make_error(EINVAL, "the policy " + path + ": " + text);
}

Result<std::vector<std::string>> strings(const std::string& path, const std::string& key,
                                         const json::Value& value) {
  const json::Array* array = value.array();
  if (array == nullptr)
    return wrong(path, '"' + key + "\" is " + value.type_name() + ", not an array of strings");
  std::vector<std::string> out;
  for (const json::Value& item : *array) {
    if (item.string() == nullptr)
      return wrong(path, '"' + key + "\" holds " + item.type_name() + ", not only strings");
    if (item.string()->empty() || item.string()->find('\0') != std::string::npos)
      return wrong(path, '"' + key + "\" holds an empty text, or one with a NUL");
    out.push_back(*item.string());
  }
  return out;
}

Result<std::vector<std::string>> programs(const std::string& path, const std::string& key,
                                          const json::Value& value) {
  BXL_TRY_ASSIGN(auto names, strings(path, key, value));
  for (const std::string& name : names)
    if (name.find('/') != std::string::npos)
      return wrong(path, '"' + key + "\" holds \"" + name + "\": programs are named without '/'");
  return names;
}

std::vector<std::string> absolute(const PolicyFile& file, const std::vector<std::string>& paths) {
  std::vector<std::string> out;
  // A trailing slash means something: "." is the only other spelling that needs care.
  for (const std::string& path : paths)
    out.push_back(path[0] == '/' ? path : file.directory + "/" + path);
  return out;
}

}  // namespace

Result<PolicyFile> read_policy(const std::string& path) {
  BXL_TRY_ASSIGN(const std::string text, read_file(path));
  auto parsed = json::parse(text);
  if (!parsed) return make_error(EBADMSG, "the policy " + path + ": " + parsed.error().message);
  const json::Object* object = parsed->object();
  if (object == nullptr)
    return wrong(path, std::string("it is ") + parsed->type_name() + ", not an object");
  PolicyFile out;
  out.path = path;
  BXL_TRY_ASSIGN(const std::string real, real_path(path));
  out.directory = std::string(parent_path(real));
  for (const auto& [key, value] : *object) {
    if (key == "read") {
      BXL_TRY_ASSIGN(out.read, strings(path, key, value));
    } else if (key == "write") {
      BXL_TRY_ASSIGN(out.write, strings(path, key, value));
    } else if (key == "untracked") {
      BXL_TRY_ASSIGN(out.untracked, strings(path, key, value));
    } else if (key == "temp") {
      BXL_TRY_ASSIGN(out.temp, strings(path, key, value));
    } else if (key == "survivingProcesses") {
      BXL_TRY_ASSIGN(out.surviving, programs(path, key, value));
    } else if (key == "breakawayProcesses") {
      BXL_TRY_ASSIGN(out.breakaway, programs(path, key, value));
    } else if (key == "mode") {
      const std::string* mode = value.string();
      if (mode == nullptr || (*mode != "deny" && *mode != "report"))
        return wrong(path, "\"mode\" is \"deny\" or \"report\"");
      out.mode = *mode == "deny" ? sandbox::Enforcement::Deny : sandbox::Enforcement::Report;
    } else if (key == "network") {
      const std::string* network = value.string();
      if (network != nullptr && *network == "allow")
        out.network = sandbox::Network::Allow;
      else if (network != nullptr && *network == "deny")
        out.network = sandbox::Network::Deny;
      else if (network != nullptr && *network == "trusted")
        out.network = sandbox::Network::Trusted;
      else
        return wrong(path, "\"network\" is \"allow\", \"deny\" or \"trusted\"");
    } else {
      return wrong(path, "there is no key \"" + key +
                             "\"; known are mode, network, read, write, untracked, temp, "
                             "survivingProcesses and breakawayProcesses");
    }
  }
  return out;
}

void apply(const PolicyFile& file, sandbox::Policy& policy) {
  if (file.read) policy.read = absolute(file, *file.read);
  if (file.write) policy.write = absolute(file, *file.write);
  for (std::string& path : absolute(file, file.untracked))
    policy.untracked.push_back(std::move(path));
  for (std::string& path : absolute(file, file.temp)) policy.temp.push_back(std::move(path));
  for (const std::string& name : file.surviving) policy.surviving.push_back(name);
  for (const std::string& name : file.breakaway) policy.breakaway.push_back(name);
  policy.enforcement = file.mode;
  policy.network = file.network;
}

}  // namespace bxl::sandbox_tool
