// The real Runner: one sandbox and one private temporary directory per job slot.
#include <filesystem>
#include <optional>

#include "exec/executor.h"
#include "os/temp_place.h"

namespace bxl::exec {
namespace {

class SandboxRunner : public Runner {
 public:
  SandboxRunner(std::size_t slots, std::string last_resort)
      : slots_(slots), last_resort_(std::move(last_resort)) {}

  Result<sandbox::Outcome> run(std::size_t slot, const sandbox::Command& command,
                               const sandbox::Policy& policy) override {
    return slots_[slot].sandbox.run(command, policy);
  }

  void cancel_all() override {
    for (Slot& slot : slots_) slot.sandbox.cancel();
  }

  Result<std::string> temp_directory(std::size_t slot) override {
    Slot& s = slots_[slot];
    if (!s.temp) {
      BXL_TRY_ASSIGN(s.temp, take_private_temp(last_resort_));
      empty_temp_directory(slot);
    }
    return s.temp->path;
  }

  void empty_temp_directory(std::size_t slot) override {
    if (!slots_[slot].temp) return;
    std::error_code ignored;
    std::filesystem::directory_iterator it(slots_[slot].temp->path, ignored), end;
    for (; !ignored && it != end; it.increment(ignored)) {
      std::error_code failed;
      std::filesystem::remove_all(it->path(), failed);
    }
  }

 private:
  struct Slot {
    sandbox::Sandbox sandbox;
    std::optional<PrivateTemp> temp;
  };
  std::vector<Slot> slots_;
  const std::string last_resort_;
};

}  // namespace

std::unique_ptr<Runner> sandbox_runner(std::size_t slots, std::string last_resort) {
  return std::make_unique<SandboxRunner>(slots, std::move(last_resort));
}

}  // namespace bxl::exec
