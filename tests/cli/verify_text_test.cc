#include "cli/verify_text.h"

#include "gtest/gtest.h"

namespace hfget::cli {
namespace {

TEST(VerifyText, SumsUpInOneSentence) {
  v1::Manifest manifest;
  manifest.set_repo("org/model");
  manifest.set_commit("0123456789abcdef");
  v1::VerifySummary summary;
  summary.set_good_files(3);
  summary.set_checked_bytes(1 << 20);
  EXPECT_EQ(VerifySummaryText(manifest, summary), "org/model at 0123456789ab: 3 files are as listed (1.0 MiB read)");
  summary.set_bad_files(2);
  summary.set_no_hash_files(1);
  EXPECT_EQ(VerifySummaryText(manifest, summary),
            "org/model at 0123456789ab: 3 files are as listed, 2 are not, of 1 the listing gives no hash (1.0 MiB read)");
}

TEST(VerifyText, NothingOfAHubReachesTheTerminalRaw) {
  v1::FileVerdict verdict;
  verdict.set_path("a\x1b[2Jb");
  verdict.set_verdict(v1::FileVerdict::VERDICT_MISSING);
  EXPECT_EQ(VerdictText(verdict).find('\x1b'), std::string::npos);
}

TEST(VerifyText, ANewerDaemonsVerdictIsBad) {
  EXPECT_TRUE(IsBad(static_cast<v1::FileVerdict::Verdict>(99)));
  EXPECT_STREQ(VerdictName(static_cast<v1::FileVerdict::Verdict>(99)), "unknown");
  EXPECT_FALSE(IsBad(v1::FileVerdict::VERDICT_NO_HASH));
}

}  // namespace
}  // namespace hfget::cli
