#include "daemon/core/piece_map.h"

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hfget::core {
namespace {

using State = PieceMap::State;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// One letter a piece: . missing, c claimed, w being written, W written, D durable.
std::string Picture(const PieceMap& map) {
  std::string picture;
  for (PieceIndex p = 0; p < map.count(); ++p) picture += ".cwWD"[static_cast<int>(map.state(p))];
  return picture;
}

// A map in which every piece is in the state that the picture shows.
PieceMap Drawn(const std::string& picture) {
  PieceMap map(picture.size() * kPieceBytes);
  for (PieceIndex p = 0; p < map.count(); ++p) {
    const size_t steps = std::string(".cwWD").find(picture[p]);
    if (steps >= 1) map.Claim({p, p + 1});
    if (steps >= 2) map.BeginWrite(p);
    if (steps >= 3) map.Written(p);
    if (steps >= 4) {
      map.Undurable();
      map.Durable(p);
    }
  }
  EXPECT_EQ(Picture(map), picture);
  return map;
}

TEST(PieceMapTest, APieceGoesFromMissingToDurable) {
  PieceMap map(2 * kPieceBytes);
  EXPECT_EQ(Picture(map), "..");
  map.Claim({0, 2});
  EXPECT_EQ(Picture(map), "cc");
  EXPECT_EQ(map.missing(), 0);
  map.BeginWrite(1);
  EXPECT_EQ(Picture(map), "cw");
  EXPECT_EQ(map.written_bytes(), 0);
  map.Written(1);
  EXPECT_EQ(Picture(map), "cW");
  EXPECT_EQ(map.written_bytes(), kPieceBytes);
  EXPECT_TRUE(map.has_undurable());
  EXPECT_THAT(map.Undurable(), ElementsAre(1));
  map.Durable(1);
  EXPECT_EQ(Picture(map), "cD");
  EXPECT_EQ(map.written_bytes(), kPieceBytes);
  EXPECT_FALSE(map.has_undurable());
  EXPECT_FALSE(map.all_written());
  EXPECT_TRUE(map.Consistent());
}

TEST(PieceMapTest, AFileOfNoBytesHasNoPieceAndIsAllWritten) {
  PieceMap map(0);
  EXPECT_EQ(map.count(), 0);
  EXPECT_TRUE(map.all_written());
  EXPECT_TRUE(map.FirstMissing(8).empty());
  EXPECT_EQ(map.DurableBitmap(), "");
}

TEST(PieceMapTest, TheLastPieceHoldsWhatIsLeft) {
  PieceMap map(2 * kPieceBytes + 7);
  EXPECT_EQ(map.count(), 3);
  EXPECT_EQ(map.BytesIn(1), kPieceBytes);
  EXPECT_EQ(map.BytesIn(2), 7);
  map.BeginWrite(2);
  map.Written(2);
  EXPECT_EQ(map.written_bytes(), 7);
}

TEST(PieceMapTest, FirstMissingIsTheLowestRunCutToWhatIsAskedFor) {
  struct Case {
    const char* picture;
    PieceIndex most, from;
    PieceRange run;
  };
  const Case cases[] = {
      {"......", 4, 0, {0, 4}},
      {"......", 9, 0, {0, 6}},
      {"DDc...", 9, 0, {3, 6}},
      {"D..c..", 9, 0, {1, 3}},
      {"D..c..", 9, 3, {4, 6}},
      {"D..c..", 9, 2, {2, 3}},
      {"w.W...", 1, 0, {1, 2}},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Drawn(c.picture).FirstMissing(c.most, c.from), c.run) << c.picture << " from " << c.from;
  }
  EXPECT_TRUE(Drawn("DDcw").FirstMissing(9).empty());
  EXPECT_TRUE(Drawn(".DD").FirstMissing(9, 1).empty());
}

TEST(PieceMapTest, WhatIsMissingAgainIsFoundAgain) {
  PieceMap map = Drawn("......");
  map.Claim(map.FirstMissing(5));
  EXPECT_EQ(map.FirstMissing(5), (PieceRange{5, 6}));
  map.Release({1, 3});
  EXPECT_EQ(map.FirstMissing(5), (PieceRange{1, 3}));
  EXPECT_TRUE(map.Consistent());
}

TEST(PieceMapTest, LookingFurtherBackDoesNotLoseWhatLiesBefore) {
  PieceMap map = Drawn("......");
  EXPECT_EQ(map.FirstMissing(9, 4), (PieceRange{4, 6}));
  EXPECT_EQ(map.FirstMissing(9), (PieceRange{0, 6}));
}

TEST(PieceMapTest, ReleaseFreesOnlyWhatIsClaimed) {
  PieceMap map = Drawn("cwWDc.");
  map.Release({0, 6});
  EXPECT_EQ(Picture(map), ".wWD..");
  EXPECT_EQ(map.missing(), 3);
}

TEST(PieceMapTest, AFailedWriteIsMissingAgain) {
  PieceMap map = Drawn("wD");
  map.WriteFailed(0);
  map.WriteFailed(1);
  EXPECT_EQ(Picture(map), ".D");
}

TEST(PieceMapTest, ForgetTakesBackWhatHasLandedAndNothingElse) {
  PieceMap map = Drawn("WDcw.");
  for (PieceIndex p = 0; p < 5; ++p) map.Forget(p);
  EXPECT_EQ(Picture(map), "..cw.");
  EXPECT_EQ(map.written_bytes(), 0);
  EXPECT_FALSE(map.has_undurable());
  EXPECT_TRUE(map.Consistent());
}

TEST(PieceMapTest, ASyncCoversWhatWasWrittenBeforeItBegan) {
  PieceMap map = Drawn("W.W");
  const std::vector<PieceIndex> covered = map.Undurable();
  EXPECT_THAT(covered, ElementsAre(0, 2));
  map.BeginWrite(1);
  map.Written(1);
  for (PieceIndex p = 0; p < 3; ++p) map.Durable(p);
  EXPECT_EQ(Picture(map), "DWD");
}

// Blame forgets a piece while a sync is under way; the new bytes may come after the sync has begun.
TEST(PieceMapTest, APieceWrittenAnewDuringASyncIsNotDurableByIt) {
  PieceMap map = Drawn("W");
  map.Undurable();
  map.Forget(0);
  map.BeginWrite(0);
  map.Written(0);
  map.Durable(0);
  EXPECT_EQ(Picture(map), "W");
  EXPECT_THAT(map.Undurable(), ElementsAre(0));
  map.Durable(0);
  EXPECT_EQ(Picture(map), "D");
}

TEST(PieceMapTest, WhatWasHashedBeforeASyncIsDurableByIt) {
  PieceMap map(4 * kPieceBytes);
  map.Claim({0, 3});
  for (PieceIndex p = 0; p < 3; ++p) map.BeginWrite(p);
  map.Written(0);
  EXPECT_THAT(map.Undurable(), ElementsAre(0));
  map.Written(1);
  EXPECT_THAT(map.DurableBefore(3), ElementsAre(0, 1));  // the third is still being written
  EXPECT_THAT(map.DurableBefore(4), ElementsAre());
  EXPECT_TRUE(map.Consistent());
}

TEST(PieceMapTest, TheBitmapHoldsDurablePiecesLowestBitFirst) {
  const PieceMap map = Drawn("D.cwW..DD");
  EXPECT_EQ(map.DurableBitmap(), std::string("\x81\x01", 2));
}

TEST(PieceMapTest, ABitmapIsLoadedAsItWasSaved) {
  const PieceMap map = Drawn("D..D....D.");
  PieceMap loaded(map.file_size());
  loaded.LoadDurable(map.DurableBitmap());
  EXPECT_EQ(Picture(loaded), "D..D....D.");
  EXPECT_EQ(loaded.written_bytes(), 3 * kPieceBytes);
  EXPECT_EQ(loaded.missing(), 7);
  EXPECT_THAT(loaded.Undurable(), IsEmpty());
  EXPECT_TRUE(loaded.Consistent());
}

TEST(PieceMapTest, ABitmapOfAnotherLengthIsNotBelieved) {
  for (const size_t bytes : {0, 1, 3}) {
    PieceMap map(10 * kPieceBytes);
    map.LoadDurable(std::string(bytes, '\xff'));
    EXPECT_EQ(map.missing(), 10) << bytes;
  }
}

TEST(PieceMapTest, BitsBeyondTheEndAreIgnored) {
  PieceMap map(10 * kPieceBytes);
  map.LoadDurable("\xff\xff");
  EXPECT_TRUE(map.all_written());
  EXPECT_EQ(map.written_bytes(), 10 * kPieceBytes);
  EXPECT_TRUE(map.Consistent());
}

TEST(PieceMapTest, DurableRunsAreTheSameClaimsAsRuns) {
  const auto runs = [](const std::string& picture) {
    const PieceMap map = Drawn(picture);
    return PieceMap::DurableRuns(map.DurableBitmap(), map.file_size());
  };
  EXPECT_THAT(runs("DD.cDW.DD"), ElementsAre(PieceRange{0, 2}, PieceRange{4, 5}, PieceRange{7, 9}));
  EXPECT_THAT(runs("..."), IsEmpty());
  EXPECT_THAT(PieceMap::DurableRuns("of another length", 3 * kPieceBytes), IsEmpty());
}

TEST(PieceMapTest, CountsAgreeWithStatesAfterAnyHistory) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    std::mt19937_64 rng(seed);
    PieceMap map(static_cast<ByteCount>(rng() % 40) * kPieceBytes + rng() % kPieceBytes + 1);
    for (int i = 0; i < 400; ++i) {
      const PieceIndex p = rng() % map.count();
      const State state = map.state(p);
      switch (rng() % 8) {
        case 0: map.Claim(map.FirstMissing(1 + rng() % 8, rng() % 2 == 0 ? 0 : p)); break;
        case 1: map.Release({p, std::min<PieceIndex>(map.count(), p + rng() % 5)}); break;
        case 2: if (state <= State::kClaimed) map.BeginWrite(p); break;
        case 3: if (state == State::kWriting) map.Written(p); break;
        case 4: map.WriteFailed(p); break;
        case 5: if (rng() % 4 == 0) map.Forget(p); break;
        case 6: if (rng() % 4 == 0) map.Undurable(); break;
        case 7: map.Durable(p); break;
      }
      ASSERT_TRUE(map.Consistent()) << Picture(map);
    }
  }
}

}  // namespace
}  // namespace hfget::core
