#include "daemon/disk/hash_front.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/fakes/memory_file_system.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::disk {
namespace {

using Kind = ContentHash::Kind;
using ::hfget::testing::HasCode;
using ::hfget::testing::MemoryFileSystem;

constexpr ByteCount kSize = 5 * kPieceBytes + 100;
constexpr PieceIndex kPieces = 6;

class HashFrontTest : public ::testing::Test {
 protected:
  void SetUp() override {
    content_.resize(kSize);
    for (size_t i = 0; i < content_.size(); ++i) content_[i] = static_cast<char>(i / 4096 * 7 + i);
    fs_.Put("/f", std::string(kSize, '\0'));
    file_ = fs_.OpenForWrite("/f").value();
    Start(0, {});
  }

  void Start(ByteCount hashed, const std::vector<PieceRange>& landed) {
    FileHasher hasher(Kind::kSha256, kSize);
    hasher.Update(absl::string_view(content_).substr(0, hashed));
    front_ = std::make_unique<HashFront>(hasher, Kind::kSha256, kSize, landed);
  }

  absl::string_view Bytes(PieceIndex piece) const {
    const ByteRange range = BytesOf({piece, piece + 1}, kSize);
    return absl::string_view(content_).substr(range.begin, range.size());
  }

  // As PartialFile::Write does, without hashing. True: the buffer was kept for its turn.
  bool Land(PieceIndex piece) {
    Buffer buffer = pool_.TryTake();
    buffer.Append(Bytes(piece));
    front_->WillWrite(piece);
    EXPECT_OK(file_->PWrite(piece * kPieceBytes, buffer.view()));
    front_->Landed(piece, buffer);
    return !buffer;
  }

  void Hash() {
    if (!front_->TryTakeTurn()) return;
    while (front_->HashSome(*file_, 1)) {
    }
  }

  std::string Want() const {
    FileHasher hasher(Kind::kSha256, kSize);
    hasher.Update(content_);
    return hasher.Result().hex;
  }
  ByteCount FrontPieces() const { return PieceCount(front_->Get().hashed_bytes); }
  int ReadBacks() const { return fs_.calls("PRead"); }

  MemoryFileSystem fs_;
  BufferPool pool_{16};
  std::string content_;
  std::unique_ptr<File> file_;
  std::unique_ptr<HashFront> front_;
};

TEST_F(HashFrontTest, HashesFromMemoryWhatLandsInOrder) {
  for (PieceIndex piece = 0; piece < kPieces; ++piece) {
    Land(piece);
    Hash();
    EXPECT_EQ(FrontPieces(), piece + 1);
  }
  front_->Finish();
  const auto result = front_->TakeResult();
  ASSERT_TRUE(result.has_value());
  ASSERT_OK(*result);
  EXPECT_EQ((*result)->hex, Want());
  EXPECT_EQ(ReadBacks(), 0);
}

TEST_F(HashFrontTest, ReadsBackOnlyWhatLandedBehindAHole) {
  for (PieceIndex piece : {1, 2, 4}) {
    EXPECT_FALSE(Land(piece)) << "its buffer goes back at once";
    Hash();
  }
  EXPECT_EQ(FrontPieces(), 0);
  Land(0);
  Hash();
  EXPECT_EQ(FrontPieces(), 3);
  EXPECT_EQ(ReadBacks(), 2);
  Land(3);
  Hash();
  Land(5);
  Hash();
  EXPECT_EQ(front_->Get().hashed_bytes, kSize);
  EXPECT_EQ(ReadBacks(), 3);
  front_->Finish();
  EXPECT_EQ((*front_->TakeResult())->hex, Want());
}

TEST_F(HashFrontTest, AnyOrderGivesTheSameHash) {
  std::vector<PieceIndex> order = {0, 1, 2, 3, 4, 5};
  do {
    Start(0, {});
    for (PieceIndex piece : order) {
      Land(piece);
      Hash();
    }
    front_->Finish();
    EXPECT_EQ((*front_->TakeResult())->hex, Want());
  } while (std::next_permutation(order.begin(), order.begin() + 4));
}

TEST_F(HashFrontTest, KeepsAFewBuffersForWhoeverIsHashing) {
  EXPECT_TRUE(Land(0));
  ASSERT_TRUE(front_->TryTakeTurn());
  for (PieceIndex piece = 1; piece < 4; ++piece) {
    EXPECT_TRUE(Land(piece));
    EXPECT_FALSE(front_->TryTakeTurn()) << "somebody is at it";
  }
  EXPECT_FALSE(Land(4)) << "enough wait already";
  EXPECT_EQ(pool_.available(), 12);
  while (front_->HashSome(*file_, 8)) {
  }
  EXPECT_EQ(FrontPieces(), 5);
  EXPECT_EQ(ReadBacks(), 1);
  EXPECT_EQ(pool_.available(), 16);
}

TEST_F(HashFrontTest, ResumesBehindTheFrontAndPassesWhatHadLanded) {
  for (PieceIndex piece = 0; piece < kPieces; ++piece) Land(piece);
  Start(2 * kPieceBytes, {{3, 5}});
  Hash();
  EXPECT_EQ(FrontPieces(), 2) << "piece 2 is missing";
  Land(2);
  Hash();
  EXPECT_EQ(FrontPieces(), 5);
  Land(5);
  Hash();
  front_->Finish();
  EXPECT_EQ((*front_->TakeResult())->hex, Want());
}

TEST_F(HashFrontTest, FinishHashesWhatNobodySaidHadLanded) {
  for (PieceIndex piece = 0; piece < kPieces; ++piece) Land(piece);
  Start(kPieceBytes, {});
  Hash();
  EXPECT_EQ(FrontPieces(), 1);
  front_->Finish();
  EXPECT_FALSE(front_->TakeResult().has_value());
  Hash();
  EXPECT_EQ((*front_->TakeResult())->hex, Want());
  EXPECT_FALSE(front_->TakeResult().has_value()) << "told once";
}

TEST_F(HashFrontTest, RestartWaitsForFinish) {
  const std::string good = content_;
  content_[10] ^= 1;  // what a liar sent
  for (PieceIndex piece = 0; piece < kPieces; ++piece) {
    Land(piece);
    Hash();
  }
  content_ = good;
  front_->Restart();
  EXPECT_EQ(front_->Get().hashed_bytes, 0);
  Land(0);
  Hash();
  EXPECT_EQ(front_->Get().hashed_bytes, 0) << "more pieces may be written again";
  front_->Finish();
  Hash();
  EXPECT_EQ((*front_->TakeResult())->hex, Want());
}

TEST_F(HashFrontTest, WritingAHashedPieceAgainRestarts) {
  const std::string good = content_;
  content_[10] ^= 1;
  for (PieceIndex piece = 0; piece < kPieces; ++piece) {
    Land(piece);
    Hash();
  }
  content_ = good;
  Land(0);
  front_->Finish();
  Hash();
  EXPECT_EQ((*front_->TakeResult())->hex, Want());
}

TEST_F(HashFrontTest, WritingAgainWhatLandedBehindAHoleDoesNotRestart) {
  Land(0);
  Hash();
  Land(2);
  Land(2);
  EXPECT_EQ(FrontPieces(), 1);
  Land(1);
  Hash();
  EXPECT_EQ(FrontPieces(), 3);
}

TEST_F(HashFrontTest, WorkOfBeforeARestartIsDropped) {
  Land(0);
  Land(1);
  ASSERT_TRUE(front_->TryTakeTurn());
  EXPECT_TRUE(front_->HashSome(*file_, 1));
  front_->Restart();
  EXPECT_FALSE(front_->HashSome(*file_, 1)) << "the turn ends";
  EXPECT_EQ(front_->Get().hashed_bytes, 0);
  EXPECT_EQ(pool_.available(), 16);
}

TEST_F(HashFrontTest, TellsThatItCouldNotReadAndTriesAgainWhenAsked) {
  Land(1);
  Land(0);
  fs_.Fail("PRead", "/f", absl::DataLossError("read /f: I/O error"));
  Hash();
  EXPECT_EQ(FrontPieces(), 1);
  Hash();
  EXPECT_EQ(ReadBacks(), 1) << "it is not tried again and again";
  for (PieceIndex piece = 2; piece < kPieces; ++piece) Land(piece);
  EXPECT_EQ(pool_.available(), 16);
  fs_.Fail("PRead", "/f", absl::DataLossError("read /f: I/O error"));
  front_->Finish();
  Hash();
  EXPECT_THAT(*front_->TakeResult(), HasCode(absl::StatusCode::kDataLoss));
  front_->Finish();
  Hash();
  EXPECT_EQ((*front_->TakeResult())->hex, Want());
}

TEST_F(HashFrontTest, StopEndsATurnAndAFinish) {
  for (PieceIndex piece = 0; piece < kPieces; ++piece) Land(piece);
  front_->Finish();
  ASSERT_TRUE(front_->TryTakeTurn());
  EXPECT_TRUE(front_->HashSome(*file_, 1));
  front_->Stop();
  EXPECT_FALSE(front_->HashSome(*file_, 1));
  EXPECT_THAT(*front_->TakeResult(), HasCode(absl::StatusCode::kCancelled));
}

TEST_F(HashFrontTest, AnEmptyFileIsCompleteAtOnce) {
  HashFront front(FileHasher(Kind::kGitSha1, 0), Kind::kGitSha1, 0, {});
  EXPECT_FALSE(front.TryTakeTurn());
  front.Finish();
  EXPECT_EQ((*front.TakeResult())->hex, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
}

}  // namespace
}  // namespace hfget::disk
