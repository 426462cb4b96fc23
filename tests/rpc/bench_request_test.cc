#include "daemon/rpc/bench_request.h"

#include <functional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(BenchRequest, NothingSaidIsTheDefault) {
  const auto spec = ToSpec(v1::BenchSourcesRequest());
  ASSERT_OK(spec);
  EXPECT_FALSE(spec->repo.has_value());
  EXPECT_EQ(spec->sample_bytes, 64 * kMiB);
  EXPECT_EQ(spec->total_bytes, 512 * kMiB);
  EXPECT_EQ(spec->rounds, 3);
  EXPECT_THAT(spec->connections, ElementsAre(1, 2, 4, 8));
}

TEST(BenchRequest, RepoRevisionAndFileMayStandInOneText) {
  v1::BenchSourcesRequest request;
  request.set_repo("hf://org/model@v2/weights/a.bin");
  const auto spec = ToSpec(request);
  ASSERT_OK(spec);
  EXPECT_EQ(spec->repo->name, "org/model");
  EXPECT_EQ(spec->revision, "v2");
  EXPECT_EQ(spec->file, "weights/a.bin");
}

TEST(BenchRequest, ConnectionsAreMeasuredInTheirOrder) {
  v1::BenchSourcesRequest request;
  for (const int n : {8, 1, 3}) request.add_connections(n);
  EXPECT_THAT(ToSpec(request)->connections, ElementsAre(1, 3, 8));
}

TEST(BenchRequest, WhatCannotBeIsRefusedWithTheRule) {
  struct Row {
    std::function<void(v1::BenchSourcesRequest&)> spoil;
    const char* words;
  };
  const Row rows[] = {
      {[](auto& r) { r.set_size_bytes(-1); }, "64 KiB is the least"},
      {[](auto& r) { r.set_max_bytes(1000); }, "64 KiB is the least"},
      {[](auto& r) { r.add_connections(0); }, "1 to 64"},
      {[](auto& r) { r.add_connections(65); }, "1 to 64"},
      {[](auto& r) { r.add_connections(2), r.add_connections(2); }, "given twice"},
      {[](auto& r) { r.set_rounds(101); }, "1 to 100"},
      {[](auto& r) { r.mutable_sample_duration()->set_nanos(5); }, "1 s to 10 min"},
      {[](auto& r) { r.set_file("f"); }, "no repo"},
      {[](auto& r) { r.set_repo("org/m"), r.set_file("*.bin"); }, "not the name of one file"},
      {[](auto& r) { r.set_repo("hf://org/m/a.bin"), r.set_file("b.bin"); }, "two files"},
      {[](auto& r) { r.set_repo("a b"); }, "a b"},
      {[](auto& r) { r.set_token("a b"); }, "token"},
  };
  for (const Row& row : rows) {
    v1::BenchSourcesRequest request;
    row.spoil(request);
    EXPECT_THAT(std::string(ToSpec(request).status().message()), HasSubstr(row.words));
  }
}

}  // namespace
}  // namespace hfget::rpc
