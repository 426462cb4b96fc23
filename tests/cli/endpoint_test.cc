#include "cli/endpoint.h"

#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cli/temp_folder.h"

namespace hfget::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

absl::StatusOr<Endpoint> Find(const Options& options, std::map<std::string, std::string> env = {}) {
  return FindEndpoint(options, Environment(std::move(env)), "/w");
}

Options At(const std::string& address) {
  Options options;
  options.address = address;
  return options;
}

TEST(EndpointTest, WithoutAnAddressItIsTheSocket) {
  EXPECT_EQ(Find({})->address, "");
  EXPECT_EQ(Find({}, {{"HFGET_API_TOKEN_FILE", "/t"}})->token_file, "");
}

TEST(EndpointTest, FlagsGoBeforeVariables) {
  const std::map<std::string, std::string> env = {{"HFGET_ADDRESS", "node1:1"}, {"HFGET_API_TOKEN_FILE", "/t"}, {"HFGET_CA", "ca"}};
  EXPECT_EQ(Find({}, env)->address, "node1:1");
  EXPECT_EQ(Find({}, env)->token_file, "/t");
  EXPECT_EQ(Find({}, env)->ca_file, "/w/ca");
  EXPECT_EQ(Find(At("node2:2"), env)->address, "node2:2");
  Options options;
  options.socket = "/s";
  EXPECT_EQ(Find(options, env)->address, "");  // it was named for this command
}

TEST(EndpointTest, WhatCannotBeMeantIsRefused) {
  Options both = At("node:1");
  both.socket = "/s";
  EXPECT_THAT(std::string(Find(both).status().message()), HasSubstr("one of them only"));
  Options half = At("node:1");
  half.cert = "/c";
  EXPECT_THAT(std::string(Find(half).status().message()), HasSubstr("belong together"));
  for (const std::string bad : {"node", "node:", ":1", "node:0", "node:x", "node:70000", "::1:7"}) {
    EXPECT_THAT(std::string(Find(At(bad)).status().message()), HasSubstr("HOST:PORT")) << bad;
  }
  EXPECT_TRUE(Find(At("[::1]:7")).ok());
}

TEST(EndpointTest, AFileThatCannotBeReadIsNamedAndNotShown) {
  testing::TempFolder folder;
  Endpoint endpoint;
  endpoint.address = "node:1";
  endpoint.token_file = folder.path() + "/gone";
  EXPECT_THAT(std::string(OpenEndpoint(endpoint).status().message()), AllOf(HasSubstr("--api-token-file"), HasSubstr("gone")));
  endpoint.token_file = folder.path() + "/words";
  std::ofstream(endpoint.token_file) << "two words-of-a-secret";
  EXPECT_THAT(std::string(OpenEndpoint(endpoint).status().message()), Not(HasSubstr("words-of")));
  std::ofstream(endpoint.token_file, std::ios::trunc) << "one-word\n";
  EXPECT_EQ(OpenEndpoint(endpoint)->token, "one-word");
  endpoint.ca_file = folder.path() + "/no-ca";
  EXPECT_THAT(std::string(OpenEndpoint(endpoint).status().message()), HasSubstr("--ca"));
}

}  // namespace
}  // namespace hfget::cli
