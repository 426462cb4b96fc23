// How a pull waits for a disk that is full, read-only or failing, and goes on.
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/core/disk_fault.h"
#include "daemon/engine/pull.h"

namespace hfget::engine {
namespace {

// After so long without a fault the next one is a new one.
constexpr absl::Duration kWentWell = absl::Minutes(1);

}  // namespace

void Pull::FailDisk(const absl::Status& status, ByteCount space) {
  PullError error;
  error.cause = core::ErrorCause::kDisk;
  error.message = std::string(status.message());
  const auto stage = begun_ ? core::DiskStage::kBegun : core::DiskStage::kBeginning;
  error.may_pass = core::RemedyFor(status.code(), stage) == core::DiskRemedy::kWait;
  error.may_pass ? Pause(std::move(error), space) : Fail(std::move(error));
}

void Pull::Pause(PullError error, ByteCount space) {
  if (!core::MayFollow(state_, core::PullState::kPaused)) return;
  if (context_.clock.Steady() - resumed_ >= kWentWell) trials_ = 0;
  error_ = std::move(error);
  space_ = space;
  ++pauses_;
  LetGo();
  spdlog::warn("pull {} pauses: {}", id_, error_.message);
  SetState(core::PullState::kPaused);
  PlanTrial();
}

// Everything, as at the end of the process: what is durable is recorded, the rest is fetched again. A file whose sync has failed is
// thereby opened anew from its record, and never synced again as if nothing had happened.
void Pull::LetGo() {
  in_flight_ = 0;
  for (const auto& [index, transfer] : running_) in_flight_ += transfer->done_bytes();
  running_.clear();
  lister_.reset();
  pin_again_ = false;
  ++reading_;
  racer_.Leave(*this, false);
}

void Pull::PlanTrial() {
  const absl::Duration wait = core::DiskTrialDelay(trials_++);
  context_.timers.At(context_.clock.Steady() + wait, lifetime_.Guard([this, pause = pauses_] {
    if (state_ == core::PullState::kPaused && pause == pauses_) TryDisk();
  }));
}

void Pull::TryDisk() {
  context_.disk.Run(
      [layout = layout_, space = space_](FileSystem& fs) {
        absl::Status writable = layout->CheckWritable(fs);
        const auto free = fs.FreeSpace(layout->SnapshotPath());
        if (!writable.ok() || !free.ok() || space <= *free) return writable;
        return absl::ResourceExhaustedError("still too full");
      },
      lifetime_.Guard([this, pause = pauses_](absl::Status status) {
        if (state_ != core::PullState::kPaused || pause != pauses_) return;
        status.ok() ? TryDiskNow() : PlanTrial();
      }));
}

void Pull::TryDiskNow() {
  if (state_ != core::PullState::kPaused || held_) return;
  spdlog::info("pull {} goes on", id_);
  error_ = {};
  in_flight_ = 0;
  resumed_ = context_.clock.Steady();
  SetState(core::PullState::kQueued);
}

}  // namespace hfget::engine
