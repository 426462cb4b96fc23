#include "daemon/base/log.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fakes/status_matchers.h"

namespace hfget {
namespace {

using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusIs;

TEST(LoggableUrlTest, HasNoQueryAndNoFragment) {
  EXPECT_EQ(LoggableUrl("https://h/p/f?X-Amz-Signature=abc#x"), "https://h/p/f");
  EXPECT_EQ(LoggableUrl("https://h/p#frag?x"), "https://h/p");
  EXPECT_EQ(LoggableUrl("https://h?x=1"), "https://h");
  EXPECT_EQ(LoggableUrl("/path?secret"), "/path");
}

TEST(LoggableUrlTest, HasNoUserInfo) {
  EXPECT_EQ(LoggableUrl("https://user:pw@h:8443/p"), "https://h:8443/p");
  EXPECT_EQ(LoggableUrl("https://user@h"), "https://h");
  EXPECT_EQ(LoggableUrl("https://a@b:c@h/p"), "https://h/p");
}

TEST(LoggableUrlTest, LeavesTheRestAsItIs) {
  EXPECT_EQ(LoggableUrl("https://h:1/a@b/c"), "https://h:1/a@b/c");
  EXPECT_EQ(LoggableUrl("http://[::1]:80/"), "http://[::1]:80/");
  EXPECT_EQ(LoggableUrl(""), "");
  EXPECT_EQ(LoggableUrl("://"), "://");
  EXPECT_EQ(LoggableUrl("http://"), "http://");
}

TEST(StartLoggingTest, RefusesAnUnknownLevel) {
  EXPECT_THAT(StartLogging({.file = "", .level = "loud"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("loud")));
}

TEST(StartLoggingTest, RefusesAFileThatCannotBeMade) {
  EXPECT_THAT(StartLogging({.file = "/proc/nowhere/log"}),
              HasCode(absl::StatusCode::kFailedPrecondition));
}

TEST(StartLoggingTest, WritesLinesOfTheLevelAndAbove) {
  const std::shared_ptr<spdlog::logger> before = spdlog::default_logger();
  std::string folder = (std::filesystem::temp_directory_path() / "hfget-log-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  ASSERT_OK(StartLogging({.file = folder + "/d.log", .level = "info"}));
  spdlog::debug("too quiet");
  spdlog::info("heard source={}", "official");
  std::ifstream in(folder + "/d.log");
  const std::string text(std::istreambuf_iterator<char>(in), {});
  EXPECT_THAT(text, HasSubstr(" I heard source=official\n"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("quiet")));
  spdlog::set_default_logger(before);
  std::filesystem::remove_all(folder);
}

TEST(StartLoggingTest, TheJournalGetsPrioritiesAndNoTime) {
  const std::shared_ptr<spdlog::logger> before = spdlog::default_logger();
  ::testing::internal::CaptureStderr();
  ASSERT_OK(StartLogging({.file = "", .level = "trace", .journal = true}));
  spdlog::trace("t");
  spdlog::debug("d");
  spdlog::info("i");
  spdlog::warn("w");
  spdlog::error("e");
  spdlog::critical("c");
  spdlog::default_logger()->flush();
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "<7>t\n<7>d\n<6>i\n<4>w\n<3>e\n<2>c\n");
  spdlog::set_default_logger(before);
}

}  // namespace
}  // namespace hfget
