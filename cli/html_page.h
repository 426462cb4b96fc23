// The frame and the look of a page that needs nothing else: light and dark, narrow and wide, on paper. Pure.
#ifndef HFGET_CLI_HTML_PAGE_H_
#define HFGET_CLI_HTML_PAGE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace hfget::cli {

// `text` as it may stand in an element or in a quoted attribute; what no terminal may show, no page shows either.
std::string Escaped(absl::string_view text);

// `body`: HTML. `title`: text. Nothing on it can run a script or load anything, whatever the body holds.
std::string HtmlPage(absl::string_view title, absl::string_view body);

}  // namespace hfget::cli

#endif  // HFGET_CLI_HTML_PAGE_H_
