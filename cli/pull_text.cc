#include "cli/pull_text.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "cli/format.h"
#include "cli/text.h"

namespace hfget::cli {
namespace {

// "PULL_STATE_DONE" without "PULL_STATE_", in lower case. `name` is empty for a value of a newer
// daemon.
std::string EnumName(const std::string& name, absl::string_view prefix) {
  return name.empty() ? "unknown" : absl::AsciiStrToLower(absl::StripPrefix(name, prefix));
}

absl::string_view Dot(bool unicode) { return unicode ? " · " : " | "; }

// Those that gave most first; equal ones as the daemon lists them, so that the line does not jump.
std::vector<const v1::SourceShare*> SharesByBytes(const v1::Pull& pull) {
  std::vector<const v1::SourceShare*> shares;
  for (const v1::SourceShare& share : pull.sources()) shares.push_back(&share);
  std::stable_sort(shares.begin(), shares.end(),
                   [](const auto* a, const auto* b) { return a->bytes() > b->bytes(); });
  return shares;
}

int64_t SharedBytes(const v1::Pull& pull) {
  int64_t sum = 0;
  for (const v1::SourceShare& share : pull.sources()) sum += share.bytes();
  return sum;
}

std::string ShareText(const v1::SourceShare& share, int64_t sum, bool unicode) {
  const bool gives = share.bytes() > 0 || share.connections() > 0;
  if (!gives) {
    return absl::StrCat(share.name(), ": ", share.note().empty() ? "idle" : share.note());
  }
  std::string text =
      absl::StrCat(share.name(), " ", sum > 0 ? FormatPercent(share.bytes(), sum) : "0 %");
  if (share.connections() > 0) {
    absl::StrAppend(&text, " ", FormatRate(share.rate_bytes_per_sec()), unicode ? " ×" : " x",
                    share.connections());
  }
  if (!share.note().empty()) absl::StrAppend(&text, " (", share.note(), ")");
  return text;
}

// "from official 61 %, tuna 39 %"
std::string OriginText(const v1::Pull& pull) {
  const int64_t sum = SharedBytes(pull);
  std::vector<std::string> parts;
  for (const v1::SourceShare* share : SharesByBytes(pull)) {
    if (share->bytes() <= 0) continue;
    parts.push_back(absl::StrCat(share->name(), " ", FormatPercent(share->bytes(), sum)));
  }
  return parts.empty() ? "" : absl::StrCat(" from ", absl::StrJoin(parts, ", "));
}

std::string SpeedText(const v1::Pull& pull) {
  if (!pull.has_finished() || !pull.has_created()) return "";
  const absl::Duration took = TimeOf(pull.finished()) - TimeOf(pull.created());
  std::string text = absl::StrCat(" in ", FormatSpan(took));
  if (took > absl::Milliseconds(1)) {
    const double rate = static_cast<double>(pull.fetched_bytes()) / absl::ToDoubleSeconds(took);
    absl::StrAppend(&text, " (", FormatRate(static_cast<int64_t>(rate)), ")");
  }
  return text;
}

}  // namespace

bool IsOver(const v1::Pull& pull) {
  return pull.state() == v1::PULL_STATE_DONE || pull.state() == v1::PULL_STATE_FAILED ||
         pull.state() == v1::PULL_STATE_CANCELLED || pull.state() == v1::PULL_STATE_NEEDS_TOKEN;
}

std::string RepoTypeName(v1::RepoType type) {
  return type == v1::REPO_TYPE_UNSPECIFIED ? "model"
                                           : EnumName(v1::RepoType_Name(type), "REPO_TYPE_");
}

std::string StateName(v1::PullState state) {
  return EnumName(v1::PullState_Name(state), "PULL_STATE_");
}

std::string CauseName(v1::ErrorCause cause) {
  return EnumName(v1::ErrorCause_Name(cause), "ERROR_CAUSE_");
}

std::string FileStateName(v1::FileProgress::State state) {
  return EnumName(v1::FileProgress::State_Name(state), "STATE_");
}

std::string RepoName(const v1::Pull& pull) {
  const bool plain = pull.type() == v1::REPO_TYPE_MODEL || pull.type() == v1::REPO_TYPE_UNSPECIFIED ||
                     absl::StrContains(pull.repo(), "://");  // says it all
  return plain ? pull.repo() : absl::StrCat(RepoTypeName(pull.type()), "s/", pull.repo());
}

std::string PullName(const v1::Pull& pull) {
  const std::string revision = pull.commit().empty() ? pull.revision() : pull.commit().substr(0, 8);
  return revision.empty() ? RepoName(pull) : absl::StrCat(RepoName(pull), "@", revision);
}

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

absl::Duration DurationOf(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

std::string TimeText(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone()); }

std::string SourcesText(const v1::Pull& pull, bool unicode) {
  const int64_t sum = SharedBytes(pull);
  std::vector<std::string> parts;
  for (const v1::SourceShare* share : SharesByBytes(pull)) {
    parts.push_back(ShareText(*share, sum, unicode));
  }
  return Printable(absl::StrJoin(parts, Dot(unicode)));
}

std::string ProgressText(const v1::Pull& pull, bool unicode, absl::Time now) {
  std::string text = absl::StrCat(PullName(pull), ": ");
  if (pull.state() != v1::PULL_STATE_FETCHING) {
    const absl::Duration since =
        pull.has_created() ? now - TimeOf(pull.created()) : absl::Duration();
    absl::StrAppend(&text, StateName(pull.state()), " since ", FormatSpan(since));
    if (pull.state() == v1::PULL_STATE_PAUSED) absl::StrAppend(&text, ": ", PauseText(pull));
    return Printable(text);
  }
  const std::string amount = absl::StrCat(FormatBytes(pull.done_bytes()), " of ", FormatBytes(pull.total_bytes()));
  const std::string files = absl::StrCat(pull.done_files(), "/", FormatFiles(pull.total_files()));
  if (pull.listing()) {
    absl::StrAppend(&text, "listing, ", amount, " and ", files, " so far, ");
  } else {
    absl::StrAppend(&text, FormatPercent(pull.done_bytes(), pull.total_bytes()), " (", amount, "), ", files, ", ");
  }
  absl::StrAppend(&text, FormatRate(pull.rate_bytes_per_sec()));
  if (pull.has_eta()) absl::StrAppend(&text, ", ETA ", FormatSpan(DurationOf(pull.eta())));
  const std::string sources = SourcesText(pull, unicode);
  if (!sources.empty()) absl::StrAppend(&text, Dot(unicode), sources);
  return Printable(text);
}

std::string SummaryText(const v1::Pull& pull, bool unicode) {
  std::string text =
      absl::StrCat(unicode ? "✓ " : "done: ", PullName(pull), ": ", FormatFiles(pull.total_files()),
                   ", ", FormatBytes(pull.total_bytes()));
  if (pull.fetched_bytes() == 0) {
    if (pull.total_bytes() > 0) absl::StrAppend(&text, ", all already there");
    return Printable(text);
  }
  absl::StrAppend(&text, SpeedText(pull), OriginText(pull));
  if (pull.reused_bytes() > 0) {
    absl::StrAppend(&text, "; ", FormatBytes(pull.reused_bytes()), " were already there");
  }
  if (pull.wasted_bytes() > 0) {
    absl::StrAppend(&text, "; ", FormatBytes(pull.wasted_bytes()), " wasted");
  }
  return Printable(text);
}

std::string FailureText(const v1::Pull& pull) {
  switch (pull.state()) {
    case v1::PULL_STATE_CANCELLED:
      return absl::StrCat("the pull of ", PullName(pull),
                          " was cancelled; the same pull again goes on");
    case v1::PULL_STATE_NEEDS_TOKEN:
      return absl::StrCat("the daemon was restarted and no longer has the token for ",
                          PullName(pull), ": pull it again with HF_TOKEN or --token set");
    case v1::PULL_STATE_PAUSED:
      if (!pull.has_error()) return absl::StrCat("the pull of ", PullName(pull), " is paused ", PauseText(pull));
      return absl::StrCat(pull.error().message(), "; paused, the daemon goes on when that is mended: hfget watch ", pull.id(),
                          " · stop it: hfget cancel ", pull.id());
    default:
      if (!pull.error().message().empty()) return pull.error().message();
      return absl::StrCat("the pull of ", PullName(pull), " failed (",
                          CauseName(pull.error().cause()), ")");
  }
}

std::string PauseText(const v1::Pull& pull) {
  return pull.has_error() ? pull.error().message() : absl::StrCat("on request, until hfget resume ", pull.id());
}

}  // namespace hfget::cli
