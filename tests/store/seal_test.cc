#include "daemon/store/seal.h"

#include <fstream>

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
  ASSERT_OK(WriteSeal(env_, folder_, {42, 0}));
  EXPECT_EQ(Read().sequence, 42u);
  EXPECT_EQ(Read().log, 0u);
  ASSERT_OK(WriteSeal(env_, folder_, {43, 7}));
  EXPECT_EQ(Read().sequence, 43u);
  EXPECT_EQ(Read().log, 7u);
}

TEST_F(SealTest, ADamagedSealSaysNothing) {
  EXPECT_EQ(Read().sequence, 0u);
  for (const char* text :
       {"", "42 7 42 8\n", "42 7 43 7\n", "x 7 x 7\n", "42 7 42 7", "-1 7 -1 7\n", "42 7\n"}) {
    Write(text);
    EXPECT_EQ(Read().sequence, 0u) << text;
    EXPECT_EQ(Read().log, 0u) << text;
  }
}

}  // namespace
}  // namespace hfget::store
