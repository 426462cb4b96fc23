#include "daemon/engine/bench_file.h"

#include "gtest/gtest.h"

namespace hfget::engine {
namespace {

hub::ManifestFile File(ByteCount size, bool lfs) {
  hub::ManifestFile file;
  file.size = size;
  file.hash = ContentHash::FromHex(std::string(lfs ? 64 : 40, 'a'));
  return file;
}

TEST(BenchFile, IsTheSmallestLargeFileThatHasTheSize) {
  const hub::ManifestFile text = File(500, false), small = File(50, true), fits = File(200, true), huge = File(9000, true);
  EXPECT_EQ(BenchFile({&text, &huge, &small, &fits}, 100), &fits);
  EXPECT_EQ(BenchFile({&text, &small}, 100), &small) << "what data hosts serve comes before what is long enough";
  EXPECT_EQ(BenchFile({&small, &fits}, 10000), &fits) << "the largest, when none is long enough";
}

TEST(BenchFile, WithoutLargeFilesIsTheLargest) {
  const hub::ManifestFile a = File(5, false), b = File(7, false), empty = File(0, true);
  EXPECT_EQ(BenchFile({&a, &b, &empty}, 100), &b);
  EXPECT_EQ(BenchFile({&empty}, 100), nullptr);
}

}  // namespace
}  // namespace hfget::engine
