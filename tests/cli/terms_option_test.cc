#include "cli/terms_option.h"

#include "gmock/gmock.h"

namespace hfget::cli {
namespace {

using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

TEST(TermsOptionTest, ADeadlineIsASpanOrATime) {
  EXPECT_EQ(*ParseDeadline("90s", kNow), kNow + absl::Seconds(90));
  EXPECT_EQ(*ParseDeadline("2h30m", kNow), kNow + absl::Minutes(150));
  EXPECT_EQ(*ParseDeadline("2027-01-15T08:00:01Z", kNow), kNow + absl::Seconds(1));
  EXPECT_EQ(*ParseDeadline("2027-01-15T16:00:01+08:00", kNow), kNow + absl::Seconds(1));
  for (const char* text : {"soon", "90", "2027-01-15", "-5s", "0s", "inf x"}) {
    EXPECT_EQ(ParseDeadline(text, kNow).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(TermsOptionTest, ALabelHasAKey) {
  google::protobuf::Map<std::string, std::string> labels;
  EXPECT_TRUE(SetLabels({"team=nlp", "note=a=b", "empty="}, false, &labels).ok());
  EXPECT_EQ(labels.at("note"), "a=b");
  EXPECT_EQ(labels.at("empty"), "");
  EXPECT_FALSE(SetLabels({"bare"}, false, &labels).ok());
  EXPECT_TRUE(SetLabels({"bare"}, true, &labels).ok());
  EXPECT_FALSE(SetLabels({"=x"}, true, &labels).ok());
  EXPECT_THAT(std::string(SetLabels({"team=cv"}, false, &labels).message()), HasSubstr("given twice"));
}

TEST(TermsOptionTest, AllOfThemReachTheRequest) {
  Options options;
  options.pull.priority = 7;
  options.pull.request_id = "job-1";
  options.pull.deadline = "1.5s";
  options.labels = {"a=b"};
  v1::PullRequest request;
  ASSERT_TRUE(SetTerms(options, kNow, &request).ok());
  EXPECT_EQ(request.priority(), 7);
  EXPECT_EQ(request.request_id(), "job-1");
  EXPECT_EQ(request.deadline().seconds(), 1'800'000'001);
  EXPECT_EQ(request.deadline().nanos(), 500'000'000);
  EXPECT_EQ(request.labels().at("a"), "b");
}

}  // namespace
}  // namespace hfget::cli
