// refs/<revision>. Lines: the revision; then what lies in the file.
#include "daemon/layout/ref_file.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/hub/repo_id.h"
#include "tests/fakes/memory_file_system.h"
#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {

FUZZ(input) {
  Lines lines(input);
  const std::string revision(lines.Next());
  testing::MemoryFileSystem fs;
  const layout::TargetFolder target("/cache");
  const std::string path = target.Path(absl::StrCat("refs/", revision));
  const bool valid = hub::CheckRevision(revision).ok();
  if (valid) {
    HOLDS(fs.MakeDirectories(ParentPath(path)).ok());
    HOLDS(fs.WriteFileAtomically(path, lines.Rest(), true).ok());
  }
  const auto commit = layout::ReadRefFile(fs, target, "", revision);
  HOLDS(!commit || (valid && hub::IsFullCommit(*commit) && absl::StartsWith(lines.Rest(), *commit)));
  const std::string other = "89abcdef0123456789abcdef0123456789abcdef";
  const absl::Status written = layout::WriteRefFile(fs, target, "", "staging", revision, other);
  HOLDS(valid == written.ok());
  if (valid && revision != other) HOLDS(layout::ReadRefFile(fs, target, "", revision) == other);
}

}  // namespace hfget::fuzz
