#include "exec/workers.h"

#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <utility>

#include "exec/share.h"
#include "fingerprint/fingerprint.h"
#include "os/full_disk.h"

namespace bxl::exec {
namespace {

std::int64_t wall_clock_ns() {
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

}  // namespace

Workers::Workers(std::size_t count, Services& services)
    : services_(services), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  for (std::size_t slot = 0; slot < count; ++slot)
    threads_.emplace_back([this, slot] { work(slot); });
}

Workers::~Workers() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  available_.notify_all();
  for (std::thread& t : threads_) t.join();
}

void Workers::submit(Job job) {
  {
    std::lock_guard lock(mutex_);
    jobs_.push(std::move(job));
  }
  available_.notify_one();
}

std::vector<Finished> Workers::take() {
  std::uint64_t ignored;
  (void)!::read(wake_.get(), &ignored, sizeof ignored);
  std::lock_guard lock(mutex_);
  return std::exchange(finished_, {});
}

void Workers::work(std::size_t slot) {
  for (;;) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      available_.wait(lock, [&] { return stopping_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop();
    }
    Finished done = run(slot, std::move(job));
    {
      std::lock_guard lock(mutex_);
      finished_.push_back(std::move(done));
    }
    std::uint64_t one = 1;
    (void)!::write(wake_.get(), &one, sizeof one);
  }
}

Finished Workers::run(std::size_t slot, Job job) {
  std::string temp;
  auto directory = services_.runner.temp_directory(slot);
  if (!directory)
    return {job.pip, slot, 0, job.policy.journal_path, {}, std::move(directory.error()), {}, 0, {}};
  temp = std::move(*directory);
  for (auto& [name, value] : job.command.environment)
    if (auto place = fingerprint::place_in_temp(name, value); place && job.own_temp)
      value = temp + std::string(*place);
  job.policy.temp.push_back(temp);
  std::int64_t start = wall_clock_ns();
  auto outcome = job.builtin.kind == Builtin::Kind::None
                     ? services_.runner.run(slot, job.command, job.policy)
                     : run_builtin(job.builtin, job.policy.journal_path);
  if (outcome) add_first(outcome->accesses, job.streams.accesses);
  struct stat errors;
  if (outcome && job.command.own_stderr && job.streams.errors &&
      ::fstat(job.streams.errors.get(), &errors) == 0)
    outcome->stderr_bytes = static_cast<std::uint64_t>(errors.st_size);
  std::vector<std::string> scratch{temp, services_.workspace.dir()};
  std::string full;
  for (const std::string& place : {services_.workspace.root, temp})
    if (is_full(place)) full = place;
  Ingested ingested;
  if (outcome && job.keeps)
    ingested = ingest(*outcome, start, scratch, services_.view.mounts(), services_.store,
                      services_.memo, services_.sharing ? &services_.sharing->patterns : nullptr);
  services_.runner.empty_temp_directory(slot);
  return {job.pip,
          slot,
          start,
          job.policy.journal_path,
          std::move(scratch),
          std::move(outcome),
          std::move(ingested),
          wall_clock_ns(),
          std::move(full)};
}

}  // namespace bxl::exec
