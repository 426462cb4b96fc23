#include "daemon/layout/download_metadata.h"

#include "gtest/gtest.h"

namespace hfget::layout {
namespace {

TEST(DownloadMetadata, IsThreeLines) {
  const DownloadMetadata metadata{"c0ffee", "e7a6", absl::FromUnixMillis(1712656091123)};
  EXPECT_EQ(metadata.ToText(), "c0ffee\ne7a6\n1712656091.123000\n");
}

TEST(DownloadMetadata, ReadsTheClientsOwn) {
  const auto read = DownloadMetadata::FromText("c0ffee\ne7a6\n1712656091.1234567\n");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->commit, "c0ffee");
  EXPECT_EQ(read->etag, "e7a6");
  EXPECT_EQ(absl::ToUnixSeconds(read->saved), 1712656091);
}

TEST(DownloadMetadata, RefusesWhatIsNotThat) {
  for (const char* text :
       {"", "a", "a\nb", "a\nb\n", "a\nb\nsoon\n", "a\nb\nnan\n", "a\nb\ninf\n",
        // Beyond all clocks: the file would have counted as unchanged for ever.
        "a\nb\n1e300\n", "a\nb\n-1e300\n", "a\nb\n9223372036854775808\n"}) {
    EXPECT_FALSE(DownloadMetadata::FromText(text).has_value()) << text;
  }
}

TEST(DownloadMetadata, HoldsUntilTheFileChanges) {
  const DownloadMetadata metadata{"", "", absl::FromUnixSeconds(1000)};
  EXPECT_TRUE(metadata.HoldsFor(absl::FromUnixSeconds(900)));
  EXPECT_TRUE(metadata.HoldsFor(absl::FromUnixSeconds(1001))) << "a second is allowed";
  EXPECT_FALSE(metadata.HoldsFor(absl::FromUnixSeconds(1002)));
}

}  // namespace
}  // namespace hfget::layout
