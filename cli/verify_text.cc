#include "cli/verify_text.h"

#include "absl/strings/str_cat.h"
#include "cli/format.h"
#include "cli/text.h"

namespace hfget::cli {
namespace {

constexpr int kVerdictWidth = 10;  // "wrong-size", "unreadable"
constexpr size_t kShownCommit = 12;

}  // namespace

const char* VerdictName(v1::FileVerdict::Verdict verdict) {
  switch (verdict) {
    case v1::FileVerdict::VERDICT_GOOD:
      return "good";
    case v1::FileVerdict::VERDICT_MISSING:
      return "missing";
    case v1::FileVerdict::VERDICT_UNNAMED:
      return "unnamed";
    case v1::FileVerdict::VERDICT_WRONG_SIZE:
      return "wrong-size";
    case v1::FileVerdict::VERDICT_CORRUPT:
      return "corrupt";
    case v1::FileVerdict::VERDICT_UNREADABLE:
      return "unreadable";
    case v1::FileVerdict::VERDICT_NO_HASH:
      return "no-hash";
    default:  // that a newer daemon invented
      return "unknown";
  }
}

bool IsBad(v1::FileVerdict::Verdict verdict) {
  return verdict != v1::FileVerdict::VERDICT_GOOD && verdict != v1::FileVerdict::VERDICT_NO_HASH;
}

std::string VerdictText(const v1::FileVerdict& verdict) {
  return Printable(absl::StrCat(PadRight(VerdictName(verdict.verdict()), kVerdictWidth), "  ", verdict.path(), ": ", verdict.message()));
}

std::string VerifyProgressText(const v1::Manifest& manifest, const v1::VerifyProgress& progress) {
  return Printable(absl::StrCat("checking ", manifest.repo(), ": ", FormatBytes(progress.checked_bytes()), " of ",
                                FormatBytes(manifest.total_bytes()), ", ", progress.checked_files(), " of ",
                                FormatFiles(manifest.total_files()), ", ", FormatRate(progress.rate_bytes_per_sec())));
}

std::string VerifySummaryText(const v1::Manifest& manifest, const v1::VerifySummary& summary) {
  const std::string commit = manifest.commit().substr(0, kShownCommit);
  std::string text = absl::StrCat(manifest.repo(), " at ", commit.empty() ? manifest.revision() : commit, ": ",
                                  FormatFiles(summary.good_files()), summary.good_files() == 1 ? " is" : " are", " as listed");
  if (summary.bad_files() > 0) absl::StrAppend(&text, ", ", summary.bad_files(), summary.bad_files() == 1 ? " is" : " are", " not");
  if (summary.no_hash_files() > 0) absl::StrAppend(&text, ", of ", summary.no_hash_files(), " the listing gives no hash");
  return Printable(absl::StrCat(text, " (", FormatBytes(summary.checked_bytes()), " read)"));
}

}  // namespace hfget::cli
