#include "daemon/hub/diagnosis_pull.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hfget::hub {
namespace {

using ::testing::HasSubstr;
using Use = FolderEvidence::Use;

FolderEvidence Folder(Use use, absl::Status writable, std::optional<ByteCount> free, bool one = true, absl::Status lock = {}) {
  FolderEvidence folder;
  folder.use = use;
  folder.path = "/data/hub";
  folder.writable = std::move(writable);
  folder.free = free;
  folder.one_file_system = one;
  folder.lock = std::move(lock);
  return folder;
}

TEST(DiagnosisPullTest, JudgesFolders) {
  const absl::Status denied = absl::PermissionDeniedError("mkdir /data/hub: Permission denied");
  const struct {
    const char* what;
    FolderEvidence folder;
    Severity severity;
    const char* cause;
    const char* fix;
  } cases[] = {
      {"fine", Folder(Use::kCache, {}, 20 * kGiB), Severity::kOk, "writable", ""},
      {"unknown space", Folder(Use::kCache, {}, std::nullopt), Severity::kOk, "writable", ""},
      {"not ours", Folder(Use::kCache, denied, 20 * kGiB), Severity::kProblem, "not-writable", "--cache-dir"},
      {"the local folder", Folder(Use::kLocalDir, denied, 20 * kGiB), Severity::kProblem, "not-writable", "--local-dir"},
      {"the state", Folder(Use::kState, denied, 20 * kGiB), Severity::kProblem, "not-writable", "--state-dir"},
      {"a full disk", Folder(Use::kCache, absl::ResourceExhaustedError("no space"), 0), Severity::kProblem, "disk-full", "free some"},
      {"as good as full", Folder(Use::kCache, {}, kMiB), Severity::kProblem, "disk-full", "free some"},
      {"little left", Folder(Use::kCache, {}, 500 * kMiB), Severity::kWarning, "little-space", "free some"},
      {"enough for records", Folder(Use::kState, {}, 500 * kMiB), Severity::kOk, "writable", ""},
      {"two file systems", Folder(Use::kCache, {}, 20 * kGiB, false), Severity::kProblem, "two-file-systems", "mount"},
      {"no locks", Folder(Use::kCache, {}, 20 * kGiB, true, absl::UnimplementedError("flock")), Severity::kProblem, "no-locks", "--cache-dir"},
  };
  for (const auto& c : cases) {
    const Finding finding = JudgeFolder(c.folder);
    EXPECT_EQ(finding.severity, c.severity) << c.what;
    EXPECT_EQ(finding.cause, c.cause) << c.what;
    EXPECT_EQ(finding.subject, "/data/hub") << c.what;
    EXPECT_THAT(finding.fix, HasSubstr(c.fix)) << c.what;
  }
}

TEST(DiagnosisPullTest, APullWorksWithOneSourceAndNothingInItsWay) {
  Finding blocker;
  blocker.cause = "not-writable";
  blocker.message = "the cache folder cannot be written to";
  blocker.fix = "chmod";
  EXPECT_EQ(JudgePull("", {"official", "pai"}, {}).message, "a pull would work, from official, pai");
  EXPECT_EQ(JudgePull("org/m", {"pai"}, {}).message, "a pull of org/m would work, from pai");
  EXPECT_EQ(JudgePull("org/m", {}, {}).cause, "no-source");
  const Finding blocked = JudgePull("org/m", {"pai"}, {blocker});
  EXPECT_EQ(blocked.severity, Severity::kProblem);
  EXPECT_EQ(blocked.cause, "not-writable");
  EXPECT_EQ(blocked.fix, "chmod");
}

}  // namespace
}  // namespace hfget::hub
