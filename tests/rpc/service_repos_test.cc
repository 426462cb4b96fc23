// What repos have, and what of it is on this machine.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/rpc/rpc_fixture.h"

namespace hfget::rpc {
namespace {

using ::testing::HasSubstr;

class ServiceReposTest : public RpcFixture {
 protected:
  // What the engine reads: `count` files.
  void SetManifest(int count) {
    auto manifest = std::make_shared<hub::Manifest>();
    for (int i = 0; i < count; ++i) {
      hub::ManifestFile& file = manifest->files.emplace_back();
      file.path = absl::StrCat("f/", i);
      file.size = i;
      file.hash = ContentHash::FromHex(std::string(i % 2 == 0 ? 64 : 40, 'a'));
    }
    engine::ManifestAnswer answer;
    answer.pull = APull("", core::PullState::kDone);
    answer.pull.commit = std::string(40, 'c');
    answer.pull.total_files = count;
    answer.pull.path = "/cache/snapshots/c";
    for (const hub::ManifestFile& file : manifest->files) answer.files.files.push_back(&file);
    answer.files.owners.push_back(std::move(manifest));
    engine_.SetManifest(std::move(answer));
  }
  static engine::PullError NoAccess() {
    engine::PullError error;
    error.cause = core::ErrorCause::kUnauthorized;
    error.message = "org/model is gated: ask for access";
    error.source = "official";
    error.retry_after = absl::Milliseconds(1500);
    return error;
  }
  template <typename Response>
  static std::vector<Response> ReadAll(grpc::ClientReader<Response>& reader) {
    std::vector<Response> all;
    for (Response response; reader.Read(&response);) all.push_back(response);
    return all;
  }
};

TEST_F(ServiceReposTest, AManifestComesInParts) {
  SetManifest(2500);
  v1::GetManifestRequest request;
  request.mutable_pull()->set_repo("org/model@v2");
  grpc::ClientContext context;
  const auto reader = stub().GetManifest(&context, request);
  const auto messages = ReadAll(*reader);
  ASSERT_TRUE(reader->Finish().ok());
  ASSERT_EQ(messages.size(), 4u);
  EXPECT_EQ(messages[0].manifest().commit(), std::string(40, 'c'));
  EXPECT_EQ(messages[0].manifest().total_files(), 2500);
  EXPECT_EQ(messages[0].manifest().path(), "/cache/snapshots/c");
  EXPECT_EQ(messages[0].files_size(), 0);
  EXPECT_EQ(messages[1].files_size(), 1000);
  EXPECT_FALSE(messages[1].has_manifest());
  ASSERT_EQ(messages[3].files_size(), 500);
  EXPECT_EQ(messages[3].files(499).path(), "f/2499");
  EXPECT_EQ(messages[3].files(499).hash_kind(), v1::ManifestFile::HASH_KIND_GIT_SHA1);
  EXPECT_EQ(messages[3].files(498).hash_kind(), v1::ManifestFile::HASH_KIND_SHA256);
  EXPECT_EQ(engine_.read_manifests().at(0).revision, "v2");
}

TEST_F(ServiceReposTest, AnEmptyRepoHasAManifestToo) {
  SetManifest(0);
  v1::GetManifestRequest request;
  request.mutable_pull()->set_repo("org/model");
  grpc::ClientContext context;
  const auto reader = stub().GetManifest(&context, request);
  EXPECT_EQ(ReadAll(*reader).size(), 1u);
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(ServiceReposTest, WhatTheHubSaysAgainstItIsTheEndOfTheCallWithItsDetails) {
  engine_.SetManifestError(NoAccess());
  v1::GetManifestRequest request;
  request.mutable_pull()->set_repo("org/model");
  grpc::ClientContext context;
  const auto reader = stub().GetManifest(&context, request);
  EXPECT_TRUE(ReadAll(*reader).empty());
  const grpc::Status status = reader->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  v1::RichStatus rich;
  v1::Error error;
  ASSERT_TRUE(rich.ParseFromString(status.error_details()));
  ASSERT_TRUE(rich.details(0).UnpackTo(&error));
  EXPECT_EQ(error.cause(), v1::ERROR_CAUSE_UNAUTHORIZED);
  EXPECT_EQ(error.source(), "official");
  EXPECT_EQ(error.retry_after().seconds(), 1);
  EXPECT_EQ(error.retry_after().nanos(), 500000000);
  EXPECT_THAT(error.action(), HasSubstr("token"));
}

TEST_F(ServiceReposTest, ARequestThatCannotBeIsRefusedBeforeTheEngineHearsOfIt) {
  v1::GetManifestRequest request;
  grpc::ClientContext context;
  const auto reader = stub().GetManifest(&context, request);
  EXPECT_TRUE(ReadAll(*reader).empty());
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  v1::VerifyRepoRequest waits;
  waits.mutable_pull()->set_repo("org/model");
  waits.mutable_pull()->set_wait(v1::PullRequest::WAIT_DONE);
  grpc::ClientContext second;
  const auto verify = stub().VerifyRepo(&second, waits);
  EXPECT_TRUE(ReadAll(*verify).empty());
  EXPECT_THAT(verify->Finish().error_message(), HasSubstr("takes no dry_run, wait"));
  waits.mutable_pull()->clear_wait();
  waits.mutable_pull()->set_request_id("job-7");  // whose pull may have ended: a repair would be none
  grpc::ClientContext third;
  const auto named = stub().VerifyRepo(&third, waits);
  EXPECT_TRUE(ReadAll(*named).empty());
  EXPECT_EQ(named->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(engine_.read_manifests().empty());
}

TEST_F(ServiceReposTest, AVerificationTellsVerdictsProgressAndTheSum) {
  SetManifest(3);
  engine::VerifySummary summary;
  summary.good = 2;
  summary.bad = 1;
  summary.checked = 99;
  summary.repair = APull("r1");
  engine_.SetVerification(engine::FileVerdict::Verdict::kCorrupt, summary);
  v1::VerifyRepoRequest request;
  request.mutable_pull()->set_repo("org/model");
  request.mutable_pull()->set_priority(3);
  request.set_repair(true);
  grpc::ClientContext context;
  const auto reader = stub().VerifyRepo(&context, request);
  const auto messages = ReadAll(*reader);
  ASSERT_TRUE(reader->Finish().ok());
  ASSERT_EQ(messages.size(), 4u);
  EXPECT_EQ(messages[0].manifest().repo(), "org/model");
  EXPECT_EQ(messages[1].verdicts_size(), 3);
  EXPECT_EQ(messages[1].verdicts(2).verdict(), v1::FileVerdict::VERDICT_CORRUPT);
  EXPECT_EQ(messages[1].verdicts(2).path(), "f/2");
  EXPECT_EQ(messages[2].progress().rate_bytes_per_sec(), 7);
  EXPECT_EQ(messages[3].summary().bad_files(), 1);
  EXPECT_EQ(messages[3].summary().repair().id(), "r1");
  EXPECT_EQ(engine_.read_manifests().at(0).terms.priority, 3);
}

}  // namespace
}  // namespace hfget::rpc
