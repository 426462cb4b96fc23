#include "daemon/engine/conviction.h"

#include "gmock/gmock.h"

namespace hfget::engine {
namespace {

using ::testing::HasSubstr;

TEST(Conviction, NamesRunsOfPieces) {
  EXPECT_EQ(PieceRuns({4}), "4");
  EXPECT_EQ(PieceRuns({3, 7, 8, 9, 12}), "3, 7-9, 12");
  EXPECT_EQ(PieceRuns({1, 3, 5, 7, 8}, 2), "1, 3 and 3 more");
}

TEST(Conviction, SaysWhichFileWhichPiecesBothDigestsTheHashAndWhen) {
  core::Provenance provenance(3);
  for (PieceIndex p = 0; p < 3; ++p) provenance.Written(p, 0, core::Provenance::kUnknown, {1, 2});
  provenance.Suspect({0});
  for (PieceIndex p = 0; p < 3; ++p) {
    provenance.Written(p, 1, core::Provenance::kUnknown, {p < 2 ? uint64_t{0xabcd} : 1, p < 2 ? uint64_t{0xef} : 2});
  }
  const auto convicted = provenance.Convicted();
  ASSERT_EQ(convicted.size(), 1u);
  hub::ManifestFile file;
  file.path = "big.bin";
  file.hash = {ContentHash::Kind::kSha256, "c0ffee"};
  const auto record = ConvictionOf(0, file, provenance, convicted.at(0), absl::FromUnixSeconds(7));
  EXPECT_EQ(record.at_unix_ms(), 7000);
  EXPECT_EQ(record.piece(), 0);
  EXPECT_THAT(record.evidence(), HasSubstr("big.bin, 2 piece(s), MiB 0-1"));
  EXPECT_THAT(record.evidence(), HasSubstr("was 00000000000000020000000000000001"));
  EXPECT_THAT(record.evidence(), HasSubstr("from another source it is 00000000000000ef000000000000abcd"));
  EXPECT_THAT(record.evidence(), HasSubstr("the listed sha256 c0ffee"));
}

}  // namespace
}  // namespace hfget::engine
