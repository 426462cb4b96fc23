#include "daemon/store/seal.h"

#include <fstream>

#include "daemon/store/promise_mark.h"
#include "tests/store/store_fixture.h"

namespace hfget::store {
namespace {

using testing::IsOk;

class SealTest : public StoreTest {
 protected:
  Seal Read() { return ReadSeal(env_, folder_); }
  void Write(const std::string& text) { std::ofstream(folder_ + "/SEAL") << text; }

  rocksdb::Env* const env_ = rocksdb::Env::Default();
};

TEST_F(SealTest, ReadsWhatWasWritten) {
  ASSERT_OK(WriteSeal(env_, folder_, {42, 0, {}}));
  EXPECT_EQ(Read().sequence, 42u);
  EXPECT_EQ(Read().log, 0u);
  ASSERT_OK(WriteSeal(env_, folder_, {43, 7, {5, 600, 70000}}));
  EXPECT_EQ(Read().sequence, 43u);
  EXPECT_EQ(Read().log, 7u);
  EXPECT_EQ(Read().manifest.number, 5u);
  EXPECT_EQ(Read().manifest.bytes, 600u);
  EXPECT_EQ(Read().manifest.hash, 70000u);
}

TEST_F(SealTest, OneOfAnEarlierHfgetdIsRead) {
  Write("42 7 42 7\n");
  EXPECT_EQ(Read().sequence, 42u);
  EXPECT_EQ(Read().log, 7u);
  EXPECT_EQ(Read().manifest.number, 0u);
}

TEST_F(SealTest, ADamagedSealSaysNothing) {
  EXPECT_EQ(Read().sequence, 0u);
  for (const char* text :
       {"", "42 7 42 8\n", "42 7 43 7\n", "x 7 x 7\n", "42 7 42 7", "-1 7 -1 7\n", "42 7\n",
        "42 7 1 2 3 42 7 1 2 4\n", "42 7 1 2 3 42 7 1 2 3", "42 7 1 2 3\n",
        "42 7 1 2 42 7 1 2\n"}) {
    Write(text);
    EXPECT_EQ(Read().sequence, 0u) << text;
    EXPECT_EQ(Read().log, 0u) << text;
    EXPECT_EQ(Read().manifest.number, 0u) << text;
  }
}

TEST_F(SealTest, AManifestIsMarkedByItsBeginning) {
  const auto write = [this](const std::string& t) {
    std::ofstream(folder_ + "/MANIFEST-000005") << t;
  };
  write("abcdef");
  const absl::StatusOr<ManifestMark> mark = MarkManifest(env_, folder_, 5, 4);
  ASSERT_OK(mark);
  write("abcdXYZ");
  EXPECT_EQ(MarkManifest(env_, folder_, 5, 4)->hash, mark->hash);
  write("abcX");
  EXPECT_NE(MarkManifest(env_, folder_, 5, 4)->hash, mark->hash);
  write("abc");
  EXPECT_TRUE(absl::IsDataLoss(MarkManifest(env_, folder_, 5, 4).status()));
  EXPECT_TRUE(absl::IsDataLoss(MarkManifest(env_, folder_, 6, 4).status()));
}

TEST_F(SealTest, APromiseIsReadAsItWasMoved) {
  EXPECT_EQ(PromiseMark::Read(env_, folder_), 0u);
  const absl::StatusOr<std::unique_ptr<PromiseMark>> mark = PromiseMark::Make(env_, folder_, 7);
  ASSERT_OK(mark);
  EXPECT_EQ(PromiseMark::Read(env_, folder_), 7u);
  ASSERT_OK((*mark)->Move(12345678901));
  EXPECT_EQ(PromiseMark::Read(env_, folder_), 12345678901u);
  const std::string file = folder_ + "/PROMISED";
  for (const int at : {0, 19, 20, 25, 41}) {
    std::fstream(file, std::ios::in | std::ios::out | std::ios::binary).seekp(at) << 'x';
    EXPECT_EQ(PromiseMark::Read(env_, folder_), 0u) << at;
    ASSERT_OK((*mark)->Move(9));
  }
  std::filesystem::resize_file(file, 30);
  EXPECT_EQ(PromiseMark::Read(env_, folder_), 0u);
}

}  // namespace
}  // namespace hfget::store
