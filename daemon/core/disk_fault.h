// What an error of the disk means for a pull: does it end it, or is it worth waiting for the cause to go away?
#ifndef HFGET_DAEMON_CORE_DISK_FAULT_H_
#define HFGET_DAEMON_CORE_DISK_FAULT_H_

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace hfget::core {

// How far the pull had come.
enum class DiskStage {
  kBeginning,  // this pull has never been able to write to its target
  kBegun,      // it has, now or before a restart: what fails now worked once
};

enum class DiskRemedy {
  kWait,  // the pull pauses with the cause, and goes on when a trial write works again
  kFail,  // nothing that this machine does by itself will mend it
};

// A full disk is waited for at any time. No permission, a read-only file system and an I/O error end a pull that has not
// begun, because then it is the target that is wrong; later they are waited for. A name that the file system does not take, or
// something in the way, is final.
DiskRemedy RemedyFor(absl::StatusCode code, DiskStage stage);

// The pause before the `attempt`th trial in a row, counted from 0: 1 s, doubled up to 30 s.
absl::Duration DiskTrialDelay(int attempt);

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_DISK_FAULT_H_
