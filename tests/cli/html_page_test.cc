#include "cli/html_page.h"

#include "gmock/gmock.h"

namespace hfget::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(HtmlPageTest, EscapesWhatIsMarkupAndWhatMayNotBeShown) {
  EXPECT_EQ(Escaped("<a href=\"x\" b='y'>&"), "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;");
  EXPECT_EQ(Escaped("a\x1b[31m\xff\xe2\x80\xae" "b"), "a?[31m??b");
}

TEST(HtmlPageTest, NothingCanRunOrBeLoaded) {
  EXPECT_THAT(HtmlPage("a <b>", "body"), AllOf(HasSubstr("default-src 'none'"), HasSubstr("<title>a &lt;b&gt;</title>"), HasSubstr("prefers-color-scheme"),
                                               HasSubstr("@media print"), Not(HasSubstr("<script")), Not(HasSubstr("http://")), Not(HasSubstr("@import"))));
}

}  // namespace
}  // namespace hfget::cli
