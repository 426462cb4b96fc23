// What libcurl's codes and words mean to us.
#ifndef HFGET_DAEMON_NET_CURL_ERROR_H_
#define HFGET_DAEMON_NET_CURL_ERROR_H_

#include <curl/curl.h>

#include <string>

#include "absl/strings/string_view.h"
#include "daemon/net/http.h"

namespace hfget::net {

// REQUIRES: the URL's scheme was http or https, so that "unsupported protocol" can only be about
// the answer.
NetError NetErrorOf(CURLcode code);

// `text` for a log and for people: URLs lose query and user info; control characters become spaces and what is not ASCII
// question marks, since a server may have sent it (names in certificates), in no known encoding.
std::string LoggableDetail(absl::string_view text);

}  // namespace hfget::net

#endif  // HFGET_DAEMON_NET_CURL_ERROR_H_
