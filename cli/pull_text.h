// One pull in words. Pure.
#ifndef HFGET_CLI_PULL_TEXT_H_
#define HFGET_CLI_PULL_TEXT_H_

#include <string>

#include "absl/time/time.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::cli {

// Nothing more will come of it by itself: done, failed, cancelled, or waiting for a token that only
// a new pull can bring.
bool IsOver(const v1::Pull& pull);

std::string RepoTypeName(v1::RepoType type);  // "dataset"
std::string StateName(v1::PullState state);   // "needs_token"
std::string CauseName(v1::ErrorCause cause);  // "not_found"
std::string FileStateName(v1::FileProgress::State state);

// "org/model", "datasets/org/name".
std::string RepoName(const v1::Pull& pull);
// "org/model@abcdef12", or the revision's name as long as the commit is not known.
std::string PullName(const v1::Pull& pull);

absl::Time TimeOf(const google::protobuf::Timestamp& time);
absl::Duration DurationOf(const google::protobuf::Duration& duration);
// RFC 3339 with milliseconds, in UTC.
std::string TimeText(absl::Time time);

// What each source gives: "official 61 % 31.2 MiB/s ×4 · tuna 39 % 20.1 MiB/s ×4 · pai: ejected
// (timeouts)". Those that gave most come first. Empty when no source is known.
std::string SourcesText(const v1::Pull& pull, bool unicode);

// One line for a log: "org/model@abcdef12: 45 % (3.2 GiB of 7.1 GiB), 3/12 files, 102 MiB/s, ETA 38
// s · official …".
std::string ProgressText(const v1::Pull& pull, bool unicode, absl::Time now);

// What is left when it is done: "✓ org/model@abcdef12: 12 files, 3.3 MiB in 2.1 s (1.6 MiB/s) from
// official 61 %, …".
std::string SummaryText(const v1::Pull& pull, bool unicode);

// Why a pull that is over is not done, and what to do next.
std::string FailureText(const v1::Pull& pull);

// Why it stands still. REQUIRES: it is PAUSED.
std::string PauseText(const v1::Pull& pull);

}  // namespace hfget::cli

#endif  // HFGET_CLI_PULL_TEXT_H_
