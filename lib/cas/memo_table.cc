// Open addressing with linear probing; nothing is ever removed, only replaced.
#include "cas/memo_table.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"

namespace bxl::cas {

std::uint64_t MemoTable::hash(std::uint64_t dev, std::uint64_t ino) {
  std::uint64_t x = ino ^ (dev * 0x9E3779B97F4A7C15u);
  x = (x ^ (x >> 32)) * 0xD6E8FEB86659FD93u;
  x = (x ^ (x >> 32)) * 0xD6E8FEB86659FD93u;
  return x ^ (x >> 32);
}

void MemoTable::grow(std::size_t records) {
  const std::size_t wanted = std::bit_ceil(records * 2 + 16);
  if (wanted <= slots_.size()) return;
  std::vector<Slot> old(wanted);
  old.swap(slots_);
  live_ = 0;
  for (const Slot& slot : old)
    if (slot.position != 0) place(slot.position - 1);
}

void MemoTable::place(std::uint32_t position) {
  const MemoRecord& record = at(position);
  const std::uint64_t h = hash(record.dev, record.ino);
  const std::uint32_t tag = static_cast<std::uint32_t>(h >> 32);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = h & mask;; i = (i + 1) & mask) {
    Slot& slot = slots_[i];
    if (slot.position != 0) {
      if (slot.tag != tag) continue;
      const MemoRecord& other = at(slot.position - 1);
      if (other.dev != record.dev || other.ino != record.ino) continue;
    } else {
      ++live_;
    }
    slot = {tag, position + 1};
    return;
  }
}

void MemoTable::load(std::unique_ptr<MemoRecord[]> records, std::size_t count) {
  BXL_ASSERT(live_ == 0 && added_.empty() && count < 0xffffffffu);
  loaded_ = std::move(records);
  loaded_count_ = count;
  grow(count);
  // Slots are met in random order: asking for them ahead hides most of the wait for memory.
  constexpr std::size_t kAhead = 16;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i < count; ++i) {
    if (i + kAhead < count) {
      const MemoRecord& next = loaded_[i + kAhead];
      __builtin_prefetch(&slots_[hash(next.dev, next.ino) & mask], 1);
    }
    if (loaded_[i].is_good()) place(static_cast<std::uint32_t>(i));
  }
}

void MemoTable::add(const MemoRecord& record) {
  added_.push_back(record);
  grow(live_ + 1);
  place(static_cast<std::uint32_t>(loaded_count_ + added_.size() - 1));
}

const MemoRecord* MemoTable::find(const FileIdentity& identity) const {
  if (live_ == 0) return nullptr;
  const std::uint64_t h = hash(identity.dev, identity.ino);
  const std::uint32_t tag = static_cast<std::uint32_t>(h >> 32);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = h & mask; slots_[i].position != 0; i = (i + 1) & mask) {
    if (slots_[i].tag != tag) continue;
    const MemoRecord& record = at(slots_[i].position - 1);
    if (record.dev == identity.dev && record.ino == identity.ino)
      return record.describes(identity) ? &record : nullptr;
  }
  return nullptr;
}

std::vector<MemoRecord> MemoTable::live_records(std::size_t skip) const {
  std::vector<bool> is_live(loaded_count_ + added_.size());
  for (const Slot& slot : slots_)
    if (slot.position != 0) is_live[slot.position - 1] = true;
  std::vector<MemoRecord> out;
  out.reserve(live_ - std::min(skip, live_));
  for (std::size_t i = 0; i < is_live.size(); ++i) {
    if (!is_live[i]) continue;
    if (skip > 0) {
      --skip;
      continue;
    }
    out.push_back(at(static_cast<std::uint32_t>(i)));
  }
  return out;
}

}  // namespace bxl::cas
