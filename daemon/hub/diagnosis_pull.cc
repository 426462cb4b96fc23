#include "daemon/hub/diagnosis_pull.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "daemon/hub/path_check.h"

namespace hfget::hub {
namespace {

// A disk with less cannot take a model worth the name; the daemon's records need little.
constexpr ByteCount kLittleSpace = kGiB;
constexpr ByteCount kNoSpace = 16 * kMiB;

absl::string_view NameOf(FolderEvidence::Use use) {
  switch (use) {
    case FolderEvidence::Use::kCache:
      return "the cache folder";
    case FolderEvidence::Use::kLocalDir:
      return "the local folder";
    case FolderEvidence::Use::kState:
      return "the daemon's state folder";
  }
  return "the folder";
}

absl::string_view OtherFolder(FolderEvidence::Use use) {
  switch (use) {
    case FolderEvidence::Use::kCache:
      return "--cache-dir, HF_HUB_CACHE or cache_dir in the configuration";
    case FolderEvidence::Use::kLocalDir:
      return "--local-dir";
    case FolderEvidence::Use::kState:
      return "hfgetd --state-dir";
  }
  return "another option";
}

std::string Size(ByteCount bytes) {
  return bytes >= kGiB ? absl::StrFormat("%.1f GiB", static_cast<double>(bytes) / kGiB) : absl::StrCat(bytes / kMiB, " MiB");
}

Finding About(const FolderEvidence& folder, Severity severity, absl::string_view cause, std::string message, std::string fix) {
  Finding finding;
  finding.severity = severity;
  finding.check = "disk";
  finding.cause = std::string(cause);
  finding.subject = folder.path;
  finding.message = std::move(message);
  finding.fix = std::move(fix);
  return finding;
}

}  // namespace

Finding JudgeFolder(const FolderEvidence& folder) {
  const absl::string_view name = NameOf(folder.use);
  const std::string other = absl::StrCat("choose another folder: ", OtherFolder(folder.use));
  if (!folder.writable.ok()) {
    const bool full = absl::IsResourceExhausted(folder.writable);
    Finding finding = About(folder, Severity::kProblem, full ? "disk-full" : "not-writable",
                            absl::StrCat(name, full ? " is on a full disk" : " cannot be written to by the daemon"),
                            full ? absl::StrCat("free some space, or ", other)
                                 : absl::StrCat("give the daemon's user the right to write (ls -ld ", folder.path, "), or ", other));
    finding.evidence = Printable(folder.writable.message(), 300);
    return finding;
  }
  const bool state = folder.use == FolderEvidence::Use::kState;
  if (folder.free && *folder.free < kNoSpace) {
    return About(folder, Severity::kProblem, "disk-full", absl::StrCat(name, " is on a disk with ", Size(*folder.free), " free"),
                 absl::StrCat("free some space, or ", other));
  }
  if (!folder.one_file_system) {
    return About(folder, Severity::kProblem, "two-file-systems",
                 absl::StrCat(name, " is spread over two file systems, so that finished files cannot be moved into place"),
                 absl::StrCat("mount the whole folder, not parts of it, or ", other));
  }
  if (!folder.lock.ok()) {
    Finding finding = About(folder, Severity::kProblem, "no-locks", absl::StrCat("no lock can be taken in ", name), other);
    finding.evidence = Printable(folder.lock.message(), 300);
    return finding;
  }
  if (!state && folder.free && *folder.free < kLittleSpace) {
    return About(folder, Severity::kWarning, "little-space", absl::StrCat(name, " is on a disk with only ", Size(*folder.free), " free"),
                 absl::StrCat("free some space, or ", other));
  }
  Finding fine = About(folder, Severity::kOk, "writable", absl::StrCat(name, " can be written to"), "");
  if (folder.free) fine.evidence = absl::StrCat(Size(*folder.free), " free");
  return fine;
}

Finding JudgePull(const std::string& repo, const std::vector<std::string>& works, const std::vector<Finding>& blockers) {
  Finding finding;
  finding.check = "pull";
  finding.subject = repo;
  const std::string what = repo.empty() ? "a pull" : absl::StrCat("a pull of ", repo);
  if (!works.empty() && blockers.empty()) {
    finding.cause = "pull-works";
    finding.message = absl::StrCat(what, " would work, from ", absl::StrJoin(works, ", "));
    return finding;
  }
  finding.severity = Severity::kProblem;
  finding.cause = blockers.empty() ? "no-source" : blockers.front().cause;
  finding.message = blockers.empty() ? absl::StrCat(what, " would fail: no source gives its files")
                                     : absl::StrCat(what, " would fail: ", blockers.front().message);
  finding.fix = blockers.empty() ? "" : blockers.front().fix;
  return finding;
}

}  // namespace hfget::hub
