#include "daemon/core/priority_scheduler.h"

namespace hfget::core {
namespace {

// 0: it has none.
FlightId YoungestOf(const Scheduler& level, SourceIndex source) {
  for (auto it = level.flights().rbegin(); it != level.flights().rend(); ++it) {
    if (it->second.source == source) return it->first;
  }
  return 0;
}

}  // namespace

Scheduler& PriorityScheduler::LevelAt(int priority) {
  std::unique_ptr<Scheduler>& level = levels_[priority];
  if (level == nullptr) level = std::make_unique<Scheduler>(world_);
  return *level;
}

Scheduler* PriorityScheduler::LevelOf(FlightId flight) const {
  for (const auto& [priority, level] : levels_) {
    if (level->Find(flight) != nullptr) return level.get();
  }
  return nullptr;
}

void PriorityScheduler::AddFile(FileId file, PieceMap* pieces, Standing standing) {
  standings_[file] = standing;
  LevelAt(standing.priority).AddFile(file, pieces, standing.group);
}

void PriorityScheduler::SetStanding(FileId file, Standing standing) {
  const auto known = standings_.find(file);
  if (known == standings_.end() || known->second == standing) return;
  const int before = known->second.priority;
  known->second = standing;
  Scheduler& from = LevelAt(before);
  from.SetGroup(file, standing.group);
  if (before == standing.priority) return;
  from.MoveFile(file, LevelAt(standing.priority));
  if (from.empty()) levels_.erase(before);
}

void PriorityScheduler::RemoveFile(FileId file) {
  const auto known = standings_.find(file);
  if (known == standings_.end()) return;
  const auto level = levels_.find(known->second.priority);
  level->second->RemoveFile(file);
  if (level->second->empty()) levels_.erase(level);
  standings_.erase(known);
}

template <typename Call>
std::optional<Assignment> PriorityScheduler::Counted(Scheduler& level, Call call) {
  level.CountFrom(next_flight_);
  std::optional<Assignment> found = call(level);
  next_flight_ = level.next_flight();
  return found;
}

std::optional<Assignment> PriorityScheduler::Next(const Offer& offer, absl::Time now) {
  for (const auto& [priority, level] : levels_) {
    if (auto found = Counted(*level, [&](Scheduler& s) { return s.Next(offer, now); })) return found;
  }
  return std::nullopt;
}

std::optional<PriorityScheduler::Displacement> PriorityScheduler::Displace(const Offer& offer, absl::Time now) {
  FlightId victim = 0;
  auto lowest = levels_.rbegin();
  while (lowest != levels_.rend() && (victim = YoungestOf(*lowest->second, offer.source)) == 0) ++lowest;
  if (victim == 0) return std::nullopt;
  for (const auto& [priority, level] : levels_) {
    if (priority <= lowest->first) break;
    if (auto found = Counted(*level, [&](Scheduler& s) { return s.NextFresh(offer, now); })) return Displacement{*found, victim};
  }
  return std::nullopt;
}

void PriorityScheduler::OnBytes(FlightId flight, ByteCount position, absl::Time now) {
  if (Scheduler* level = LevelOf(flight)) level->OnBytes(flight, position, now);
}

void PriorityScheduler::End(FlightId flight) {
  if (Scheduler* level = LevelOf(flight)) level->End(flight);
}

const Flight* PriorityScheduler::Find(FlightId flight) const {
  const Scheduler* level = LevelOf(flight);
  return level == nullptr ? nullptr : level->Find(flight);
}

int PriorityScheduler::FlightsOf(SourceIndex source) const {
  int flights = 0;
  for (const auto& [priority, level] : levels_) flights += level->FlightsOf(source);
  return flights;
}

int PriorityScheduler::FlightsOfFile(FileId file) const {
  int flights = 0;
  for (const auto& [priority, level] : levels_) flights += level->FlightsOfFile(file);
  return flights;
}

bool PriorityScheduler::Consistent() const {
  for (const auto& [priority, level] : levels_) {
    if (!level->Consistent()) return false;
  }
  return true;
}

std::vector<const Flight*> PriorityScheduler::flights() const {
  std::vector<const Flight*> all;
  for (const auto& [priority, level] : levels_) {
    for (const auto& [id, flight] : level->flights()) all.push_back(&flight);
  }
  return all;
}

}  // namespace hfget::core
